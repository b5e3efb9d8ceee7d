"""Becoming a member on a page of the shop's, without anybody of the shop looking.

Whoever types somebody else's phone or e-mail must not learn that it is a member's. So everybody who joins
gets a card, by the same steps, and sees the same: with the contact of a member it is a second code (an alias)
that shows nothing until that member says, by a link sent to them or at the counter, that it is theirs. Both
ways do the same work in the database; what is of no use is taken back in the same transaction.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django_scopes import scope

from regulars.ledger import actions as ledger
from regulars.ledger.models import Card
from regulars.members import actions as members
from regulars.members import aliases, blank_cards, consents
from regulars.members.models import Member
from regulars.members.queries import by_contact_ever
from regulars.messages.texts import is_enabled
from regulars.portal import links
from regulars.portal.joining_form import Form, clean
from regulars.portal.links import Purpose
from regulars.portal.models import OneTimeLink, UsedToken
from regulars.rules import codes
from regulars.rules.errors import Conflict, InvalidInput, NotFound, Refusal
from regulars.tenants.microsites import microsite
from regulars.tenants.models import Business, Microsite

SOURCE: Final = "join"
# For so long a form that is sent again with the same printed card is known.
KEEP_FORMS: Final = dt.timedelta(days=1)
_MAX_TOKEN: Final = 200
# Of the members who share a contact, so many are looked at for the one to be asked.
_MOST_KNOWN: Final = 20


class JoiningClosed(Refusal):
    """The business lets nobody join by themselves."""

    code = "joining_closed"


@dataclass(frozen=True, slots=True)
class Joined:
    """The card of whoever joined: theirs from now on, or a code that its member must confirm."""

    qr_code: str


class _Undone(Exception):  # noqa: N818 - an outcome, not an error
    """What was done in this part of the transaction is to be taken back."""


class _Known(_Undone):
    """The contact is that of a member."""

    def __init__(self, member: Member) -> None:
        super().__init__()
        self.member = member


def join(
    *,
    business: Business,
    name: str,
    phone: str = "",
    email: str = "",
    birthday: dt.date | None = None,
    consents: Mapping[str, str],
    language: str = "",
    token: str = "",
    blank_code: str = "",
) -> Joined:
    """Give somebody a card: as a new member, or as one who is known by this phone or e-mail already.

    `consents` are the words that they agreed to, by purpose: "programme" always, "email" and "text" when they
    want offers so; without these they get none. `token` is drawn for one form (`new_token`): what is sent
    twice from it joins once. `blank_code` is the code of a printed card in their hands.

    Raises:
        InvalidInput: values are unusable; all of them are named.
        JoiningClosed: the business lets nobody join by themselves.
        PlanLimit: the plan allows no more members.
        NotFound: the business printed no such card.
        Conflict: somebody has the printed card, or had it.
    """
    site = microsite(business.pk)
    if not site.join_open:
        raise JoiningClosed(f"{business.name} lets nobody join by themselves.")
    if not consents.get("programme", "").strip():
        raise InvalidInput.at("programme", "must be agreed to")
    form = clean(business, site, name=name, phone=phone, email=email, birthday=birthday)
    if blank_code and not codes.is_qr_code(blank_code):
        raise NotFound("There is no such printed card.", fields={"qr_code": "is unknown"})
    qr_code = blank_code or _code(business, form, token)
    said = _said(business, form, token, blank_code)
    new = _Joining(business, site, form, dict(consents), language, qr_code, said)
    if _was_sent(new):
        return Joined(qr_code)
    try:
        with transaction.atomic(), scope(business=business):
            _join(new)
    except (Conflict, IntegrityError):
        # The same form was sent twice at once, and the other one was faster.
        if not _was_sent(new):
            raise
    return Joined(qr_code)


def check(
    *, business: Business, name: str, phone: str = "", email: str = "", birthday: dt.date | None = None
) -> None:
    """Look at what somebody filled in, as `join` does.

    Raises:
        InvalidInput: values are unusable; all of them are named.
    """
    clean(business, microsite(business.pk), name=name, phone=phone, email=email, birthday=birthday)


def new_token() -> str:
    """Something to put into one form, by which its second sending is known."""
    return secrets.token_urlsafe(16)


@dataclass(frozen=True, slots=True)
class _Joining:
    business: Business
    site: Microsite
    form: Form
    consents: dict[str, str]
    language: str
    qr_code: str
    # By what a form sent twice with one printed card is known; empty without a printed card.
    said: str

    def agreed(self, purpose: str) -> bool:
        """Whether they want offers by a channel for which they gave an address."""
        address = self.form.email if purpose == "email" else self.form.phone
        return bool(address and self.consents.get(purpose, "").strip())

    @property
    def asks_first(self) -> bool:
        """Whether they get offers by e-mail only once they have confirmed the address."""
        return self.agreed("email") and self.site.double_opt_in


def _join(new: _Joining) -> None:
    has_welcome = is_enabled(business_id=new.business.pk, kind="welcome")
    try:
        with transaction.atomic():
            member = _enrol(new)
            _check_known(new, but=member.pk)
    except _Known as found:
        _use_blank(new, found.member)
        aliases.create_alias(
            business_id=new.business.pk, member_id=found.member.pk, name=new.form.name, qr_code=new.qr_code
        )
        _send(found.member, "your_card", Purpose.OPEN_CARD, alias=new.qr_code)
        return
    _and_take_back(
        lambda: aliases.create_alias(business_id=new.business.pk, member_id=member.pk, name=new.form.name)
    )
    _use_blank(new, member)
    if new.asks_first:
        _send(member, "confirm_email", Purpose.CONFIRM_EMAIL, email=member.email)
    else:
        # The welcome brings the card, too, to those who want mail.
        _send(member, "your_card", Purpose.OPEN_CARD, wanted=member.optout_email or not has_welcome)


def _enrol(new: _Joining) -> Member:
    """Make them a member, whoever else has the contact; that is looked at while others wait behind this."""
    card = ledger.enrol(
        business=new.business,
        name=new.form.name,
        phone=new.form.phone,
        email=new.form.email,
        birthday=new.form.birthday,
        language=new.language,
        optout_email=not new.agreed("email") or new.asks_first,
        optout_text=not new.agreed("text"),
        optout_post=True,  # nobody is asked about letters
        qr_code=new.qr_code,
        joined_by_page=True,
        unique_contact=False,
    )
    ids: dict[str, Any] = {"business_id": new.business.pk, "member_id": card.pk}
    for purpose in ("programme", "email", "text"):
        if purpose == "programme" or new.agreed(purpose):
            consents.record(**ids, purpose=purpose, given=True, text=new.consents[purpose], source=SOURCE)
    return Member.objects.get(pk=card.pk)


def _check_known(new: _Joining, *, but: int) -> None:
    """Raise `_Known` with the member who has this contact: by the mailbox first, as a link goes there.

    Whoever has it now goes before those into whom a record was merged that had it.
    """
    form = new.form
    same = by_contact_ever(business_id=new.business.pk, email=form.email, cell=form.phone)
    found = list(Member.objects.filter(same).exclude(pk=but).order_by("id")[:_MOST_KNOWN])
    by_email = [member for member in found if form.email and member.email == form.email]
    by_phone = [member for member in found if form.phone and member.cell == form.phone]
    for member in by_email or by_phone or found:
        raise _Known(member)


def _use_blank(new: _Joining, member: Member) -> None:
    if new.said:
        blank_cards.use_blank(business_id=new.business.pk, qr_code=new.qr_code, member_id=member.pk)
        UsedToken.objects.create(
            business=new.business, digest=new.said, expires_at=timezone.now() + KEEP_FORMS
        )


def _send(
    member: Member, kind: str, purpose: Purpose, *, alias: str = "", wanted: bool = True, **told: str
) -> None:
    """Send a link, or do all that it takes and take it back."""
    ids: dict[str, Any] = {"business_id": member.business_id, "member_id": member.pk, "purpose": purpose}

    def message() -> None:
        channel, address = links.reached(member)
        enough = links.has_enough(**ids)
        url = links.make_link(**ids, address=address or member.cell, alias=alias, lasts=links.CONFIRM_LASTS)
        name = "confirm_url" if purpose == Purpose.CONFIRM_EMAIL else "open_url"
        links.send(member=member, kind=kind, channel=channel or "email", links={name: url}, **told)
        if enough or not channel or not wanted:
            raise _Undone

    with suppress(_Undone), transaction.atomic():
        message()


def _and_take_back(action: Callable[[], object]) -> None:
    with suppress(_Undone), transaction.atomic():
        action()
        raise _Undone


def _code(business: Business, form: Form, token: str) -> str:
    """A card's code: the same whenever the same is sent from the same form, and else nobody's guess."""
    if not token:
        return codes.new_qr_code()
    return _digest(business, form, token)[:16]


def _said(business: Business, form: Form, token: str, blank_code: str) -> str:
    return _digest(business, form, token, blank_code) if blank_code else ""


def _digest(business: Business, form: Form, token: str, *more: str) -> str:
    said = (business.pk, token[:_MAX_TOKEN], form.name, form.phone, form.email, form.birthday, *more)
    return salted_hmac("regulars.portal.joining", repr(said), algorithm="sha256").hexdigest()


def _was_sent(new: _Joining) -> bool:
    """Whether this form was sent before. A printed card that somebody has does not say so: others hold it."""
    if not _exists(new.business.pk, new.qr_code):
        return False
    with scope(business=new.business):
        return not new.said or UsedToken.objects.filter(digest=new.said).exists()


def _exists(business_id: int, qr_code: str) -> bool:
    with scope(business=business_id):
        if Card.objects.filter(qr_code=qr_code).exists():
            return True
    return aliases.resolve(business_id=business_id, qr_code=qr_code) is not None


def may_be_anothers(link: OneTimeLink) -> bool:
    """Whether a link, read with its member, asks somebody about a card that a stranger may have got before.

    Nobody confirmed the address with which that one joined by the page, and it is the one that was asked.
    """
    member = link.member
    by_anybody = member.joined_by_page and member.email_confirmed_at is None
    return bool(link.alias) and by_anybody and link.address == member.email


def open_card(*, token: str, mine: bool, alone: bool = False) -> Card:
    """Use the link of a message about a card up; the card that it leads to.

    `mine` says that it was the member who joined: the code that they got then is their card's from now on.
    Whoever opens the link reads the mail of its address, which is confirmed by it. With `alone` it was
    somebody else who had joined before (`may_be_anothers`): the code that they got opens nothing any more.

    Raises:
        NotFound: the link was used, is too old, or is none of these.
    """
    with transaction.atomic():
        link = links.use_link(token=token, purpose=Purpose.OPEN_CARD)
        ids: dict[str, Any] = {"business_id": link.business_id}
        if mine:
            if alone and may_be_anothers(link):
                ledger.replace_card(**ids, member_id=link.member_id)
            members.confirm_email(**ids, pk=link.member_id, address=link.address)
            if link.alias:
                aliases.confirm_alias(**ids, qr_code=link.alias)
        with scope(business=link.business_id):
            return Card.objects.get(pk=link.member_id)


def confirm_email(*, token: str) -> OneTimeLink:
    """Use the link of a message up with which an address is confirmed. Offers begin, if they were wanted.

    Raises:
        NotFound: the link was used, is too old, or is none of these.
    """
    with transaction.atomic():
        link = links.use_link(token=token, purpose=Purpose.CONFIRM_EMAIL)
        ids: dict[str, Any] = {"business_id": link.business_id}
        members.confirm_email(**ids, pk=link.member_id, address=link.address)
        # What they said since counts: somebody may have said no on the card's page meanwhile.
        wish = consents.latest(**ids, member_id=link.member_id).get("email")
        if wish is not None and wish.given:
            members.edit_member(**ids, pk=link.member_id, optout_email=False)
            consents.record(
                **ids,
                member_id=link.member_id,
                purpose="email",
                given=True,
                text=wish.text,
                source="confirmed",
            )
    return link


def joined_here(qr_code: str, *, business_id: int) -> bool:
    """Whether a code that a browser remembers still leads to a card of the business."""
    return codes.is_qr_code(qr_code) and _exists(business_id, qr_code)
