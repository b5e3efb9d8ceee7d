"""Short texts that the counter's answers are made of, in the page's language."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.counter.models import Action
from regulars.portal import money
from regulars.tenants.models import Business


def stamps(number: int) -> str:
    """So many stamps."""
    return ngettext("%(number)s stamp", "%(number)s stamps", number) % {"number": number}


def points(number: int) -> str:
    """So many points."""
    return ngettext("%(number)s point", "%(number)s points", number) % {"number": money.whole(number)}


def to_go(missing: int, reward: str) -> str:
    """How far the reward is."""
    return ngettext(
        "%(missing)s more stamp to: %(reward)s", "%(missing)s more stamps to: %(reward)s", missing
    ) % {"missing": missing, "reward": reward}


def button(label: str, number: int) -> str:
    """What stands on a button."""
    return f"{label}: {points(number)}" if label else points(number)


def amount(value: Decimal | str, business: Business) -> str:
    """An amount of money."""
    return money.money(Decimal(value), business.currency)


def day(value: dt.date, today: dt.date) -> str:
    """A day, without the year when it is this one."""
    form = "MONTH_DAY_FORMAT" if value.year == today.year else "DATE_FORMAT"
    return formats.date_format(value, form)


def until(value: dt.date | None, today: dt.date) -> str:
    """The last day of something; empty when there is none."""
    if value is None:
        return ""
    if value == today:
        return _("last day today")
    return _("until %(day)s") % {"day": day(value, today)}


def moment(value: dt.datetime | None, business: Business, today: dt.date) -> str:
    """A point in time as people say it, in the business's zone; empty for none."""
    if value is None:
        return ""
    local = value.astimezone(ZoneInfo(business.timezone))
    clock = formats.time_format(local, "TIME_FORMAT")
    if local.date() == today:
        return _("today, %(time)s") % {"time": clock}
    if local.date() == today - dt.timedelta(days=1):
        return _("yesterday, %(time)s") % {"time": clock}
    return _("%(day)s, %(time)s") % {"day": day(local.date(), today), "time": clock}


def action(row: Action, business: Business) -> str:
    """What was done, in a few words."""
    said: dict[str, Any] = row.said
    match row.kind:
        case Action.Kind.STAMPS:
            text = stamps(said["stamps"])
        case Action.Kind.POINTS | Action.Kind.BUTTON:
            text = button(said.get("label", ""), said["points"])
        case Action.Kind.SALE:
            text = f"{amount(said['amount'], business)}: {points(said['points'])}"
        case Action.Kind.REWARD:
            text = _("Reward: %(reward)s") % {"reward": said["reward"]}
        case Action.Kind.VOUCHER_ISSUE:
            text = _("Voucher chosen: %(name)s") % {"name": said["name"]}
        case Action.Kind.VOUCHER_REDEEM:
            text = _("Voucher used: %(name)s") % {"name": said["name"]}
        case Action.Kind.SCRATCH_ISSUE:
            text = _("Scratch card: %(name)s") % {"name": said["campaign"]}
        case Action.Kind.SCRATCH_REDEEM:
            text = _("Prize: %(prize)s") % {"prize": said["prize"]}
        case Action.Kind.ENROL:
            text = _("New member")
        case _:
            text = _("New card")
    return text


def limit(again_at: dt.datetime | None, business: Business, today: dt.date) -> str:
    """That a member was here already, and when they may collect again."""
    if again_at is None:
        return _("This member has been here already. Redeeming is always possible.")
    local = again_at.astimezone(ZoneInfo(business.timezone))
    when = formats.time_format(local, "TIME_FORMAT") if local.date() == today else day(local.date(), today)
    return _("This member has been here already. More from %(time)s on; redeeming is always possible.") % {
        "time": when
    }


def marketing() -> str:
    """What a new member is asked at the counter."""
    return _("Would you like to hear of offers by e-mail or text message? You can stop it at any time.")
