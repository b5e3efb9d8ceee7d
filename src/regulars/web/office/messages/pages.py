"""The part of the table of pages."""

from regulars.web.office.messages import kinds, sent, suppressed, words
from regulars.web.office.pages import Page, form

_KIND = "messages/kinds/<slug:kind>/"
_POST = ("POST",)

PAGES = (
    Page("messages/", "messages", kinds.listed, "campaigns.view"),
    form(_KIND, "message", words.edit, "campaigns.edit"),
    Page(f"{_KIND}preview", "message-preview", words.preview, "campaigns.edit", _POST, audited=False),
    Page(f"{_KIND}switch", "message-switch", kinds.switch, "campaigns.edit", _POST),
    Page(f"{_KIND}test", "message-test", words.test, "campaigns.edit", _POST),
    Page(f"{_KIND}reset", "message-reset", words.reset, "campaigns.edit", _POST),
    Page("messages/sent/", "messages-sent", sent.messages, "campaigns.view"),
    Page("messages/sent/<int:message_id>/", "message-sent", sent.record, "campaigns.view"),
    Page("messages/sent/<int:message_id>/letter", "message-letter", sent.letter, "campaigns.view"),
    Page("messages/suppressed/", "messages-suppressed", suppressed.addresses, "campaigns.view"),
    Page("messages/suppressed/end", "messages-unsuppress", suppressed.end, "campaigns.edit", _POST),
)
