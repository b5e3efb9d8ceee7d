"""The part of the table of pages."""

from regulars.web.office.pages import Page
from regulars.web.office.start import poster, steps

_EDIT = "settings.edit"

_FORM = ("GET", "POST")

PAGES = (
    Page("start/", "start", steps.start, _EDIT, whole_business=True),
    Page("start/programme/", "start-programme", steps.programme, _EDIT, _FORM, whole_business=True),
    Page("start/look/", "start-look", steps.look, _EDIT, _FORM, whole_business=True),
    Page("start/card/", "start-card", steps.card, _EDIT, _FORM, audited=False, whole_business=True),
    Page("start/poster/", "start-poster", poster.page, _EDIT, whole_business=True),
    Page("start/poster.pdf", "start-poster-file", poster.file, _EDIT, whole_business=True),
    Page("start/first/", "start-first-now", poster.first, _EDIT, whole_business=True),
    Page("start/done/", "start-done", poster.done, _EDIT, ("POST",), whole_business=True),
)
