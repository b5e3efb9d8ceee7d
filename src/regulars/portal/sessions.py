"""Browsers in which a member is signed in. Of the cookie's token only the hash is stored."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils import timezone
from django_scopes import scope

from regulars.members.models import Member
from regulars.portal import sso
from regulars.portal.models import Account, Session
from regulars.promotions import occasions as promotions
from regulars.rules import occasions
from regulars.rules.errors import NotFound, Suspended

LASTS: Final = dt.timedelta(days=30)
# How exactly "last seen" is kept: a write for every page would be too dear.
_SEEN_STEP: Final = dt.timedelta(hours=1)
# Who signs in once more than this many times loses the oldest session.
MOST: Final = 50
_DEVICE: Final = 60


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A member and the session of the browser that asks."""

    session: Session
    member: Member


def begin(
    *,
    business_id: int,
    member_id: int,
    how: str,
    device: str = "",
    replaces: str = "",
    credential: str = "",
) -> str:
    """Sign a member in; the result is the cookie's token, known to nobody else.

    `how` is one of `Session.How`. What the same browser had before (`replaces`, its token) ends. A session
    that a shop's website began lasts no longer than the `credential` (of `sso.Brought`) it signed with. The
    first time, ever, gives what promotions and vouchers give for it.

    Raises:
        NotFound: the business has no such member.
        Suspended: the member is suspended.
    """
    now = timezone.now()
    token = secrets.token_urlsafe(32)
    with transaction.atomic(), scope(business=business_id):
        member = Member.objects.filter(pk=member_id).first()
        if member is None:
            raise NotFound(f"There is no customer {member_id}.")
        if member.suspended:
            raise Suspended("This customer is suspended and can neither collect nor redeem.")
        Session.objects.filter(token_hash=_hash(replaces)).delete()
        Session.objects.create(
            business_id=business_id,
            member_id=member_id,
            token_hash=_hash(token),
            how=how,
            device=device[:_DEVICE],
            credential=credential,
            created_at=now,
            last_seen_at=now,
            expires_at=now + LASTS,
        )
        _make_room(member_id)
        _note_login(business_id, member_id, now)
    return token


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _make_room(member_id: int) -> None:
    newest = Session.objects.filter(member_id=member_id).order_by("-id").values_list("pk", flat=True)
    oldest_kept = newest[MOST - 1 : MOST]
    for pk in oldest_kept:
        Session.objects.filter(member_id=member_id, pk__lt=pk).delete()


def _note_login(business_id: int, member_id: int, now: dt.datetime) -> None:
    account, _ = Account.objects.get_or_create(member_id=member_id, defaults={"business_id": business_id})
    Account.objects.filter(pk=account.pk).update(last_login_at=now)
    if Account.objects.filter(pk=account.pk, first_login_at=None).update(first_login_at=now):
        promotions.happened(
            business_id=business_id,
            member_id=member_id,
            event=occasions.FIRST_LOGIN,
            occasion=occasions.FIRST_LOGIN_OCCASION,
            at=now,
        )


def find(*, business_id: int, token: str) -> SignedIn | None:
    """Who is signed in with a token at this business; None for nobody, or nobody any more.

    Whoever was suspended or erased meanwhile is not, nor who came by a key or secret that was revoked since.
    """
    now = timezone.now()
    with scope(business=business_id):
        rows = Session.objects.select_related("member__business__program", "member__group")
        session = rows.filter(token_hash=_hash(token), expires_at__gt=now).first() if token else None
        if session is None or session.member.suspended:
            return None
        credential = session.credential
        if credential and not sso.is_in_force(business_id=business_id, credential=credential):
            session.delete()
            return None
        if now - session.last_seen_at > _SEEN_STEP:
            Session.objects.filter(pk=session.pk).update(last_seen_at=now)
    return SignedIn(session, session.member)


def end(*, business_id: int, token: str) -> None:
    """Sign out the browser that has a token."""
    with scope(business=business_id):
        Session.objects.filter(token_hash=_hash(token)).delete()


def end_one(*, business_id: int, member_id: int, session_id: int) -> None:
    """Sign one browser of a member out.

    Raises:
        NotFound: the member has no such session.
    """
    with scope(business=business_id):
        if not Session.objects.filter(pk=session_id, member_id=member_id).delete()[0]:
            raise NotFound("This session has ended already.")


def end_all(*, business_id: int, member_id: int, but: int | None = None) -> int:
    """Sign a member out everywhere, but for one session; how many ended."""
    with scope(business=business_id):
        rows = Session.objects.filter(member_id=member_id)
        return (rows if but is None else rows.exclude(pk=but)).delete()[0]


def active(*, business_id: int, member_id: int) -> list[Session]:
    """Where a member is signed in, the last seen first."""
    with scope(business=business_id):
        rows = Session.objects.filter(member_id=member_id, expires_at__gt=timezone.now())
        return list(rows.order_by("-last_seen_at", "-id"))
