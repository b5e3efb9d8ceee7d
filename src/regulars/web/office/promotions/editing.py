"""Promotions are added, changed, ended and deleted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from regulars.promotions import actions
from regulars.promotions.models import EventPromotion, Promotion
from regulars.rules.errors import NotFound
from regulars.web.office import offers
from regulars.web.office.desk import Desk
from regulars.web.office.forms import OfficeForm, answer
from regulars.web.office.promotions.forms import NAMES, EventPromotionForm, SalePromotionForm


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the two kinds of promotions: its rows, its form, its actions, its pages."""

    model: Any
    form: type[OfficeForm]
    page: str
    pages: str
    ids: str
    audit: str
    fields: tuple[str, ...]
    add: Callable[..., Any]
    edit: Callable[..., Any]
    delete: Callable[..., None]

    def find(self, pk: int) -> Any:
        """A promotion of the business, with what it refers to.

        Raises:
            NotFound: there is none.
        """
        named = [name for name in ("group", "branch", "sku", "category") if hasattr(self.model, name)]
        row = self.model.objects.select_related(*named).filter(pk=pk).first()
        if row is None:
            raise NotFound(f"There is no promotion {pk}.")
        return row

    def given(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        """What was typed, as the actions take it."""
        references = {value: key for key, value in NAMES.items()}
        return {references.get(name, name): cleaned[name] for name in self.fields}


ON_SALES = Kind(
    model=Promotion,
    form=SalePromotionForm,
    page="promotion",
    pages="promotions",
    ids="promotion_id",
    audit="promotion",
    fields=(
        "name", "percent_of_spend", "fixed_points_value", "group", "branch", "sku", "category", "date_from",
        "date_to",
    ),
    add=actions.add_promotion,
    edit=actions.edit_promotion,
    delete=actions.delete_promotion,
)  # fmt: skip
ON_EVENTS = Kind(
    model=EventPromotion,
    form=EventPromotionForm,
    page="event-promotion",
    pages="event-promotions",
    ids="event_promotion_id",
    audit="event-promotion",
    fields=(
        "name", "auto_allocate_on_event", "points_to_award", "quickscan_function", "group", "branch",
        "date_from", "date_to",
    ),
    add=actions.add_event_promotion,
    edit=actions.edit_event_promotion,
    delete=actions.delete_event_promotion,
)  # fmt: skip


def _new(desk: Desk, kind: Kind) -> HttpResponse:
    def save(cleaned: dict[str, Any]) -> HttpResponse:
        with desk.changing(f"{kind.audit}.add") as change:
            made = kind.add(business_id=desk.business.pk, code=cleaned["code"], **kind.given(cleaned))
            change.made(made)
        return desk.done(_("The promotion was added."), kind.pages)

    return answer(
        desk,
        kind.form,
        title=_("New promotion"),
        save=save,
        button=_("Add promotion"),
        names=NAMES,
        template="promotions/form",
        context=_around(desk, kind),
        here="programme",
        at=desk,
    )


def _around(desk: Desk, kind: Kind) -> dict[str, Any]:
    back = {"url": desk.url(kind.pages), "label": _("Promotions")}
    return {**offers.tabs(desk, "programme", "promotions"), "back": back, "cancel": back["url"]}


def _change(desk: Desk, kind: Kind, pk: int) -> HttpResponse:
    row = kind.find(pk)

    def save(cleaned: dict[str, Any]) -> HttpResponse:
        changes = kind.given(cleaned)
        if cleaned["code"]:
            changes["code"] = cleaned["code"]
        with desk.changing(f"{kind.audit}.edit", row):
            kind.edit(business_id=desk.business.pk, pk=pk, **changes)
        return desk.done(_("The promotion was saved."), kind.pages)

    initial = {name: getattr(row, name) for name in (*kind.fields, "code")}
    for name in ("group", "branch", "sku", "category"):
        if name in initial:
            initial[name] = getattr(row, f"{name}_id")
    if "percent_of_spend" in initial:
        initial["percent_of_spend"] = f"{row.percent_of_spend.normalize():f}"
    extra = {
        "promotion": row,
        "badge": offers.badge(row, desk.today),
        "may_end": offers.state(row, desk.today) == offers.RUNNING,
        "end_url": desk.url(f"{kind.page}-end", **{kind.ids: pk}),
        "delete_url": desk.url(f"{kind.page}-delete", **{kind.ids: pk}),
    }
    return answer(
        desk,
        kind.form,
        title=str(row),
        save=save,
        names=NAMES,
        initial=initial,
        edits=True,
        template="promotions/form",
        context={**_around(desk, kind), **extra},
        here="programme",
        at=desk,
    )


def _end(desk: Desk, kind: Kind, pk: int) -> HttpResponse:
    row = kind.find(pk)
    with desk.changing(f"{kind.audit}.end", row):
        kind.edit(business_id=desk.business.pk, pk=pk, date_to=offers.last_day(row, desk.today))
    return desk.done(_("The promotion was ended."), kind.pages)


def _delete(desk: Desk, kind: Kind, pk: int) -> HttpResponse:
    row = kind.find(pk)
    with desk.changing(f"{kind.audit}.delete", row):
        kind.delete(business_id=desk.business.pk, pk=pk)
    return desk.done(_("The promotion was deleted."), kind.pages)


def new_on_sales(desk: Desk) -> HttpResponse:
    """A new promotion on sales."""
    return _new(desk, ON_SALES)


def on_sales(desk: Desk, promotion_id: int) -> HttpResponse:
    """A promotion on sales."""
    return _change(desk, ON_SALES, promotion_id)


def end_on_sales(desk: Desk, promotion_id: int) -> HttpResponse:
    """Let it end."""
    return _end(desk, ON_SALES, promotion_id)


def delete_on_sales(desk: Desk, promotion_id: int) -> HttpResponse:
    """Delete it; sales keep what it gave them."""
    return _delete(desk, ON_SALES, promotion_id)


def new_on_events(desk: Desk) -> HttpResponse:
    """A new promotion on an event."""
    return _new(desk, ON_EVENTS)


def on_events(desk: Desk, event_promotion_id: int) -> HttpResponse:
    """A promotion on an event."""
    return _change(desk, ON_EVENTS, event_promotion_id)


def end_on_events(desk: Desk, event_promotion_id: int) -> HttpResponse:
    """Let it end."""
    return _end(desk, ON_EVENTS, event_promotion_id)


def delete_on_events(desk: Desk, event_promotion_id: int) -> HttpResponse:
    """Delete it; what it gave stays given."""
    return _delete(desk, ON_EVENTS, event_promotion_id)
