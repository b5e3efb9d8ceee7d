"""The part of the table of pages."""

from regulars.web.office.home import home
from regulars.web.office.pages import Page

PAGES = (Page("", "home", home.page, "home.view"),)
