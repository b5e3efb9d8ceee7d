"""What templates of the operator's admin ask for."""

from __future__ import annotations

from typing import Any

from django import template
from django.db.models import Model
from django.template import Context
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from regulars.jobs.models import Job
from regulars.web.operator import sidebar

register = template.Library()


@register.simple_tag(takes_context=True)
def in_our_words(context: Context, part: dict[str, Any]) -> str:
    """A step of the way to a page, as the menu calls it; jobs by their numbers."""
    title = part["title"]
    if isinstance(title, Job):
        return _("Job %(number)s") % {"number": title.pk}
    if isinstance(title, Model):
        return str(title)
    return sidebar.titles(context["request"]).get(str(part.get("link", "")), capfirst(str(title)))
