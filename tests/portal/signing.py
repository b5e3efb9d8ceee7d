"""How a shop's website signs, written down once more from its description alone."""

from __future__ import annotations

import hashlib
import hmac
import time
from urllib.parse import urlencode

from regulars.portal import sso_secrets
from regulars.tenants import legacy_sso
from tests.factories import Shop

NONCE = "0123456789abcdef"


def switched_on(shop: Shop) -> Shop:
    """The shop, whose key signs members in as the seed describes it."""
    legacy_sso.switch_on(business=shop.business, key=shop.api_key)
    return shop


def new_secret(shop: Shop) -> str:
    return sso_secrets.create_secret(business=shop.business)[1]


def seed_token(hour: str, sso: str, api_key: str) -> str:
    """MD5 hashing ( GMT-date(YYYYMMDDHH) + the member code or email + your api_key)."""
    return hashlib.md5((hour + sso + api_key).encode()).hexdigest()  # noqa: S324 - the seed's


def signed(secret: str, *lines: str) -> str:
    return hmac.new(secret.encode(), "\n".join(lines).encode(), hashlib.sha256).hexdigest()


def token2_query(secret: str, sso: str, *, lasts: float = 300, nonce: str = NONCE) -> str:
    expires = str(int(time.time() + lasts))
    token2 = signed(secret, "sso", sso, expires, nonce)
    return urlencode({"sso": sso, "expires": expires, "nonce": nonce, "token2": token2})


def balance_query(secret: str, sso: str, *, lasts: float = 3600) -> str:
    expires = str(int(time.time() + lasts))
    return urlencode({"sso": sso, "expires": expires, "token": signed(secret, "balance", sso, expires)})
