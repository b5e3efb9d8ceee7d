"""Whole rooms that the sample API does not have, and why we serve them."""

from __future__ import annotations

from tests.contract.shapes import Documented

_MESSAGES = "what goes out by itself is switched, worded and looked into as in the back office"
_LOOK = "messages and pages carry the business's colour and its address for answers"
_BAD = "an address that bounced can be forgiven"
_WEBHOOKS = "other systems hear of what happens without asking"
_LOG = "what became of each delivery, and another try"
_COUNTER = "the counter is set up as in the back office; the page itself has calls of its own"
_SITE = "what a business's own pages say and offer"
_TEAM = "roles, branches and lost invitations are mended without the back office"
_SSO = "a shop's website signs its members in"
_REGION = "where a business is decides about its phone numbers, days and money"
_PRINT = "what is printed carries the logo; cards are printed before anybody has them"

_REPORTS = "the reports that an owner sees in the back office"
_GROUPS = "groups, segments and own fields are kept as in the back office"
_KEYS = "keys are made and revoked, and calls looked at, without the back office"
_CARDS = "scratch cards go to many members at once, and are tried out before"
BEYOND = {
    **dict.fromkeys(
        (
            "GET /api/groups",
            "POST /api/groups",
            "PATCH /api/groups/{}",
            "DELETE /api/groups/{}",
            "GET /api/segments",
            "POST /api/segments",
            "GET /api/segments/filters",
            "GET /api/segments/{}",
            "PATCH /api/segments/{}",
            "DELETE /api/segments/{}",
            "GET /api/segments/{}/customers",
            "GET /api/labels",
            "PATCH /api/labels",
            "POST /api/customers/{}/group",
        ),
        _GROUPS,
    ),
    **dict.fromkeys(("GET /api/keys", "POST /api/keys", "PATCH /api/keys/{}", "DELETE /api/keys/{}"), _KEYS),
    "GET /api/request-log": _KEYS,
    "GET /api/scratch-cards/{}/batches": _CARDS,
    "POST /api/scratch-cards/{}/batches": _CARDS,
    "GET /api/scratch-cards/{}/simulation": _CARDS,
    **dict.fromkeys(
        (
            f"GET /api/reports/{name}"
            for name in ("days", "branches", "staff", "hours", "retention", "visits")
        ),
        _REPORTS,
    ),
    "GET /api/reports/points": _REPORTS,
    "GET /api/reports/reward-cost": _REPORTS,
    "PATCH /api/reports/reward-cost": _REPORTS,
    "PATCH /api/team/{}": _TEAM,
    "POST /api/team/{}/invite": _TEAM,
    "POST /api/customers/{}/stamps/take": "stamps are taken with a reason, as in the back office",
    "GET /api/customers/{}/data": "what is kept about a customer is theirs to have",
    "GET /api/messages": _MESSAGES,
    "GET /api/messages/kinds": _MESSAGES,
    "PATCH /api/messages/kinds/{}": _MESSAGES,
    "DELETE /api/messages/kinds/{}": _MESSAGES,
    "POST /api/messages/kinds/{}/preview": _MESSAGES,
    "POST /api/messages/kinds/{}/test": _MESSAGES,
    "GET /api/messages/look": _LOOK,
    "PATCH /api/messages/look": _LOOK,
    "GET /api/messages/suppressions": _BAD,
    "DELETE /api/messages/suppressions/{}": _BAD,
    "GET /api/webhooks": _WEBHOOKS,
    "POST /api/webhooks": _WEBHOOKS,
    "GET /api/webhooks/event-types": _WEBHOOKS,
    "GET /api/webhooks/{}": _WEBHOOKS,
    "PATCH /api/webhooks/{}": _WEBHOOKS,
    "DELETE /api/webhooks/{}": _WEBHOOKS,
    "POST /api/webhooks/{}/rotate-secret": _WEBHOOKS,
    "POST /api/webhooks/{}/test": _WEBHOOKS,
    "POST /api/webhooks/{}/resend": _LOG,
    "GET /api/webhooks/{}/deliveries": _LOG,
    "GET /api/webhooks/deliveries/{}": _LOG,
    "POST /api/webhooks/deliveries/{}/resend": _LOG,
    "GET /api/microsite": _SITE,
    "PATCH /api/microsite": _SITE,
    "GET /api/sso": _SSO,
    "PATCH /api/sso": _SSO,
    "GET /api/sso/secrets": _SSO,
    "POST /api/sso/secrets": _SSO,
    "DELETE /api/sso/secrets/{}": _SSO,
    "GET /api/business/region": _REGION,
    "PATCH /api/business/region": _REGION,
    "GET /api/business/logo": _PRINT,
    "DELETE /api/business/logo": _PRINT,
    "GET /api/blank-cards": _PRINT,
    "POST /api/blank-cards": _PRINT,
    "GET /api/counter/settings": _COUNTER,
    "PATCH /api/counter/settings": _COUNTER,
    "GET /api/counter/devices": _COUNTER,
    "POST /api/counter/pairings": _COUNTER,
    "DELETE /api/counter/devices/{}": _COUNTER,
    "POST /api/team/{}/pin": _COUNTER,
}

CALLS: list[Documented] = []
