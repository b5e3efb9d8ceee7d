"""What the audit log calls what was done, and to what: the one table, and a test that it names everything.

An action is "thing.verb": `THINGS` names the thing and `VERBS` the verb, unless `WHOLE` has words for both.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from django.apps import apps
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = dict[str, Promise]
# Files are named with the number of the thing that they are about.
_NUMBERED: Final = re.compile(r"-[0-9]+-")

THINGS: Final[Words] = {
    "api-key": _("API key"),
    "audit-log": _("Audit log"),
    "branch": _("Branch"),
    "branches": _("Branches"),
    "business": _("Business"),
    "campaign": _("Campaign"),
    "campaign-recipients": _("Recipients of a campaign"),
    "campaigns": _("Campaigns"),
    "categories": _("Categories"),
    "category": _("Category"),
    "event-promotion": _("Promotion for an occasion"),
    "event-promotions": _("Promotions for occasions"),
    "group": _("Group"),
    "home-members": _("Figures of members"),
    "home-sales": _("Figures of sales"),
    "home-stamps": _("Figures of stamps"),
    "labels": _("Names of own fields"),
    "last-visits": _("Report of last visits"),
    "member": _("Member"),
    "members": _("Members"),
    "message": _("Automatic message"),
    "messages": _("Messages"),
    "overview": _("Report of all figures"),
    "peak-hours": _("Report of hours"),
    "points": _("Points programme"),
    "points-owed": _("Report of points owed"),
    "pre-loaded-codes": _("Pre-loaded codes"),
    "product": _("Product"),
    "products": _("Products"),
    "programme": _("Stamp programme"),
    "promotion": _("Promotion"),
    "promotions": _("Promotions"),
    "request-log": _("Request log"),
    "retention": _("Report of who came back"),
    "rewards": _("Report of rewards"),
    "sale": _("Sale"),
    "sales": _("Sales"),
    "scratch-batch": _("Issue of scratch cards"),
    "scratch-campaign": _("Scratch campaign"),
    "scratch-campaigns": _("Scratch campaigns"),
    "scratch-card": _("Scratch card"),
    "scratch-cards": _("Scratch cards"),
    "segment": _("Segment"),
    "suppressed": _("Addresses that are not written to"),
    "suppression": _("Address that is not written to"),
    "team": _("Team"),
    "team-left": _("People who left"),
    "visits": _("Report of visits"),
    "voucher": _("Voucher"),
    "voucher-code": _("Voucher code"),
    "voucher-codes": _("Voucher codes"),
    "vouchers": _("Vouchers"),
    "webhook": _("Webhook"),
    "webhook-delivery": _("Webhook delivery"),
}

VERBS: Final[Words] = {
    "add": _("added"),
    "addresses-exported": _("addresses taken along as a file"),
    "archive": _("put away"),
    "cancel": _("called off"),
    "delete": _("deleted"),
    "edit": _("changed"),
    "end": _("ended"),
    "exported": _("taken along as a file"),
    "go-on": _("goes on"),
    "issue": _("issued"),
    "issue-many": _("issued to many"),
    "load-codes": _("codes loaded"),
    "look": _("look changed"),
    "merge": _("merged"),
    "off": _("switched off"),
    "on": _("switched on"),
    "open": _("opened again"),
    "pause": _("paused"),
    "redeem": _("redeemed"),
    "release": _("set free again"),
    "resend": _("sent again"),
    "reserve": _("reserved"),
    "reset": _("as it was at first again"),
    "restore": _("brought back"),
    "revoke": _("revoked"),
    "secret": _("new secret made"),
    "send": _("sent"),
    "stop": _("stopped"),
    "switch": _("switched on or off"),
    "take-back": _("taken back"),
    "take-back-codes": _("unused codes taken back"),
    "test": _("tested"),
}

WHOLE: Final[Words] = {
    "api-key.sso": _("API key: use for single sign-on changed"),
    "business.started": _("First steps: done"),
    "member.card-replaced": _("Member: new card code"),
    "member.card-sent": _("Member: card mailed"),
    "member.data-given-out": _("Member: own data given out"),
    "member.erased": _("Member: erased"),
    "member.let-in-again": _("Member: collects again"),
    "member.points-changed": _("Member: points given or taken"),
    "member.reward-handed-out": _("Member: reward handed out"),
    "member.stamps-given": _("Member: stamps given"),
    "member.stamps-taken": _("Member: stamps taken"),
    "member.suspended": _("Member: suspended"),
    "member.taken-back": _("Member: something taken back"),
    "members.group-changed": _("Members: put into a group or taken out"),
    "operator.account_close": _("Operator closed an account"),
    "operator.account_open": _("Operator opened an account again"),
    "operator.add": _("Operator added"),
    "operator.close": _("Operator closed the business"),
    "operator.enter": _("Operator signed in as the business"),
    "operator.job_cancel": _("Operator cancelled a job"),
    "operator.job_retry": _("Operator ran a job again"),
    "operator.key_revoke": _("Operator revoked an API key"),
    "operator.leave": _("Operator left the business"),
    "operator.limits": _("Operator changed plan or limits"),
    "operator.new": _("Operator made the business"),
    "operator.open": _("Operator opened the business again"),
    "operator.remove": _("Operator removed"),
    "report.reward-cost": _("Cost of a reward changed"),
    "settings.business": _("Settings: business changed"),
    "settings.cards_make": _("Printed cards made"),
    "settings.counter": _("Settings: counter changed"),
    "settings.device_end": _("Counter device: signed out"),
    "settings.device_pair": _("Counter device: code for pairing made"),
    "settings.leave": _("Everything taken along as files"),
    "settings.logo_remove": _("Settings: logo removed"),
    "settings.look": _("Settings: look changed"),
    "settings.pages": _("Settings: customers' pages changed"),
    "settings.sso_legacy_off": _("Single sign-on: old formula switched off"),
    "settings.sso_legacy_on": _("Single sign-on: old formula switched on"),
    "settings.sso_secret_add": _("Single sign-on: secret made"),
    "settings.sso_secret_revoke": _("Single sign-on: secret revoked"),
    "team.forget-name": _("Team: name of somebody who left forgotten"),
    "team.invite": _("Team: invited again"),
    "team.pin": _("Team: PIN set or removed"),
    "team.remove": _("Team: somebody removed"),
    "voucher-code.reset": _("Voucher code: redemption undone"),
}

# Kinds of things by the names of their tables, where those are not what people call them.
KINDS: Final[Words] = {
    "apikey": _("API key"),
    "business": _("Business"),
    "counter": _("Number"),
    "countersettings": _("Counter"),
    "device": _("Counter device"),
    "eventpromotion": _("Promotion for an occasion"),
    "membergroup": _("Group"),
    "messagetext": _("Automatic message"),
    "microsite": _("Customers' pages"),
    "pairing": _("Counter device"),
    "pointsadjustment": _("Points given or taken"),
    "precode": _("Pre-loaded code"),
    "program": _("Stamp programme"),
    "rewardcost": _("Cost of a reward"),
    "savedsegment": _("Segment"),
    "scratchbatch": _("Issue of scratch cards"),
    "sku": _("Product"),
    "skucategory": _("Category"),
    "ssosecret": _("Single sign-on secret"),
    "staff": _("Team"),
    "suppression": _("Address that is not written to"),
    "user": _("Person"),
    "voucherissue": _("Vouchers issued"),
    "webhookendpoint": _("Webhook"),
    "delivery": _("Webhook delivery"),
}


def of_action(action: str) -> str | None:
    """An action such as "member.edit" in words; None where the table has none."""
    if action in WHOLE:
        return str(WHOLE[action])
    thing, _dot, verb = _NUMBERED.sub("-", action).partition(".")
    return f"{THINGS[thing]}: {VERBS[verb]}" if thing in THINGS and verb in VERBS else None


def of_kind(kind: str) -> str:
    """A kind of thing in words; that of a table without an entry is what the table is called."""
    return str(KINDS[kind]) if kind in KINDS else _tables().get(kind, kind)


@cache
def _tables() -> dict[str, str]:
    found = {}
    for model in apps.get_models():
        name = str(model._meta.verbose_name)  # noqa: SLF001 - Django's name for it
        found[model._meta.model_name or ""] = name[:1].upper() + name[1:]  # noqa: SLF001 - as above
    return found
