"""The part of the table of pages."""

from regulars.web.office.duplicates import views
from regulars.web.office.pages import Page

_MANAGE = "members.manage"
_FORM = ("GET", "POST")

PAGES = (
    Page("members/duplicates/", "duplicates", views.listed, _MANAGE),
    Page("members/<int:member_id>/merge/", "merge-with", views.choose, _MANAGE, _FORM, audited=False),
    Page("members/<int:member_id>/merge/<int:other_id>/", "merge", views.merge, _MANAGE, _FORM),
)
