"""The part of the table of pages."""

from regulars.web.office.pages import Page
from regulars.web.office.programme import settings

PAGES = (
    Page(
        "programme/", "programme", settings.programme, "programme.edit", ("GET", "POST"), whole_business=True
    ),
    Page(
        "programme/preview",
        "programme-preview",
        settings.preview,
        "programme.edit",
        ("POST",),
        audited=False,
        whole_business=True,
    ),
)
