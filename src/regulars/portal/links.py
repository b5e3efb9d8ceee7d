"""Links that are sent to a member and work once. Of each only a hash is kept.

Asking for the page of a link changes nothing, because scanners of mail open every link; its button uses it.
"""

from __future__ import annotations

import datetime as dt
from typing import Final
from urllib.parse import quote

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_scopes import scope, scopes_disabled
from django_tasks import task

from regulars import seal
from regulars.jobs import actions as jobs
from regulars.members import actions as members
from regulars.members import phones
from regulars.members.models import Member
from regulars.members.queries import by_contact
from regulars.messages import actions as messages
from regulars.messages.channels import sms
from regulars.portal import sessions
from regulars.portal.models import OneTimeLink
from regulars.rules import codes
from regulars.rules.errors import NotFound
from regulars.rules.text import clean_text
from regulars.tenants import ratelimit
from regulars.tenants.checks import check_email
from regulars.tenants.microsites import check_open
from regulars.tenants.models import Business

Purpose = OneTimeLink.Purpose

SIGN_IN_LASTS: Final = dt.timedelta(minutes=30)
CONFIRM_LASTS: Final = dt.timedelta(days=7)
# Of one purpose, a member gets this many links in this time.
PAUSE: Final = dt.timedelta(minutes=10)
MOST_IN_PAUSE: Final = {
    Purpose.SIGN_IN: 3,
    Purpose.CONFIRM_EMAIL: 3,
    Purpose.CHANGE_EMAIL: 3,
    Purpose.OPEN_CARD: 1,
}
# Requests a minute to sign in with one contact; more are as if they had not been made.
REQUESTS_A_MINUTE: Final = 2
# Of the members who share a contact, so many get a link each.
MOST_MEMBERS: Final = 5
_LONGEST_TOKEN: Final = 100


def make_link(
    *,
    business_id: int,
    member_id: int,
    purpose: str,
    address: str,
    alias: str = "",
    lasts: dt.timedelta,
    page: str = "",
    session_id: int | None = None,
) -> str:
    """A new link of a member, as the address that is sent to them; here it is not to be had again.

    `address` is the mailbox or number that it goes to: the link ends when the member's is another by then
    (of `CHANGE_EMAIL`: the new address). `page` is what stands before the token in the address, when a page
    other than the usual one uses it. `session_id` is that of the browser in which it was asked for.
    """
    token = codes.new_api_key().removeprefix(codes.API_KEY_MARK)
    now = timezone.now()
    with scope(business=business_id):
        OneTimeLink.objects.create(
            business_id=business_id,
            member_id=member_id,
            purpose=purpose,
            token_hash=codes.key_hash(token),
            address=address,
            alias=alias,
            session_id=session_id,
            created_at=now,
            expires_at=now + lasts,
        )
    return f"{page or f'{settings.REGULARS_PUBLIC_URL}/l/'}{quote(token)}"


def find_link(token: str) -> OneTimeLink:
    """The link with this token, with its member and business, if it can still be used. Nothing changes.

    Raises:
        NotFound: it was never made, was used, is too old, or went to an address that is not the member's.
        Closed: the business is closed by its operator.
    """
    missing = NotFound("This link was used already or is too old.")
    if not 0 < len(token) <= _LONGEST_TOKEN:
        raise missing
    with scopes_disabled():
        link = (
            OneTimeLink.objects.select_related("member", "business", "business__program")
            .filter(token_hash=codes.key_hash(token), used_at=None, expires_at__gt=timezone.now())
            .first()
        )
    if link is None:
        raise missing
    current = {link.member.email, link.member.cell} - {""}
    if link.purpose != Purpose.CHANGE_EMAIL and link.address not in current:
        raise missing
    check_open(link.business)
    return link


def business_of(token: str) -> Business | None:
    """Whose link this is, whether or not it still does anything; None when there is none with this token."""
    with scopes_disabled():
        link = OneTimeLink.objects.select_related("business").filter(token_hash=codes.key_hash(token)).first()
    return link.business if link is not None else None


def use_link(*, token: str, purpose: str) -> OneTimeLink:
    """Use a link up; of two who try at once one succeeds. In the transaction of what it does.

    Raises:
        NotFound: as `find_link` says, or it is for another purpose.
    """
    link = find_link(token)
    if link.purpose == purpose:
        now = timezone.now()
        with scope(business=link.business_id):
            rows = OneTimeLink.objects.filter(pk=link.pk, used_at=None, expires_at__gt=now)
            if rows.update(used_at=now):
                link.used_at = now
                return link
    raise NotFound("This link was used already or is too old.")


def use_sign_in(*, token: str) -> OneTimeLink:
    """Use a link for signing in up. Whoever has it reads the mail of its address, which is confirmed by it.

    Raises:
        NotFound: the link was used, is too old, or is for something else.
    """
    with transaction.atomic():
        link = use_link(token=token, purpose=Purpose.SIGN_IN)
        members.confirm_email(business_id=link.business_id, pk=link.member_id, address=link.address)
    return link


def has_enough(*, business_id: int, member_id: int, purpose: str) -> bool:
    """Whether a member was sent as many links of a purpose lately as anybody gets."""
    with scope(business=business_id):
        lately = OneTimeLink.objects.filter(
            member_id=member_id, purpose=purpose, created_at__gt=timezone.now() - PAUSE
        )
        return lately.count() >= MOST_IN_PAUSE[Purpose(purpose)]


