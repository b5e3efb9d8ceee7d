"""What is done to a member's card: stamps and points given and taken with a reason, rewards, taking back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django import forms as django_forms
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.ledger import actions as ledger
from regulars.ledger import adjustments
from regulars.ledger.models import Card, Entry, PointsAdjustment
from regulars.ledger.undoing import UNDOES
from regulars.members.queries import member_by_id
from regulars.rules import stamps
from regulars.rules.errors import (
    AlreadyUndone,
    InvalidInput,
    NotEnoughStamps,
    NotFound,
    NothingToRedeem,
    Suspended,
)
from regulars.rules.values import MAX_POINTS
from regulars.web.office import forms
from regulars.web.office.desk import Desk
from regulars.web.office.digits import whole
from regulars.web.office.forms import BranchField, OfficeForm, SwitchField, WholeField
from regulars.web.office.members import story

GIVE: Final = "give"
TAKE: Final = "take"
_REASON_LENGTH: Final = 300
Save = Callable[[dict[str, Any]], HttpResponse]


class _Reasoned(OfficeForm):
    """Something with a branch and a reason."""

    def __init__(self, *args: Any, at: Desk, **more: Any) -> None:
        super().__init__(*args, auto_id=f"{type(self).__name__.lower()}_%s", **more)
        reason = django_forms.CharField(
            label=gettext_lazy("Reason"),
            max_length=_REASON_LENGTH,
            help_text=gettext_lazy("It stands in the history, and in the audit log."),
        )
        for name, field in (("branch_id", BranchField(at)), ("reason", reason)):
            self.fields[name] = field
            look = "form-select" if name == "branch_id" else "form-control"
            field.widget.attrs |= {"class": look, "id": f"{type(self).__name__.lower()}_{name}"}


class StampsForm(_Reasoned):
    """How many stamps are given or taken, where and why."""

    way = django_forms.ChoiceField(
        label=gettext_lazy("What to do"),
        choices=((GIVE, gettext_lazy("Give stamps")), (TAKE, gettext_lazy("Take stamps"))),
        help_text=gettext_lazy(
            "Taking never touches a reward that waits: to have one back, take back in the history what "
            "completed it."
        ),
    )
    count = WholeField(stamps.MIN_COUNT, stamps.MAX_TAKEN, label=gettext_lazy("Stamps"), initial=1)
    not_here = SwitchField(
        label=gettext_lazy("They were not here: it counts as no visit"),
        help_text=gettext_lazy("For putting something right, such as a lost paper card."),
    )

    def __init__(self, *args: Any, card: Card, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["count"].help_text = _on_card(card.stamps)

    def clean(self) -> dict[str, Any]:
        """Fewer can be given at once than taken."""
        said = super().clean() or {}
        if said.get("way") == GIVE and said.get("count", 0) > stamps.MAX_COUNT:
            told = _("At most %(number)s stamps can be given at once.")
            self.add_error("count", told % {"number": stamps.MAX_COUNT})
        return said


class PointsForm(_Reasoned):
    """How many points are given or taken, where and why."""

    way = django_forms.ChoiceField(
        label=gettext_lazy("What to do"),
        choices=((GIVE, gettext_lazy("Give points")), (TAKE, gettext_lazy("Take points"))),
    )
    points = WholeField(1, MAX_POINTS, label=gettext_lazy("Points"))


def _card(desk: Desk, member_id: int) -> Card:
    member_by_id(business_id=desk.business.pk, member_id=member_id)
    return Card.objects.select_related("member").get(pk=member_id)


def _on_card(number: int) -> str:
    """How many stamps are on a card, in a sentence."""
    if not number:
        return _("There are no stamps on the card.")
    told = ngettext(
        "There is %(number)s stamp on the card.", "There are %(number)s stamps on the card.", number
    )
    return told % {"number": number}


def _shown(desk: Desk, card: Card) -> dict[str, Any]:
    name = card.member.name
    url = desk.url("member", member_id=card.pk)
    return {"back": {"url": url, "label": name}, "cancel": url}


def change_stamps(desk: Desk, member_id: int) -> HttpResponse:
    """Give or take stamps."""
    card = _card(desk, member_id)

    def give(said: dict[str, Any]) -> HttpResponse:
        with desk.changing("member.stamps-given", card, member_id=member_id, reason=said["reason"]) as change:
            made = ledger.add_stamps(
                business_id=desk.business.pk,
                qr_code=card.qr_code,
                count=said["count"],
                visit=not said["not_here"],
                branch_id=said["branch_id"],
                staff_id=desk.staff_id,
            )
            change.note(entry=made.entry_id, given=made.stamps_added)
        told = ngettext("%(number)s stamp given", "%(number)s stamps given", made.stamps_added)
        return desk.done(told % {"number": made.stamps_added}, "member", member_id=member_id)

    def take(said: dict[str, Any]) -> HttpResponse:
        with desk.changing("member.stamps-taken", card, member_id=member_id, reason=said["reason"]) as change:
            made = ledger.take_stamps(
                business_id=desk.business.pk,
                member_id=member_id,
                count=said["count"],
                reason=said["reason"],
                branch_id=said["branch_id"],
                staff_id=desk.staff_id,
            )
            change.note(entry=made.entry_id, taken=made.stamps_taken)
        told = ngettext("%(number)s stamp taken", "%(number)s stamps taken", made.stamps_taken)
        return desk.done(told % {"number": made.stamps_taken}, "member", member_id=member_id)

    return forms.answer(
        desk,
        StampsForm,
        title=_("Give or take stamps"),
        save=_or_say_why(desk, member_id, lambda said: (give if said["way"] == GIVE else take)(said)),
        button=_("Give or take stamps"),
        here="members",
        context=_shown(desk, card),
        at=desk,
        card=card,
    )


def change_points(desk: Desk, member_id: int) -> HttpResponse:
    """Give or take points."""
    card = _card(desk, member_id)

    def save(said: dict[str, Any]) -> HttpResponse:
        number = said["points"] if said["way"] == GIVE else -said["points"]
        with desk.changing(
            "member.points-changed", card, member_id=member_id, reason=said["reason"]
        ) as change:
            made = adjustments.add_adjustment(
                business_id=desk.business.pk,
                member_id=member_id,
                points=number,
                internal_notes=said["reason"],
                branch_id=said["branch_id"],
                staff_id=desk.staff_id,
            )
            change.note(adjustment=made.code, given=number)
        if number > 0:
            told = ngettext("%(number)s point given", "%(number)s points given", number)
        else:
            told = ngettext("%(number)s point taken", "%(number)s points taken", -number)
        return desk.done(told % {"number": abs(number)}, "member", member_id=member_id)

    return forms.answer(
        desk,
        PointsForm,
        title=_("Give or take points"),
        save=_or_say_why(desk, member_id, save),
        button=_("Give or take points"),
        here="members",
        context=_shown(desk, card),
        at=desk,
    )


def _or_say_why(desk: Desk, member_id: int, deed: Save) -> Save:
    """Do it, or lead to the member's page, which says why their card does not allow it."""

    def save(said: dict[str, Any]) -> HttpResponse:
        try:
            return deed(said)
        except Suspended:
            told = _("This member is suspended: nothing is given or handed out.")
        except NothingToRedeem:
            told = _("No reward waits any more: it was handed out already.")
        except NotEnoughStamps as refusal:
            raise InvalidInput(
                refusal.message, fields={"count": _on_card(refusal.details["available"])}
            ) from refusal
        return desk.sorry(told, "member", member_id=member_id)

    return save


