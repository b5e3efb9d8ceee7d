"""How members sign in at the micro-site by themselves, and what they change of their own."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final, cast

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django_scopes import scope

from regulars.members import actions as members
from regulars.members import phones, queries
from regulars.members.models import Member
from regulars.portal import links, sessions
from regulars.portal.joining_form import check_birthday, check_name
from regulars.portal.models import Account, Session
from regulars.rules.errors import InvalidInput, Refusal, TooManyRequests
from regulars.tenants import ratelimit
from regulars.tenants.checks import check_email
from regulars.tenants.models import Business

# Passwords tried in a minute for one contact as typed, whoever has it, and for one member by all contacts.
TRIES_A_MINUTE: Final = 5
# Phone numbers tried in a day by one member, and from one address: each tells whether somebody else has it.
NUMBERS_A_DAY: Final = 5
NUMBERS_A_DAY_FROM_ADDRESS: Final = 20
# For so long after signing in by a mailed link nobody is asked for the old password.
FRESH: Final = dt.timedelta(minutes=10)
MAX_PASSWORD: Final = 1000
_LONGEST_CONTACT: Final = 254
_NOBODY: Final = 0
# What members change by themselves; an e-mail address needs a link, and codes are the shop's.
OWN_FIELDS: Final = (
    "name",
    "phone",
    "birthday",
    "street_address",
    "street_suburb",
    "street_city",
    "street_zipcode",
    "street_state",
    "language",
)


class WrongPassword(Refusal):
    """Nobody with this contact has this password."""

    code = "wrong_password"


class NeedsProof(Refusal):
    """Signed in long ago, or by the shop's website: a mailed link must come first."""

    code = "needs_proof"


class SameAddress(InvalidInput):
    """The new address is the one that they have."""


def sign_in(*, business: Business, contact: str, password: str) -> int:
    """The id of the member with this e-mail address or phone, and this password.

    Whether there is such a member, and whether they have a password, shows neither in the answer nor in how
    long it takes.

    Raises:
        WrongPassword: nobody, or another password.
        TooManyRequests: too many were tried for this contact; wait a minute.
    """
    try:
        wanted = links.check_contact(contact, country=business.country)
    except InvalidInput:
        wanted = ""
    typed = wanted or contact.strip().lower()[:_LONGEST_CONTACT]
    _take(f"member-password:{business.pk}:{typed}", TRIES_A_MINUTE)
    # For nobody the same steps are gone as for somebody.
    found = queries.find_by_contact(business_id=business.pk, contact=wanted) if wanted else None
    member_id = found or _NOBODY
    # Silently: that two contacts are one member's must not show by one of them using up the other's tries.
    tries_left = ratelimit.take(_tries_of(business, member_id), TRIES_A_MINUTE).allowed
    stored = _stored_password(business, member_id)
    if not stored or not tries_left or len(password) > MAX_PASSWORD:
        make_password(password[:MAX_PASSWORD])  # as much work as checking one
    elif check_password(password, stored):
        return member_id
    raise WrongPassword("The e-mail address, phone number or password is not right.")


def _tries_of(business: Business, member_id: int) -> str:
    return f"member-password:{business.pk}:member {member_id}"


def _take(subject: str, limit: int, *, window: int = ratelimit.WINDOW_SECONDS) -> None:
    allowance = ratelimit.take(subject, limit, window=window)
    if not allowance.allowed:
        told = "Wait a minute." if window == ratelimit.WINDOW_SECONDS else "Try again tomorrow."
        raise TooManyRequests(f"Too many tries. {told}", retry_after=allowance.retry_after)


def _stored_password(business: Business, member_id: int) -> str:
    with scope(business=business):
        found = Account.objects.filter(member_id=member_id).values_list("password", flat=True).first()
    return found or ""


def has_password(*, business: Business, member_id: int) -> bool:
    """Whether a member has a password of their own."""
    return bool(_stored_password(business, member_id))


def is_fresh(session: Session) -> bool:
    """Whether somebody has just proved, by a mailed link, that the mailbox is theirs."""
    return session.how == Session.How.LINK and timezone.now() - session.created_at < FRESH


def check_proof(*, business: Business, session: Session, current: str = "") -> None:
    """Let only the member themselves change with what they sign in, not whoever found a session open.

    Raises:
        NeedsProof: they have no password, and did not come by a mailed link just now.
        WrongPassword: `current` is not their password.
        TooManyRequests: too many were tried; wait a minute.
    """
    if is_fresh(session):
        return
    stored = _stored_password(business, session.member_id)
    if not stored:
        raise NeedsProof("Sign in with a mailed link first.")
    _take(_tries_of(business, session.member_id), TRIES_A_MINUTE)
    if len(current) > MAX_PASSWORD or not check_password(current, stored):
        raise WrongPassword("This is not your password.", fields={"current": "is not your password"})


