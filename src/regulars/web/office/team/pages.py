"""The part of the table of pages."""

from regulars.web.office.pages import Page
from regulars.web.office.team import leaving, views

_EDIT = "team.edit"
_FORM = ("GET", "POST")
_POST = ("POST",)

PAGES = (
    Page("team/", "team", views.listed, "team.view", whole_business=True),
    Page("team/new/", "team-new", views.new, _EDIT, _FORM, whole_business=True),
    Page("team/<int:staff_id>/", "team-member", views.edit, _EDIT, _FORM, whole_business=True),
    Page("team/<int:staff_id>/password/", "team-password", views.shown_once, _EDIT, whole_business=True),
    Page("team/<int:staff_id>/invite/", "team-invite", views.invite_again, _EDIT, _POST, whole_business=True),
    Page("team/<int:staff_id>/pin/", "team-pin", views.set_pin, _EDIT, _FORM, whole_business=True),
    Page("team/<int:staff_id>/pin/away/", "team-pin-away", views.take_pin, _EDIT, _POST, whole_business=True),
    Page("team/<int:staff_id>/remove/", "team-remove", views.remove, _EDIT, _POST, whole_business=True),
    Page("team/left/<int:left_id>/", "team-left", leaving.shown, _EDIT, whole_business=True),
    Page("team/left/<int:left_id>/forget/", "team-forget", leaving.forget, _EDIT, _POST, whole_business=True),
)
