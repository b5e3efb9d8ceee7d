"""The part of the table of pages."""

from regulars.web.office.pages import Page
from regulars.web.office.sales import views

_VIEW, _EDIT = "sales.view", "sales.edit"
_FORM = ("GET", "POST")

PAGES = (
    Page("sales/", "sales", views.listed, _VIEW),
    Page("sales/new/", "sale-new", views.new, _EDIT, _FORM),
    # What a sale would earn, as the form stands.
    Page("sales/worth/", "sale-worth", views.worth, _EDIT),
    Page("sales/<int:sale_id>/", "sale", views.record, _VIEW),
    Page("sales/<int:sale_id>/edit/", "sale-edit", views.edit, _EDIT, _FORM),
    Page("sales/<int:sale_id>/delete/", "sale-delete", views.delete, _EDIT, ("POST",)),
)