def change_email(*, business: Business, session: Session, address: str, current: str = "") -> None:
    """Send a link to a new address of the member of a session; theirs changes when its button is pressed.

    Whoever has the address is sent links for signing in, so a session that the shop's website began, or that
    somebody left open, is not enough.

    Raises:
        NeedsProof, WrongPassword: as `check_proof` says.
        InvalidInput: the address is unusable, or theirs already; `email` is named.
        TooManyRequests: several links were sent lately; wait some minutes.
    """
    check_proof(business=business, session=session, current=current)
    new = check_email(address, field="email")
    if new and new == session.member.email:
        raise SameAddress("This is your address already.", fields={"email": "is yours already"})
    ids = {"business_id": business.pk, "member_id": session.member_id}
    if links.has_enough(**ids, purpose=links.Purpose.CHANGE_EMAIL):
        seconds = int(links.PAUSE.total_seconds())
        raise TooManyRequests("Several links were sent. Wait ten minutes.", retry_after=seconds)
    links.request_email_change(**ids, address=address, session_id=session.pk)


def set_password(*, business: Business, session: Session, password: str, current: str = "") -> None:
    """Give the member of a session a new password. They are signed out everywhere else.

    Raises:
        NeedsProof: they have no password yet, and did not come by a mailed link just now.
        WrongPassword: `current` is not their password.
        TooManyRequests: too many were tried; wait a minute.
        InvalidInput: the new one is too short, too common or too much like them; `password` is named.
    """
    member_id = session.member_id
    check_proof(business=business, session=session, current=current)
    _check_new(password, session.member)
    hashed = make_password(password)
    with transaction.atomic(), scope(business=business):
        Account.objects.update_or_create(
            member_id=member_id,
            defaults={"password": hashed},
            create_defaults={"business": business, "password": hashed},
        )
        sessions.end_all(business_id=business.pk, member_id=member_id, but=session.pk)


def take_back(*, business_id: int, member_id: int) -> None:
    """End all that lets somebody in as this member: sessions, the password, links to other addresses."""
    with scope(business=business_id):
        Account.objects.filter(member_id=member_id).update(password="")
        links.end_changes(member_id)
        sessions.end_all(business_id=business_id, member_id=member_id)


def _check_new(password: str, member: Member) -> None:
    if len(password) > MAX_PASSWORD:
        raise InvalidInput.at("password", f"must have at most {MAX_PASSWORD} characters")
    try:
        # It looks at names and e-mail alone, which members have like everybody who signs in.
        validate_password(password, cast("Any", member))
    except ValidationError as error:
        told = " ".join(error.messages)
        raise InvalidInput(told, fields={"password": told}) from error


def change_profile(*, business: Business, session: Session, address: str, **changes: Any) -> Member:
    """Change what a member may change by themselves (`OWN_FIELDS`); what is not named stays.

    `address` is where the request came from, for limits.

    Raises:
        InvalidInput: a value is unusable, or is not theirs to change; the field is named. So is the phone
            when it would be erased and there is no e-mail address.
        NeedsProof: links for signing in go to this phone, and nothing but a session says who asks.
        NotFound: the business has no such member.
        AlreadyEnrolled: another member has this phone number.
        TooManyRequests: too many numbers were tried today.
    """
    foreign = changes.keys() - set(OWN_FIELDS)
    if foreign:
        raise InvalidInput.at(min(foreign), "cannot be changed here")
    member = queries.member_by_id(business_id=business.pk, member_id=session.member_id)
    # What the shop entered stays as it is.
    if "name" in changes and changes["name"].strip() != member.name:
        changes["name"] = check_name(changes["name"])
    if "birthday" in changes and changes["birthday"] != member.date_of_birth:
        changes["birthday"] = check_birthday(business, changes["birthday"])
    if "phone" in changes:
        phone = phones.normalise(changes["phone"], country=business.country, field="phone")
        if phone == member.cell:
            del changes["phone"]
        else:
            _check_phone(business, session, member, phone, address)
    return members.edit_member(
        business_id=business.pk, pk=member.pk, unique_contact="phone" in changes, **changes
    )


def _check_phone(business: Business, session: Session, member: Member, phone: str, address: str) -> None:
    """Refuse a phone, or having none, as `change_profile` says."""
    if not member.email and links.reach_phones() and not is_fresh(session):
        raise NeedsProof("Sign in with a mailed link first.")
    if not phone and not member.email:
        raise InvalidInput.at("phone", "is needed while there is no e-mail address")
    if phone:
        of_day = {"window": ratelimit.DAY_SECONDS}
        _take(f"member-phone:{business.pk}:{member.pk}", NUMBERS_A_DAY, **of_day)
        _take(f"member-phone-from:{address}", NUMBERS_A_DAY_FROM_ADDRESS, **of_day)
