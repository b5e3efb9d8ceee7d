"""The part of the table of pages."""

from regulars.web.office.campaigns import compose, deeds, listed, record
from regulars.web.office.pages import Page, form

_ONE = "campaigns/<int:campaign_id>/"
# One that was not sent, and one by post that was.
_DRAFT = "campaigns/<int:draft_id>/"
_POSTED = "campaigns/<int:posted_id>/"
_POST = ("POST",)

PAGES = (
    Page("campaigns/", "campaigns", listed.campaigns, "campaigns.view"),
    form("campaigns/new/", "campaign-new", compose.new, "campaigns.edit"),
    Page("campaigns/count", "campaign-count-now", compose.count, "campaigns.edit"),
    Page("campaigns/preview", "campaign-preview", compose.preview, "campaigns.edit", _POST, audited=False),
    Page(_ONE, "campaign", record.page, "campaigns.view"),
    form(f"{_DRAFT}edit/", "campaign-edit", compose.edit, "campaigns.edit"),
    Page(f"{_ONE}letter", "campaign-letter", record.letter, "campaigns.view"),
    Page(f"{_ONE}now", "campaign-now", record.now, "campaigns.view"),
    Page(f"{_ONE}recipients/", "campaign-recipients", listed.recipients, "campaigns.view"),
    Page(f"{_ONE}test", "campaign-test", deeds.test, "campaigns.edit", _POST),
    Page(f"{_ONE}send", "campaign-send", deeds.send, "campaigns.edit", _POST),
    Page(f"{_ONE}cancel", "campaign-cancel", deeds.cancel, "campaigns.edit", _POST),
    Page(f"{_ONE}copy", "campaign-copy", deeds.copy, "campaigns.edit", _POST),
    Page(f"{_DRAFT}delete", "campaign-delete", deeds.delete, "campaigns.edit", _POST),
    Page(f"{_POSTED}addresses.csv", "campaign-addresses-file", deeds.addresses, "data.export"),
    Page(f"{_POSTED}labels.pdf", "campaign-labels-file", deeds.labels_pdf, "data.export"),
)