def request_sign_in(*, business: Business, contact: str, page: str = "") -> None:
    """Send a link for signing in to whoever has this e-mail address or phone number in the business.

    Whoever asks cannot tell whether anybody has: the same is done for all, and the looking up happens
    afterwards. `page` is the address of the page that signs in, up to the token; it must come from our
    settings and not from the request.

    Raises:
        InvalidInput: `contact` is neither an e-mail address nor a phone number.
    """
    wanted = check_contact(contact, country=business.country)
    if not ratelimit.take(f"sign-in:{business.pk}:{wanted}", REQUESTS_A_MINUTE).allowed:
        return
    # Sealed: a job is kept for some days, and who asked is nobody's business.
    told = {"business_id": business.pk, "contact": seal.seal(wanted), "page": page}
    with transaction.atomic():
        jobs.enqueue(send_sign_in_links, kwargs=told, business_id=business.pk)


def check_contact(contact: str, *, country: str) -> str:
    """An e-mail address in lower case or a phone number in E.164; `contact` is named when it is neither.

    Raises:
        InvalidInput: it is neither.
    """
    text = clean_text(contact, field="contact", max_length=254, required=True)
    if "@" in text:
        return check_email(text, field="contact")
    return phones.normalise(text, country=country, field="contact")


@task()
def send_sign_in_links(*, business_id: int, contact: str, page: str = "") -> int:
    """Queue the messages of `request_sign_in`, whose `contact` comes sealed; how many there were."""
    contact = seal.unseal(contact)
    with transaction.atomic(), scope(business=business_id):
        rows = Member.objects.filter(
            by_contact(business_id=business_id, email=contact, cell=contact), suspended=False
        )
        return sum(_send_sign_in(member, page) for member in rows.order_by("id")[:MOST_MEMBERS])


def _send_sign_in(member: Member, page: str) -> bool:
    channel, address = reached(member)
    if not channel or has_enough(
        business_id=member.business_id, member_id=member.pk, purpose=Purpose.SIGN_IN
    ):
        return False
    url = make_link(
        business_id=member.business_id,
        member_id=member.pk,
        purpose=Purpose.SIGN_IN,
        address=address,
        lasts=SIGN_IN_LASTS,
        page=page,
    )
    send(member=member, kind="sign_in_link", channel=channel, links={"sign_in_url": url})
    return True


def reached(member: Member) -> tuple[str, str]:
    """By which channel a member gets links, and at which address; empty texts when by none."""
    if member.email:
        return "email", member.email
    if member.cell and sms.available():
        return "sms", member.cell
    return "", ""


def reach_phones() -> bool:
    """Whether a member of whom only a phone number is known gets links."""
    return sms.available()


def send(
    *, member: Member, kind: str, links: dict[str, str], channel: str = "email", to: str = "", **told: str
) -> None:
    """Queue a message that brings a link: to the member, or to an address that is not theirs yet.

    Nobody reads the link in the database, and it is gone once the message was sent.
    """
    messages.queue_message(
        business_id=member.business_id,
        kind=kind,
        key=f"{kind}:{member.pk}:{codes.new_qr_code()}",
        member_id=None if to else member.pk,
        to=to,
        channel=channel,
        context=told,
        sealed_context=links,
    )


def end_changes(member_id: int) -> None:
    """End links to new addresses of a member. Within the business's scope."""
    OneTimeLink.objects.filter(member_id=member_id, purpose=Purpose.CHANGE_EMAIL, used_at=None).update(
        used_at=timezone.now()
    )


def request_email_change(
    *, business_id: int, member_id: int, address: str, session_id: int | None = None
) -> None:
    """Send a link to a new address of a member: theirs becomes that when its button is pressed.

    `session_id` is that of the browser in which they ask. Links to other new addresses end. Whether another
    member has the address is said only to whoever opens the link. Beyond some in ten minutes nothing is sent.

    Raises:
        InvalidInput: `email` is not an e-mail address.
        NotFound: the business has no such member.
    """
    address = check_email(address, field="email")
    with transaction.atomic(), scope(business=business_id):
        member = Member.objects.select_related("business", "business__program").filter(pk=member_id).first()
        if member is None:
            raise NotFound(f"There is no customer {member_id}.")
        if has_enough(business_id=business_id, member_id=member_id, purpose=Purpose.CHANGE_EMAIL):
            return
        end_changes(member_id)
        url = make_link(
            business_id=business_id,
            member_id=member_id,
            purpose=Purpose.CHANGE_EMAIL,
            address=address,
            lasts=CONFIRM_LASTS,
            session_id=session_id,
        )
        send(
            member=member,
            kind="confirm_email",
            links={"confirm_url": url},
            to=address,
            email=address,
        )


def change_email(*, token: str) -> OneTimeLink:
    """Give the member of a `CHANGE_EMAIL` link the address that it went to. The old address is told.

    Only the browser in which they asked for it stays signed in.

    Raises:
        NotFound: the link was used, is too old, or is none of these.
        AlreadyEnrolled: another member of the business has the address.
        InvalidInput: the address is unusable by now.
    """
    with transaction.atomic():
        link = use_link(token=token, purpose=Purpose.CHANGE_EMAIL)
        ids = {"business_id": link.business_id, "pk": link.member_id}
        before = link.member
        members.edit_member(**ids, unique_contact=True, by_member=True, email=link.address)
        sessions.end_all(business_id=link.business_id, member_id=link.member_id, but=link.session_id)
        members.confirm_email(**ids, address=link.address)
        if before.email and before.email != link.address:
            send(member=before, kind="email_changed", links={}, to=before.email, **before.told_names())
    return link
