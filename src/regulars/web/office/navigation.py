"""Where one can go: the eight entries on the left, and the tabs of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.urls import NoReverseMatch
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

    from regulars.web.office.desk import Desk


@dataclass(frozen=True, slots=True)
class Entry:
    """A place to go to: a page of this `name`, for those who have the `permission`."""

    label: StrPromise | str
    name: str
    permission: str
    whole_business: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """One of the eight entries, with its tabs. The first tab that somebody may open is where it leads."""

    key: str
    label: StrPromise | str
    tabs: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """A place that somebody may go to."""

    key: str
    label: str
    url: str
    current: bool


SECTIONS: Final = (
    Section("home", _("Home"), (Entry(_("Home"), "home", "home.view"),)),
    Section(
        "members",
        _("Members"),
        (
            Entry(_("Members"), "members", "members.view"),
            Entry(_("Segments"), "segments", "members.manage"),
            Entry(_("Groups and tiers"), "groups", "members.manage"),
            Entry(_("Duplicates"), "duplicates", "members.manage"),
            Entry(_("Own fields"), "labels", "members.manage"),
        ),
    ),
    Section(
        "programme",
        _("Programme"),
        (
            Entry(_("Stamps and points"), "programme", "programme.edit", whole_business=True),
            Entry(_("Promotions"), "promotions", "programme.edit", whole_business=True),
            Entry(_("Products"), "products", "programme.edit"),
            Entry(_("Categories"), "categories", "programme.edit"),
            Entry(_("Sales"), "sales", "sales.view"),
        ),
    ),
    Section(
        "vouchers",
        _("Vouchers"),
        (
            Entry(_("Vouchers"), "vouchers", "vouchers.view"),
            Entry(_("Codes"), "voucher-codes", "vouchers.view"),
            Entry(_("Scratch cards"), "scratch-cards", "vouchers.view"),
        ),
    ),
    Section(
        "campaigns",
        _("Campaigns"),
        (
            Entry(_("Campaigns"), "campaigns", "campaigns.view"),
            Entry(_("Automatic messages"), "messages", "campaigns.view"),
            Entry(_("Sent messages"), "messages-sent", "campaigns.view"),
        ),
    ),
    Section(
        "reports",
        _("Reports"),
        (
            Entry(_("Overview"), "reports", "reports.view"),
            Entry(_("Retention"), "report-retention", "reports.view"),
            Entry(_("Visits"), "report-visits", "reports.view"),
            Entry(_("Rewards"), "report-rewards", "reports.view"),
            Entry(_("Branches"), "report-branches", "reports.view", whole_business=True),
            Entry(_("Team"), "report-team", "reports.view"),
            Entry(_("Points owed"), "report-points", "reports.view", whole_business=True),
        ),
    ),
    Section(
        "places",
        _("Branches and team"),
        (
            Entry(_("Branches"), "branches", "branches.edit"),
            Entry(_("Team"), "team", "team.view", whole_business=True),
            Entry(_("Audit log"), "audit", "audit.view", whole_business=True),
        ),
    ),
    Section(
        "settings",
        _("Settings"),
        (
            Entry(_("Business"), "settings", "settings.edit", whole_business=True),
            Entry(_("Look"), "settings-look", "settings.edit", whole_business=True),
            Entry(_("Pages and joining"), "settings-pages", "settings.edit", whole_business=True),
            Entry(_("Counter"), "settings-counter", "settings.edit", whole_business=True),
            Entry(_("Print"), "settings-print", "settings.edit", whole_business=True),
            Entry(_("Single sign-on"), "settings-sso", "api.edit", whole_business=True),
            Entry(_("API keys"), "api-keys", "api.edit", whole_business=True),
            Entry(_("Webhooks"), "webhooks", "api.edit", whole_business=True),
            Entry(_("Request log"), "request-log", "api.edit", whole_business=True),
            Entry(_("Take everything"), "settings-leave", "data.export", whole_business=True),
        ),
    ),
)

_BY_KEY: Final = {section.key: section for section in SECTIONS}


def sections(desk: Desk, here: str) -> list[Link]:
    """The entries on the left that somebody may open."""
    found = []
    for section in SECTIONS:
        links = _open_to(desk, section, "")
        if links:
            found.append(Link(section.key, str(section.label), links[0].url, section.key == here))
    return found


def tabs(desk: Desk, section: str, here: str = "") -> list[Link]:
    """The tabs of a section that somebody may open; `here` is the name of the page that is shown."""
    return _open_to(desk, _BY_KEY[section], here)


def _open_to(desk: Desk, section: Section, here: str) -> list[Link]:
    found = []
    for tab in section.tabs:
        if not desk.may(tab.permission) or (tab.whole_business and desk.branch_id is not None):
            continue
        try:
            found.append(Link(tab.name, str(tab.label), desk.url(tab.name), tab.name == here))
        except NoReverseMatch:  # a page that this installation does not have
            continue
    return found
