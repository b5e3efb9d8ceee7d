"""Tries to sign in with a password, counted together wherever one is asked for (docs/decisions/0024)."""

from __future__ import annotations

from typing import Final

from regulars.tenants import ratelimit

# Tries for one person from one address, and from anywhere, in so many seconds. The second is larger, so that
# a stranger does not easily keep somebody out.
PERSON: Final = 5
ANYWHERE: Final = 60
PERSON_IN: Final = 60
# What is sent in a minute from one address to pages where secrets are guessed, and what it is counted under.
NETWORK: Final = 20
NETWORK_NAME: Final = "sign in"


def of_person(email: str, *, source: str) -> ratelimit.Allowance:
    """Count a try to sign in as somebody from an address; it is not allowed when there were too many."""
    email = email.strip().lower()
    near = ratelimit.take(f"sign in:{email} from:{source}", PERSON, window=PERSON_IN)
    return ratelimit.take(f"sign in as:{email}", ANYWHERE, window=PERSON_IN) if near.allowed else near
