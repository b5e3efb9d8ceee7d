"""How people of a team are named, also those who left it."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from regulars.tenants.models import Staff


def who(staff: Staff | None) -> str:
    """Somebody's name as history tells it: "Priya (left on 3 March)" of who works here no more."""
    return named(staff.name, staff.left_at) if staff is not None else ""


def named(name: str, left_at: dt.datetime | None) -> str:
    """The same by the name, empty when it was forgotten, and the moment of leaving, if they left.

    The day is that of the current time zone, with its year when that is another one.
    """
    if left_at is None:
        return name
    told = {"name": name or _("Somebody"), "day": day_of(left_at)}
    return _("%(name)s (left on %(day)s)") % told


def day_of(moment: dt.datetime) -> str:
    """The day of a moment in words: "3 March", with its year when that is another one."""
    local = timezone.localtime(moment)
    return date_format(local, _("j F") if local.year == timezone.localtime().year else _("j F Y"))
