"""The part of the table of pages."""

from regulars.web.office.api import deliveries, keys, log, webhooks
from regulars.web.office.pages import Page, form

_MAY = "api.edit"
_KEY = "settings/api/<int:key_id>/"
_HOOK = "settings/webhooks/<int:endpoint_id>/"
_DELIVERY = "settings/webhooks/deliveries/<int:delivery_id>/"
_POST = ("POST",)

PAGES = (
    Page("settings/api/", "api-keys", keys.keys, _MAY, whole_business=True),
    form("settings/api/new", "api-key-new", keys.new, _MAY, whole_business=True),
    Page("settings/api/start", "api-start", keys.start, _MAY, whole_business=True),
    Page(_KEY, "api-key", keys.key, _MAY, whole_business=True),
    Page(f"{_KEY}made", "api-key-made", keys.made, _MAY, whole_business=True),
    form(f"{_KEY}edit", "api-key-edit", keys.edit, _MAY, whole_business=True),
    form(f"{_KEY}sign-on", "api-key-sso", keys.sso, _MAY, whole_business=True),
    Page(f"{_KEY}revoke", "api-key-revoke", keys.revoke, _MAY, methods=_POST, whole_business=True),
    Page("settings/log/", "request-log", log.calls, _MAY, whole_business=True),
    Page("settings/webhooks/", "webhooks", webhooks.webhooks, _MAY, whole_business=True),
    form("settings/webhooks/new", "webhook-new", webhooks.new, _MAY, whole_business=True),
    Page(_DELIVERY, "webhook-delivery", deliveries.delivery, _MAY, whole_business=True),
    Page(
        f"{_DELIVERY}resend",
        "webhook-delivery-resend",
        deliveries.resend,
        _MAY,
        methods=_POST,
        whole_business=True,
    ),
    Page(_HOOK, "webhook", webhooks.webhook, _MAY, whole_business=True),
    form(f"{_HOOK}edit", "webhook-edit", webhooks.edit, _MAY, whole_business=True),
    form(f"{_HOOK}secret", "webhook-rotate", webhooks.rotate, _MAY, whole_business=True),
    form(f"{_HOOK}resend", "webhook-resend", webhooks.resend, _MAY, whole_business=True),
    Page(f"{_HOOK}switch", "webhook-switch", webhooks.switch, _MAY, methods=_POST, whole_business=True),
    Page(f"{_HOOK}test", "webhook-test", webhooks.test, _MAY, methods=_POST, whole_business=True),
    Page(f"{_HOOK}delete", "webhook-delete", webhooks.delete, _MAY, methods=_POST, whole_business=True),
    Page(f"{_HOOK}deliveries/", "webhook-deliveries", deliveries.deliveries, _MAY, whole_business=True),
)
