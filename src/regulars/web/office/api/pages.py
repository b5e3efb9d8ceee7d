"""The part of the table of pages."""

from regulars.web.office.api import deliveries, keys, log, webhooks
from regulars.web.office.pages import Page, form

_MAY = "api.edit"
_KEY = "settings/api/<int:key_id>/"
_HOOK = "settings/webhooks/<int:endpoint_id>/"
_DELIVERY = "settings/webhooks/deliveries/<int:delivery_id>/"
_POST = ("POST",)

PAGES = (
    Page("settings/api/", "api-keys", keys.keys, _MAY),
    form("settings/api/new", "api-key-new", keys.new, _MAY),
    Page("settings/api/start", "api-start", keys.start, _MAY),
    Page(_KEY, "api-key", keys.key, _MAY),
    Page(f"{_KEY}made", "api-key-made", keys.made, _MAY),
    form(f"{_KEY}edit", "api-key-edit", keys.edit, _MAY),
    form(f"{_KEY}sign-on", "api-key-sso", keys.sso, _MAY),
    Page(f"{_KEY}revoke", "api-key-revoke", keys.revoke, _MAY, methods=_POST),
    Page("settings/log/", "request-log", log.calls, _MAY),
    Page("settings/webhooks/", "webhooks", webhooks.webhooks, _MAY),
    form("settings/webhooks/new", "webhook-new", webhooks.new, _MAY),
    Page(_DELIVERY, "webhook-delivery", deliveries.delivery, _MAY),
    Page(f"{_DELIVERY}resend", "webhook-delivery-resend", deliveries.resend, _MAY, methods=_POST),
    Page(_HOOK, "webhook", webhooks.webhook, _MAY),
    form(f"{_HOOK}edit", "webhook-edit", webhooks.edit, _MAY),
    form(f"{_HOOK}secret", "webhook-rotate", webhooks.rotate, _MAY),
    form(f"{_HOOK}resend", "webhook-resend", webhooks.resend, _MAY),
    Page(f"{_HOOK}switch", "webhook-switch", webhooks.switch, _MAY, methods=_POST),
    Page(f"{_HOOK}test", "webhook-test", webhooks.test, _MAY, methods=_POST),
    Page(f"{_HOOK}delete", "webhook-delete", webhooks.delete, _MAY, methods=_POST),
    Page(f"{_HOOK}deliveries/", "webhook-deliveries", deliveries.deliveries, _MAY),
)
