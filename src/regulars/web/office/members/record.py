"""The page of one member: who they are, what lies on their card, and everything that ever happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.auditlog.models import Record
from regulars.ledger.models import Card, Reward
from regulars.members import consents, labels, merged
from regulars.members.models import Member, MemberGroup
from regulars.members.queries import member_by_id
from regulars.messages.models import Message
from regulars.scratchcards.models import ScratchCard
from regulars.scratchcards.queries import COVERED, EXPIRED, REDEEMED, REVEALED, status_of
from regulars.vouchers import orders
from regulars.vouchers.models import VoucherCode
from regulars.web.office.desk import Desk
from regulars.web.office.lists import Action
from regulars.web.office.members import deeds, story

# As much of each as a page shows.
MOST: Final = 50


def find(desk: Desk, member_id: int) -> Member:
    """A member with all that their page tells.

    Raises:
        NotFound: the business has no such member.
    """
    rows = Member.objects.select_related("group", "branch", "card", "business__program")
    member = rows.filter(pk=member_id).first()
    return member if member is not None else member_by_id(business_id=desk.business.pk, member_id=member_id)


def page(desk: Desk, member_id: int) -> HttpResponse:
    """One member, or a part of their page that a script asks for. A merged record leads to who has it now."""
    into = merged.merged_into(business_id=desk.business.pk, member_id=member_id)
    if into is not None:
        return desk.to("member", member_id=into)
    member = find(desk, member_id)
    show = desk.get.get("show", "")
    chosen = show if show in _SHOWN else "history"
    part: dict[str, Any] = {"member": member, "show": chosen, **_SHOWN[chosen](desk, member)}
    if desk.is_htmx:
        return desk.page("members/_history", part)
    context = {
        "title": member.name,
        "here": "members",
        "back": {"url": desk.url("members"), "label": _("Members")},
        "card": member.card,
        "seen": timezone.localtime(member.card.last_visit_at).date() if member.card.last_visit_at else None,
        "goal": desk.business.program.stamps_required,
        "spendable": orders.spendable_points(member.pk, desk.today, balance=member.card.points),
        "rewards": _rewards(member.card),
        "own": _own(desk, member),
        "has_tiers": MemberGroup.objects.exclude(measure="").exists(),
        "actions": _actions(desk, member),
        "views": _views(desk, member, chosen),
        "may": {name: desk.may(f"members.{name}") for name in ("edit", "balance", "manage")},
        "may_export": desk.may("data.export") and desk.branch_id is None,
        "stamps_form": deeds.StampsForm(at=desk, card=member.card),
        "points_form": deeds.PointsForm(at=desk),
        "urls": {
            name: desk.url(f"member-{name}", member_id=member.pk)
            for name in ("stamps", "points", "redeem", "card", "data", "suspend", "erase", "edit")
        },
        **part,
    }
    return desk.page("members/record", context)


def _rewards(card: Card) -> list[str]:
    if not card.pending_rewards:
        return []
    waiting = Reward.objects.filter(card=card, redeemed_entry=None, undone_entry=None).order_by("pk")
    return list(waiting.values_list("text", flat=True)[:MOST])


def _own(desk: Desk, member: Member) -> list[tuple[str, str]]:
    """The business's own fields that this member has something in."""
    named = labels.labels(business_id=desk.business.pk)
    found = []
    for number, (field, label) in enumerate(named.items(), start=1):
        if value := getattr(member, field):
            found.append((label or _("Own field %(number)s") % {"number": number}, value))
    return found


def _actions(desk: Desk, member: Member) -> list[Action]:
    url = desk.url("member-card", member_id=member.pk)
    found = [Action(_("Card"), url, primary=False)]
    if desk.may("members.manage"):
        found.append(Action(_("Merge"), desk.url("merge-with", member_id=member.pk), primary=False))
    if desk.may("members.edit"):
        found.append(Action(_("Edit"), desk.url("member-edit", member_id=member.pk), primary=False))
    return found