def redeem(desk: Desk, member_id: int) -> HttpResponse:
    """Hand out the reward that waits longest."""
    card = _card(desk, member_id)

    def save(_said: dict[str, Any]) -> HttpResponse:
        with desk.changing("member.reward-handed-out", card, member_id=member_id) as change:
            made = ledger.redeem_reward(
                business_id=desk.business.pk,
                qr_code=card.qr_code,
                branch_id=desk.branch_id,
                staff_id=desk.staff_id,
            )
            change.note(entry=made.entry_id, reward=made.reward)
        return desk.done(_("Handed out: %(reward)s") % {"reward": made.reward}, "member", member_id=member_id)

    return _or_say_why(desk, member_id, save)({})


class TakeBackForm(OfficeForm):
    """Why."""

    reason = django_forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=_REASON_LENGTH,
        help_text=gettext_lazy("It stands in the history, and in the audit log."),
    )


def take_back(desk: Desk, entry_id: int) -> HttpResponse:
    """Take back stamps, a redemption, or points that somebody gave or took."""
    entry = Entry.objects.select_related("branch", "staff").filter(pk=entry_id).first()
    if entry is None or (desk.branch_id is not None and entry.branch_id != desk.branch_id):
        raise NotFound(f"There is no transaction {entry_id}.")
    card = _card(desk, entry.card_id)

    def save(said: dict[str, Any]) -> HttpResponse:
        with desk.changing("member.taken-back", card, member_id=card.pk, reason=said["reason"]) as change:
            change.note(**_take_back(desk, entry))
        return desk.done(_("Taken back"), "member", member_id=card.pk)

    what = story.told(entry)
    return forms.answer(
        desk,
        TakeBackForm,
        title=_("Take back: %(what)s") % {"what": what},
        save=save,
        button=_("Take it back"),
        here="members",
        context=_shown(desk, card),
    )


def _take_back(desk: Desk, entry: Entry) -> dict[str, Any]:
    """Take an entry back; what the audit log notes of it."""
    gift = _gift(entry)
    if gift is not None:
        adjustments.delete_adjustment(business_id=desk.business.pk, pk=gift.pk)
        # The entries of what is deleted name it no more, so the reason is kept with the latest of them.
        made = Entry.objects.filter(card_id=entry.card_id).latest("pk")
        return {"entry": made.pk, "adjustment": gift.code}
    if entry.kind in UNDOES:
        try:
            undone = ledger.undo(business_id=desk.business.pk, entry_id=entry.pk, staff_id=desk.staff_id)
        except AlreadyUndone:
            raise AlreadyUndone(_("This was taken back already.")) from None
        return {"entry": undone.entry_id}
    if _is_gone(entry):
        raise AlreadyUndone(_("This was taken back already."))
    raise InvalidInput(_("This is put right where it comes from: at its sale or its voucher."))


def _is_gone(entry: Entry) -> bool:
    """Whether an entry is of points given or taken by hand, or by an occasion, that were taken back since."""
    source, _colon, text = (entry.source or "").partition(":")
    return source == "adjustment" and not PointsAdjustment.objects.filter(pk=text).exists()


def _gift(entry: Entry) -> PointsAdjustment | None:
    """The points given or taken by hand that an entry is of."""
    source, _colon, text = (entry.source or "").partition(":")
    number = whole(text)
    if source != "adjustment" or number is None:
        return None
    rows = PointsAdjustment.objects.filter(pk=number, origin=PointsAdjustment.Origin.MANUAL)
    return rows.first()
