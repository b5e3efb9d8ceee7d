"""The part of the table of pages."""

from __future__ import annotations

from typing import Any

from regulars.web.office.pages import Page
from regulars.web.office.scratch import campaigns, cards

_POST = ("POST",)
_BOTH = ("GET", "POST")


def _page(path: str, name: str, view: Any, permission: str, methods: tuple[str, ...] = ("GET",)) -> Page:
    return Page(
        f"scratch-cards/{path}",
        name,
        view,
        permission,
        methods,
        whole_business=permission == "vouchers.edit",
    )


_SEE, _DO, _DEFINE = "vouchers.view", "vouchers.issue", "vouchers.edit"
PAGES = (
    _page("", "scratch-cards", campaigns.campaigns, _SEE),
    _page("new", "scratch-card-new", campaigns.new, _DEFINE, _BOTH),
    Page(
        "scratch-cards/preview",
        "scratch-card-preview",
        campaigns.preview,
        _DEFINE,
        _POST,
        audited=False,
        whole_business=True,
    ),
    _page("redeem", "scratch-card-redeem", cards.redeem, _DO, _BOTH),
    _page("<int:scratch_id>/", "scratch-card", campaigns.record, _SEE),
    _page("<int:scratch_id>/simulation", "scratch-card-simulation", campaigns.simulation, _SEE),
    _page("<int:scratch_id>/edit", "scratch-card-edit", campaigns.edit, _DEFINE, _BOTH),
    _page("<int:scratch_id>/toggle", "scratch-card-toggle", campaigns.toggle, _DEFINE, _POST),
    _page("<int:scratch_id>/delete", "scratch-card-delete", campaigns.delete, _DEFINE, _POST),
    _page("<int:scratch_id>/cards/", "scratch-card-cards", cards.cards, _SEE),
    _page("<int:scratch_id>/print", "scratch-card-print", cards.sheet, _DO),
    _page("<int:scratch_id>/issue", "scratch-card-issue", cards.issue, _DO, _BOTH),
    _page("batches/<int:batch_id>/now", "scratch-batch-now", cards.batch_now, _SEE),
    _page("batches/<int:batch_id>/stop", "scratch-batch-stop", cards.batch_stop, _DEFINE, _POST),
)
