"""The part of the table of pages."""

from __future__ import annotations

from typing import Any

from regulars.web.office.pages import Page
from regulars.web.office.vouchers import codes, defining, giving, lists, preloading

_POST = ("POST",)
_BOTH = ("GET", "POST")


def _defining(path: str, name: str, view: Any, methods: tuple[str, ...] = ("GET",)) -> Page:
    return Page(f"vouchers/{path}", name, view, "vouchers.edit", methods, whole_business=True)


def _seeing(path: str, name: str, view: Any) -> Page:
    return Page(f"vouchers/{path}", name, view, "vouchers.view")


def _doing(path: str, name: str, view: Any, methods: tuple[str, ...] = _POST) -> Page:
    return Page(f"vouchers/{path}", name, view, "vouchers.issue", methods)


PAGES = (
    _seeing("", "vouchers", lists.vouchers),
    _defining("new", "voucher-new", defining.new, _BOTH),
    Page(
        "vouchers/preview",
        "voucher-preview",
        defining.preview,
        "vouchers.edit",
        _POST,
        audited=False,
        whole_business=True,
    ),
    _seeing("<int:voucher_id>/", "voucher", defining.record),
    _defining("<int:voucher_id>/edit", "voucher-edit", defining.edit, _BOTH),
    _defining("<int:voucher_id>/end", "voucher-end", defining.end, _POST),
    _defining("<int:voucher_id>/delete", "voucher-delete", defining.delete, _POST),
    _doing("<int:voucher_id>/issue", "voucher-give", giving.give, _BOTH),
    _defining("<int:voucher_id>/loaded/", "voucher-loaded", lists.loaded),
    _defining("<int:voucher_id>/loaded/add", "voucher-load", preloading.load, _BOTH),
    _defining("<int:voucher_id>/loaded/delete", "voucher-loaded-delete", preloading.delete, _POST),
    _seeing("issued/<int:issue_id>/", "voucher-issue", giving.issue),
    _seeing("issued/<int:issue_id>/print", "voucher-issue-print", giving.sheet),
    _doing("issued/<int:issue_id>/delete", "voucher-issue-delete", giving.take_back),
    _seeing("codes/", "voucher-codes", lists.codes),
    _seeing("codes/verify", "voucher-verify", codes.verify),
    _seeing("codes/<int:code_id>/", "voucher-code", codes.record),
    _doing("codes/<int:code_id>/redeem", "voucher-code-redeem", codes.redeem),
    _doing("codes/<int:code_id>/reserve", "voucher-code-reserve", codes.reserve),
    _doing("codes/<int:code_id>/release", "voucher-code-release", codes.release),
    _doing("codes/<int:code_id>/reset", "voucher-code-reset", codes.reset),
    _defining("codes/<int:code_id>/edit", "voucher-code-edit", codes.edit, _BOTH),
)
