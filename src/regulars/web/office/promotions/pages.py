"""The part of the table of pages."""

from __future__ import annotations

from typing import Any

from regulars.web.office.pages import Page
from regulars.web.office.promotions import editing, lists, trying

_BOTH = ("GET", "POST")


def _page(path: str, name: str, view: Any, methods: tuple[str, ...] = ("GET",)) -> Page:
    return Page(f"promotions/{path}", name, view, "programme.edit", methods, whole_business=True)


PAGES = (
    _page("", "promotions", lists.on_sales),
    _page("try/", "promotion-try", trying.sale),
    _page("new", "promotion-new", editing.new_on_sales, _BOTH),
    _page("<int:promotion_id>/", "promotion", editing.on_sales, _BOTH),
    _page("<int:promotion_id>/end", "promotion-end", editing.end_on_sales, ("POST",)),
    _page("<int:promotion_id>/delete", "promotion-delete", editing.delete_on_sales, ("POST",)),
    _page("events/", "event-promotions", lists.on_events),
    _page("events/new", "event-promotion-new", editing.new_on_events, _BOTH),
    _page("events/<int:event_promotion_id>/", "event-promotion", editing.on_events, _BOTH),
    _page("events/<int:event_promotion_id>/end", "event-promotion-end", editing.end_on_events, ("POST",)),
    _page(
        "events/<int:event_promotion_id>/delete",
        "event-promotion-delete",
        editing.delete_on_events,
        ("POST",),
    ),
)
