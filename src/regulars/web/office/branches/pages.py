"""The part of the table of pages."""

from regulars.web.office.branches import views
from regulars.web.office.pages import Page

_EDIT = "branches.edit"
_FORM = ("GET", "POST")
_POST = ("POST",)

PAGES = (
    Page("branches/", "branches", views.listed, _EDIT, whole_business=True),
    Page("branches/new/", "branch-new", views.new, _EDIT, _FORM, whole_business=True),
    Page("branches/<int:branch_id>/", "branch", views.edit, _EDIT, _FORM, whole_business=True),
    Page(
        "branches/<int:branch_id>/archive/",
        "branch-archive",
        views.archive,
        _EDIT,
        _POST,
        whole_business=True,
    ),
    Page("branches/<int:branch_id>/open/", "branch-open", views.reopen, _EDIT, _POST, whole_business=True),
    Page(
        "branches/<int:branch_id>/delete/", "branch-delete", views.delete, _EDIT, _POST, whole_business=True
    ),
)
