"""The part of the table of pages."""

from __future__ import annotations

from typing import Final

from regulars.web.office.pages import Page, View
from regulars.web.office.settings import business, counter, leaving, look, printed, site, sso

_EDIT: Final = "settings.edit"
_API: Final = "api.edit"
_FORM: Final = ("GET", "POST")
_POST: Final = ("POST",)


def _page(
    path: str, name: str, view: View, permission: str = _EDIT, methods: tuple[str, ...] = ("GET",)
) -> Page:
    """Settings are the whole business's."""
    return Page(path, name, view, permission, methods, whole_business=True)


PAGES = (
    _page("settings/", "settings", business.profile, methods=_FORM),
    _page("settings/look/", "settings-look", look.look, methods=_FORM),
    _page("settings/look/logo/remove", "settings-logo-remove", look.remove_logo, methods=_POST),
    _page("settings/pages/", "settings-pages", site.pages, methods=_FORM),
    _page("settings/counter/", "settings-counter", counter.rules, methods=_FORM),
    _page("settings/devices/", "settings-devices", counter.paired),
    _page("settings/devices/pair/", "settings-pair", counter.pair, methods=_FORM),
    _page("settings/devices/code/", "settings-code", counter.code),
    _page("settings/devices/<int:device_id>/", "settings-device", counter.device),
    _page("settings/devices/<int:device_id>/end", "settings-device-end", counter.end, methods=_POST),
    _page("settings/print/", "settings-print", printed.page, methods=_FORM),
    _page("settings/print/poster.pdf", "settings-print-poster-file", printed.poster_file),
    _page("settings/print/tent.pdf", "settings-print-tent-file", printed.tent_file),
    _page("settings/print/cards.pdf", "settings-print-cards-file", printed.cards_file),
    _page("settings/sso/", "settings-sso", sso.page, _API, _FORM),
    _page("settings/sso/new", "settings-sso-new", sso.new, _API, _POST),
    _page("settings/sso/secret/", "settings-sso-secret", sso.shown, _API),
    _page("settings/sso/<int:secret_id>/revoke", "settings-sso-revoke", sso.revoke, _API, _POST),
    _page("settings/sso/keys/<int:key_id>/off", "settings-sso-off", sso.legacy_off, _API, _POST),
    _page("settings/leave/", "settings-leave", leaving.page, "data.export", _FORM),
    _page("settings/leave/now", "settings-leave-now", leaving.now, "data.export"),
    _page("settings/leave/all.zip", "settings-leave-file", leaving.file, "data.export"),
)
