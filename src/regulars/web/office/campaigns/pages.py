"""The part of the table of pages."""

from regulars.web.office.campaigns import compose, deeds, listed, record
from regulars.web.office.pages import Page, form

_ONE = "campaigns/<int:campaign_id>/"
_POST = ("POST",)

PAGES = (
    Page("campaigns/", "campaigns", listed.campaigns, "campaigns.view"),
    form("campaigns/new/", "campaign-new", compose.new, "campaigns.edit"),
    Page("campaigns/count", "campaign-count", compose.count, "campaigns.edit"),
    Page("campaigns/preview", "campaign-preview", compose.preview, "campaigns.edit", _POST, audited=False),
    Page(_ONE, "campaign", record.page, "campaigns.view"),
    form(f"{_ONE}edit/", "campaign-edit", compose.edit, "campaigns.edit"),
    Page(f"{_ONE}letter", "campaign-letter", record.letter, "campaigns.view"),
    Page(f"{_ONE}now", "campaign-now", record.now, "campaigns.view"),
    Page(f"{_ONE}recipients/", "campaign-recipients", listed.recipients, "campaigns.view"),
    Page(f"{_ONE}test", "campaign-test", deeds.test, "campaigns.edit", _POST),
    Page(f"{_ONE}send", "campaign-send", deeds.send, "campaigns.edit", _POST),
    Page(f"{_ONE}cancel", "campaign-cancel", deeds.cancel, "campaigns.edit", _POST),
    Page(f"{_ONE}copy", "campaign-copy", deeds.copy, "campaigns.edit", _POST),
    Page(f"{_ONE}delete", "campaign-delete", deeds.delete, "campaigns.edit", _POST),
    Page("campaigns/<int:posted_id>/addresses.csv", "campaign-addresses", deeds.addresses, "data.export"),
    Page("campaigns/<int:posted_id>/labels.pdf", "campaign-labels", deeds.labels_pdf, "data.export"),
)
