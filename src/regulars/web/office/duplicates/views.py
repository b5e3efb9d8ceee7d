"""Possible duplicates, whom to merge, and the two records side by side."""

from __future__ import annotations

from http import HTTPStatus
from types import new_class
from typing import Any, Final, cast

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.ledger import duplicates, merging, queries
from regulars.ledger.models import Card
from regulars.members.models import Member
from regulars.rules.errors import InvalidInput, Merged, NotFound, Refusal
from regulars.web.office.desk import Desk
from regulars.web.office.duplicates import sides
from regulars.web.office.forms import MemberField, OfficeForm, answer, told
from regulars.web.office.lists import is_id

HERE: Final = "members"
PER_PAGE: Final = 25
_WHY: Final = {
    duplicates.PHONE: gettext_lazy("The same phone"),
    duplicates.EMAIL: gettext_lazy("The same e-mail address"),
    duplicates.BIRTHDAY: gettext_lazy("The same name and birthday"),
}


def listed(desk: Desk) -> HttpResponse:
    """Members who may be there twice."""
    text = desk.get.get("page", "1")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < len("1000000") else 1
    before = desk.get.get("before", "")
    found = duplicates.suggestions(
        business_id=desk.business.pk,
        before=int(before) if is_id(before) else None,
        page=max(number, 1),
        per_page=PER_PAGE,
    )
    context = {
        "title": _("Duplicates"),
        "here": HERE,
        "found": found,
        "look": duplicates.LOOK,
        "before": before if is_id(before) else "",
        "groups": [_group(desk, group) for group in found.rows if group.cards],
    }
    return desk.page("duplicates/list", context)


def _group(desk: Desk, group: duplicates.Group) -> dict[str, Any]:
    first, *others = group.cards
    return {
        "why": _WHY[group.why],
        "more": group.number - len(group.cards),
        "uncounted": group.number == duplicates.MOST_COUNTED,
        "first": _row(desk, first),
        "others": [
            {**_row(desk, card), "merge": desk.url("merge", member_id=first.pk, other_id=card.pk)}
            for card in others
        ],
    }


def _row(desk: Desk, card: Card) -> dict[str, Any]:
    return {"card": card, "member": card.member, "url": desk.url("member", member_id=card.pk)}


def _with_form(desk: Desk) -> type[OfficeForm]:
    """Which other record is the same person's."""
    label, hint = _("The other record"), _("Its code, e-mail or phone")
    fields = {"other": MemberField(desk, label=label, help_text=hint)}
    return cast(
        "type[OfficeForm]", new_class("WithForm", (OfficeForm,), {}, lambda body: body.update(fields))
    )


def choose(desk: Desk, member_id: int) -> HttpResponse:
    """Whom to merge a member with: those who may be the same person, or anybody by code."""
    card = queries.customer(business_id=desk.business.pk, member_id=member_id)

    def save(given: dict[str, Any]) -> HttpResponse:
        other: Member = given["other"]
        if other.pk == member_id:
            raise InvalidInput.at("other", _("is this record itself"))
        return desk.to("merge", member_id=member_id, other_id=other.pk)

    found = duplicates.duplicates_of(business_id=desk.business.pk, member_id=member_id)
    context = {
        "card": card,
        "found": [
            {**_row(desk, one), "merge": desk.url("merge", member_id=member_id, other_id=one.pk)}
            for one in found
        ],
        "back": {"url": desk.url("member", member_id=member_id), "label": card.member.name},
        "cancel": desk.url("member", member_id=member_id),
    }
    return answer(
        desk,
        _with_form(desk),
        title=_("Merge %(name)s with another record") % {"name": card.member.name},
        save=save,
        button=_("Compare the two"),
        template="duplicates/choose",
        context=context,
        here=HERE,
    )


def merge(desk: Desk, member_id: int, other_id: int) -> HttpResponse:
    """The two records side by side, and letting them be one."""
    try:
        kept, other = (
            queries.customer(business_id=desk.business.pk, member_id=pk) for pk in (member_id, other_id)
        )
    except Merged as refusal:
        if desk.is_post:
            raise NotFound(refusal.message) from None
        return desk.to("member", member_id=refusal.details["customer_id"])
    if member_id == other_id:
        return desk.to("merge-with", member_id=member_id)
    refused = ""
    if desk.is_post:
        try:
            return _merge(desk, kept, other)
        except Refusal as refusal:
            if isinstance(refusal, NotFound):
                raise
            refused = told(refusal)
    return _side_by_side(desk, kept, other, refused)


def _side_by_side(desk: Desk, kept: Card, other: Card, refused: str) -> HttpResponse:
    taken = _taken(desk) if desk.is_post else []
    ids = {"member_id": kept.pk, "other_id": other.pk}
    context = {
        "title": _("Are these one person?"),
        "here": HERE,
        "back": {"url": desk.url("duplicates"), "label": _("Duplicates")},
        "kept": _row(desk, kept),
        "other": _row(desk, other),
        "figures": sides.figures(kept, other, goal=desk.business.program.stamps_required),
        "fields": sides.fields(kept.member, other.member, taken),
        "wants": sides.wants(kept.member, other.member),
        "swap_url": desk.url("merge", member_id=other.pk, other_id=kept.pk),
        "post_url": desk.url("merge", **ids),
        "cancel": desk.url("duplicates"),
        "refused": refused,
    }
    return desk.page("duplicates/merge", context, HTTPStatus.BAD_REQUEST if refused else HTTPStatus.OK)


def _taken(desk: Desk) -> list[str]:
    """What was chosen to come from the other record."""
    return [
        name.removeprefix("take-")
        for name, value in desk.post.items()
        if name.startswith("take-") and value == "other"
    ]


def _merge(desk: Desk, kept: Card, other: Card) -> HttpResponse:
    take = _taken(desk)
    if desk.post.get("merge") != "yes":
        raise InvalidInput.at("merge", _("was not chosen: press the button at the end of the page"))
    facts = {"merged_code": other.member.code, "merged_name": other.member.name, "stamps": other.stamps}
    with desk.changing("member.merge", kept.member) as change:
        change.note(**facts, points=other.points, pending_rewards=other.pending_rewards)
        result = merging.merge_members(
            business_id=desk.business.pk,
            member_id=kept.pk,
            other_id=other.pk,
            take=take,
            staff_id=desk.staff_id,
        )
    text = _("%(name)s is one member now.") % {"name": kept.member.name}
    if result.rewards_earned:
        text += " " + ngettext(
            "The stamps of both made %(number)d reward.",
            "The stamps of both made %(number)d rewards.",
            result.rewards_earned,
        ) % {"number": result.rewards_earned}
    return desk.done(text, "member", member_id=kept.pk)
