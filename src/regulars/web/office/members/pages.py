"""The part of the table of pages."""

from regulars.web.office.members import card, deeds, group_pages, listing, person, record, segment_pages
from regulars.web.office.pages import Page, form

_ONE = "members/<int:member_id>/"
_POST = ("POST",)

PAGES = (
    Page("members/", "members", listing.members, "members.view"),
    form("members/new/", "member-new", person.new, "members.edit"),
    Page("members/group", "members-group", listing.group, "members.manage", _POST),
    Page("members/suspend", "members-suspend", listing.suspend, "members.manage", _POST),
    Page("members/export", "members-export", listing.export, "data.export", _POST),
    form("members/labels/", "labels", group_pages.own_fields, "members.manage"),
    Page("members/segments/", "segments", segment_pages.listed, "members.manage"),
    form("members/segments/new/", "segment-new", segment_pages.new, "members.manage"),
    Page("members/segments/count", "segment-count", segment_pages.count, "members.manage"),
    form("members/segments/<int:segment_id>/", "segment", segment_pages.edit, "members.manage"),
    Page(
        "members/segments/<int:segment_id>/delete",
        "segment-delete",
        segment_pages.delete,
        "members.manage",
        _POST,
    ),
    Page("members/groups/", "groups", group_pages.listed, "members.manage"),
    form("members/groups/new/", "group-new", group_pages.new, "members.manage"),
    form("members/groups/<int:group_id>/", "group", group_pages.edit, "members.manage"),
    Page("members/groups/<int:group_id>/delete", "group-delete", group_pages.delete, "members.manage", _POST),
    Page(_ONE, "member", record.page, "members.view"),
    form(f"{_ONE}edit/", "member-edit", person.edit, "members.edit"),
    form(f"{_ONE}stamps/", "member-stamps", deeds.change_stamps, "members.balance"),
    form(f"{_ONE}points/", "member-points", deeds.change_points, "members.balance"),
    Page(f"{_ONE}redeem", "member-redeem", deeds.redeem, "members.balance", _POST),
    form("members/entries/<int:entry_id>/undo/", "member-undo", deeds.take_back, "members.balance"),
    Page(f"{_ONE}suspend", "member-suspend", person.suspend, "members.manage", _POST),
    form(f"{_ONE}card/", "member-card", card.page, "members.edit"),
    Page(f"{_ONE}card/send", "member-card-send", card.send, "members.edit", _POST),
    # It tells what they did at every branch.
    Page(f"{_ONE}data", "member-data", person.data, "data.export", whole_business=True),
    form(f"{_ONE}erase/", "member-erase", person.erase, "members.manage"),
)