def _views(desk: Desk, member: Member, chosen: str) -> list[dict[str, Any]]:
    names = {
        "history": (_("History"), "members.view"),
        "vouchers": (_("Vouchers"), "vouchers.view"),
        "scratch": (_("Scratch cards"), "vouchers.view"),
        "messages": (_("Messages"), "campaigns.view"),
        "consents": (_("Consents"), "members.view"),
        "changes": (_("Changes"), "audit.view"),
    }
    address = desk.url("member", member_id=member.pk)
    return [
        {"label": label, "url": f"{address}?show={name}", "current": name == chosen}
        for name, (label, permission) in names.items()
        if desk.may(permission)
    ]


def _history(desk: Desk, member: Member) -> dict[str, Any]:
    text = desk.get.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None  # noqa: PLR2004 - an id
    lines, older = story.lines(desk, member.pk, before)
    address = desk.url("member", member_id=member.pk)
    return {
        "lines": lines,
        "older": f"{address}?before={older}" if older is not None else "",
        "nothing": _nothing(desk) if before is None else "",
    }


def _nothing(desk: Desk) -> str:
    """What is said instead of a history; whoever is limited to a branch knows of no other."""
    if desk.branch_id is None or desk.staff.branch is None:
        return _("Nothing has happened on this card yet.")
    return _("Nothing at %(branch)s yet.") % {"branch": desk.staff.branch.name}


def _vouchers(desk: Desk, member: Member) -> dict[str, Any]:
    if not desk.may("vouchers.view"):
        return {"codes": []}
    rows = VoucherCode.objects.select_related("voucher").filter(member=member).order_by("-pk")[:MOST]
    return {"codes": [(code, _code_state(code, desk)) for code in rows]}


def _code_state(code: VoucherCode, desk: Desk) -> tuple[str, str]:
    if code.status == VoucherCode.Status.REDEEMED:
        return _("Redeemed"), "secondary"
    if code.expires_on is not None and code.expires_on < desk.today:
        return _("Expired"), "warning"
    if code.status == VoucherCode.Status.RESERVED:
        return _("Reserved"), "primary"
    return _("Can be used"), "success"


def _scratch(desk: Desk, member: Member) -> dict[str, Any]:
    if not desk.may("vouchers.view"):
        return {"scratch_cards": []}
    states = {
        COVERED: (_("Not scratched yet"), "primary"),
        REVEALED: (_("Scratched"), "success"),
        REDEEMED: (_("Handed out"), "secondary"),
        EXPIRED: (_("Expired"), "warning"),
    }
    rows = (
        ScratchCard.objects.select_related("campaign", "prize").filter(member=member).order_by("-pk")[:MOST]
    )
    found = [(one, status_of(one, desk.today)) for one in rows]
    return {"scratch_cards": [(one, states[state]) for one, state in found]}


def _messages(desk: Desk, member: Member) -> dict[str, Any]:
    if not desk.may("campaigns.view"):
        return {"messages_sent": []}
    states = {
        "queued": (_("Waits"), "primary"),
        "sending": (_("Being sent"), "primary"),
        "sent": (_("Sent"), "success"),
        "failed": (_("Failed"), "danger"),
        "skipped": (_("Not sent"), "secondary"),
        "bounced": (_("Came back"), "danger"),
    }
    rows = Message.objects.filter(member=member).order_by("-pk")[:MOST]
    return {"messages_sent": [(one, states[one.status]) for one in rows]}


def _consents(desk: Desk, member: Member) -> dict[str, Any]:
    purposes = {
        "programme": _("To be a member"),
        "email": _("Offers by e-mail"),
        "text": _("Offers by text message"),
        "post": _("Offers by post"),
    }
    rows = consents.history(business_id=desk.business.pk, member_id=member.pk)
    return {"consents": [(purposes[one.purpose], one) for one in reversed(rows[-MOST:])]}


def _changes(desk: Desk, member: Member) -> dict[str, Any]:
    if not desk.may("audit.view"):
        return {"changes": []}
    rows = Record.objects.filter(member_id=member.pk).order_by("-pk")[:MOST]
    return {"changes": [(one, desk.url("audit-record", record_id=one.pk)) for one in rows]}


_SHOWN: Final[dict[str, Callable[[Desk, Member], dict[str, Any]]]] = {
    "history": _history,
    "vouchers": _vouchers,
    "scratch": _scratch,
    "messages": _messages,
    "consents": _consents,
    "changes": _changes,
}
