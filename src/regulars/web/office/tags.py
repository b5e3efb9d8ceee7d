"""What templates of the back office can say: values of tables, money, the audit log."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django import template
from django.forms.boundfield import BoundField
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from regulars.portal import money as money_of
from regulars.web import mail, reach
from regulars.web.office import names
from regulars.web.office.audit.told import told_action, told_name

register = template.Library()
register.filter("told_action", told_action)
register.filter("told_name", told_name)
register.filter("who", names.who)
register.simple_tag(mail.unsent, name="unsent_mail")
register.simple_tag(reach.only_here)

DASH = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
# An address that may not fit into a line of a phone, or of a table; and what of it stays together.
_LONG = 20
_WIDE = 26
_ADDRESS = re.compile(r"\S+@\S+|https?://\S+")
_PARTS = re.compile(r"https?://[^./@]*|[./@]?[^./@]*[^./@]|[./@]")
_KINDS = {
    "CheckboxInput": "check",
    "CheckboxSelectMultiple": "checks",
    "RadioSelect": "radios",
    "HiddenInput": "hidden",
}


@register.filter
def drawn(field: BoundField) -> SafeString | str:
    """What a field was when it was drawn, where its form tells and it is drawn in parts."""
    return field.as_hidden(only_initial=True) if field.field.show_hidden_initial else ""


@register.filter
def money(value: Any, currency: str) -> str:
    """An amount with its currency, as people write it."""
    return DASH if value is None else money_of.money(Decimal(value), currency)


@register.filter
def number(value: Any) -> str:
    """A number with its thousands apart; below 0 with the minus that amounts have."""
    if value is None:
        return DASH
    if isinstance(value, Decimal):
        value = value.normalize()
    return number_format(value, use_l10n=True, force_grouping=True).replace("-", MINUS)


@register.filter
def address(value: str) -> SafeString | str:
    """A text in which a long e-mail or web address may go to the next line, where people would divide it."""
    if len(value) < _LONG or not _ADDRESS.fullmatch(value):
        return value
    divide = "<wbr>" if len(value) > _WIDE else '<wbr class="narrow">'
    return format_html_join(SafeString(divide), "{}", ((part,) for part in _PARTS.findall(value)))


@register.simple_tag(takes_context=True)
def shown(context: template.Context, value: Any, kind: str) -> SafeString | str:
    """A value of a table by the kind of its column."""
    if kind == "badge":
        return _badge(*value) if value else ""
    if value is None or value == "":
        return format_html('<span class="text-secondary">{}</span>', DASH)
    if kind == "money":
        return money(value, context["business"].currency)
    show = _SHOWN.get(kind)
    return format_html("<bdi>{}</bdi>", address(str(value))) if show is None else show(value)


def _badge(text: Any, colour: str = "") -> SafeString:
    return format_html('<span class="badge bg-{}-lt">{}</span>', colour or "secondary", text)


def _time(machine: str, text: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', machine, text)


@register.filter
def moment(value: dt.datetime) -> SafeString:
    """A moment: today's by the clock alone, others with their day, those of other years with their year."""
    local, today = timezone.localtime(value), timezone.localtime().date()
    if local.date() == today:
        return _time(value.isoformat(), _("today, %(time)s") % {"time": date_format(local, "TIME_FORMAT")})
    if local.year == today.year:
        told = {"day": date_format(local, _("j M")), "time": date_format(local, "TIME_FORMAT")}
        return _time(value.isoformat(), _("%(day)s, %(time)s") % told)
    return _time(value.isoformat(), date_format(local, "SHORT_DATETIME_FORMAT"))


@register.filter
def kind_of(field: Any) -> str:
    """How a field of a form is drawn: check, checks, radios, file, or line."""
    widget = field.field.widget
    name = type(widget).__name__
    return _KINDS.get(name, "line")


_SHOWN: dict[str, Callable[[Any], SafeString | str]] = {
    "number": number,
    "percent": lambda value: f"{number_format(value, 1)} %".replace("-", MINUS),
    "day": lambda value: _time(value.isoformat(), date_format(value, "SHORT_DATE_FORMAT")),
    "moment": moment,
    "flag": lambda value: _("yes") if value else _("no"),
}
