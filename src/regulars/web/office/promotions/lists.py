"""The two lists of promotions: on sales, and on events."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Q, QuerySet
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.members.models import MemberGroup
from regulars.portal.money import money
from regulars.promotions.models import EventPromotion, Promotion
from regulars.web.office import offers
from regulars.web.office.desk import Desk
from regulars.web.office.filters import Choice
from regulars.web.office.lists import Action, Column, Empty, Listing
from regulars.web.office.tags import number as shown


def _groups() -> Choice:
    rows = MemberGroup.objects.order_by("name").values_list("pk", "name")
    choices = [(str(key), name) for key, name in rows]
    return Choice("group", _("Group"), choices, lambda rows, value: rows.filter(group_id=int(value)))


def _search(rows: QuerySet[Promotion], q: str) -> QuerySet[Promotion]:
    return rows.filter(Q(name__icontains=q) | Q(code__istartswith=q))


def plain(value: Decimal) -> str:
    """A number with the decimal places that it needs."""
    return shown(value)


def gives(row: Promotion, currency: str) -> str:
    """What a promotion on sales gives, for people."""
    parts = []
    if row.percent_of_spend:
        parts.append(
            _("%(points)s for each %(hundred)s")
            % {"points": plain(row.percent_of_spend), "hundred": money(Decimal(100), currency)}
        )
    if row.fixed_points_value:
        number = row.fixed_points_value
        parts.append(
            ngettext("%(count)s point a sale", "%(count)s points a sale", number) % {"count": shown(number)}
        )
    return " + ".join(parts) or _("nothing")


def kinds(desk: Desk, current: str) -> list[tuple[str, str, bool]]:
    """The pages about promotions: label, address, whether it is this one."""
    pages = (
        ("promotions", _("On sales")),
        ("event-promotions", _("On events")),
        ("promotion-try", _("Try a sale")),
    )
    return [(label, desk.url(name), name == current) for name, label in pages]


def on_sales(desk: Desk) -> HttpResponseBase:
    """Promotions that give points for sales."""
    today, currency = desk.today, desk.business.currency
    new = desk.url("promotion-new")
    return Listing(
        desk,
        title=_("Promotions"),
        rows=Promotion.objects.select_related("group", "branch", "sku", "category"),
        columns=(
            Column(
                "name",
                _("Name"),
                str,
                link=lambda row: desk.url("promotion", promotion_id=row.pk),
                sort="name",
            ),
            Column("gives", _("Points"), lambda row: gives(row, currency)),
            Column("for", _("Only for"), offers.only_for),
            Column("days", _("Days"), offers.days, sort="date_from"),
            Column("state", _("State"), lambda row: offers.badge(row, today), kind="badge"),
            Column("code", _("Code"), lambda row: row.code, narrow=False),
        ),
        search=_search,
        search_label=_("Name or code"),
        filters=(offers.state_filter(today), _groups()),
        empty=Empty(_("No sale earns points yet. Say how many each sale earns."), _("New promotion"), new),
        actions=(Action(_("New promotion"), new),),
        export="promotions",
        template="promotions/list",
        context={**offers.tabs(desk, "programme", "promotions"), "kinds": kinds(desk, "promotions")},
    ).answer()


def on_events(desk: Desk) -> HttpResponseBase:
    """Promotions that give points on events."""
    today = desk.today
    new = desk.url("event-promotion-new")
    return Listing(
        desk,
        title=_("Promotions"),
        rows=EventPromotion.objects.select_related("group", "branch"),
        columns=(
            Column(
                "name",
                _("Name"),
                str,
                link=lambda row: desk.url("event-promotion", event_promotion_id=row.pk),
                sort="name",
            ),
            Column(
                "event",
                _("When"),
                lambda row: offers.EVENTS.get(row.auto_allocate_on_event, row.quickscan_function),
            ),
            Column(
                "points", _("Points"), lambda row: row.points_to_award, kind="number", sort="points_to_award"
            ),
            Column("for", _("Only for"), offers.only_for),
            Column("days", _("Days"), offers.days, sort="date_from"),
            Column("state", _("State"), lambda row: offers.badge(row, today), kind="badge"),
            Column("code", _("Code"), lambda row: row.code, narrow=False),
        ),
        search=_search,
        search_label=_("Name or code"),
        filters=(offers.state_filter(today), _groups()),
        empty=Empty(
            _("Nothing is given by itself yet. Points for joining or on birthdays bring people back."),
            _("New promotion"),
            new,
        ),
        actions=(Action(_("New promotion"), new),),
        export="event-promotions",
        template="promotions/list",
        context={**offers.tabs(desk, "programme", "promotions"), "kinds": kinds(desk, "event-promotions")},
    ).answer()
