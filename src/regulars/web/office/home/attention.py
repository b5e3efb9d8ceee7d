"""What needs somebody's attention: a few questions that cost little, each with the place to answer it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from allauth.account.models import EmailAddress
from django.db.models import Q
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars import db
from regulars.campaigns.models import Campaign
from regulars.outbox.models import WebhookEndpoint
from regulars.tenants.models import Branch
from regulars.tenants.plans import plan_of
from regulars.tenants.setup import DONE, LOOK, POSTER, PROGRAMME
from regulars.web import mail
from regulars.web.office.desk import Desk
from regulars.web.office.tags import number as shown

# So few pre-loaded codes of a voucher are left when we say so.
FEW_CODES: Final = 10
# A plan's limit is near from so many hundredths of it on.
NEAR_LIMIT: Final = 90


@dataclass(frozen=True, slots=True)
class Matter:
    """Something to look at: what, where, and what the button there is called."""

    text: str
    url: str
    button: str
    icon: str = "info"
    urgent: bool = False


def matters(desk: Desk, members: int) -> list[Matter]:
    """What needs attention of this person, urgent first. `members` is how many there are."""
    found: list[Matter] = []
    for look in _LOOKS:
        with suppress(NoReverseMatch):  # a page that this installation does not have
            found.extend(look(desk, members))
    return sorted(found, key=lambda one: not one.urgent)


def _start(desk: Desk, members: int) -> Iterator[Matter]:
    if not desk.may("settings.edit") or desk.branch_id is not None:
        return
    if desk.business.setup_step != DONE:
        left = {PROGRAMME: _("the programme"), LOOK: _("the look"), POSTER: _("the first scan")}
        names = [name for step, name in left.items() if step >= desk.business.setup_step]
        text = _("Your first steps are not finished. Left: %(steps)s.") % {"steps": ", ".join(names)}
        yield Matter(text, desk.url("start"), _("Go on"), "play", urgent=True)
    elif not members:
        text = _("No member has joined yet. A poster at the counter lets customers join by themselves.")
        yield Matter(text, desk.url("start-poster"), _("Print the poster"), "print", urgent=True)


def _webhooks(desk: Desk, members: int) -> Iterator[Matter]:
    if not desk.may("api.edit"):
        return
    failing = Q(is_active=True, failures__gte=3) | Q(is_active=False, disabled_at__isnull=False)
    number = WebhookEndpoint.objects.filter(failing).count()
    if number:
        text = ngettext(
            "%(count)s webhook does not reach its address.",
            "%(count)s webhooks do not reach their addresses.",
            number,
        )
        yield Matter(text % {"count": shown(number)}, desk.url("webhooks"), _("Look"), "link", urgent=True)


def _drafts(desk: Desk, members: int) -> Iterator[Matter]:
    if not desk.may("campaigns.edit") or not plan_of(desk.business).campaigns:
        return
    number = Campaign.objects.filter(status=Campaign.Status.DRAFT).count()
    if number:
        text = ngettext(
            "%(count)s campaign is written and not sent.",
            "%(count)s campaigns are written and not sent.",
            number,
        )
        yield Matter(text % {"count": shown(number)}, desk.url("campaigns"), _("Look"), "campaigns")


_LEFT = """
SELECT * FROM (
    SELECT v.id, v.name, (SELECT COUNT(*) FROM (SELECT 1 FROM vouchers_precode p
        WHERE p.voucher_id = v.id AND p.used_at IS NULL LIMIT %s) few) AS codes
    FROM vouchers_voucher v WHERE v.business_id = %s) f
WHERE codes BETWEEN 1 AND %s ORDER BY codes, id LIMIT 3"""


def _codes(desk: Desk, members: int) -> Iterator[Matter]:
    if not desk.may("vouchers.edit"):
        return
    for _id, name, left in db.run(_LEFT, (FEW_CODES, desk.business.pk, FEW_CODES - 1)):
        text = ngettext(
            "%(name)s has %(count)s pre-loaded code left.",
            "%(name)s has %(count)s pre-loaded codes left.",
            left,
        )
        yield Matter(
            text % {"name": name, "count": shown(left)}, desk.url("vouchers"), _("Load more"), "vouchers"
        )


def _limits(desk: Desk, members: int) -> Iterator[Matter]:
    if not desk.may("settings.edit"):
        return
    plan = plan_of(desk.business)
    if plan.max_members is not None and members * 100 >= plan.max_members * NEAR_LIMIT:
        words = {"members": members, "most": plan.max_members}
        text = _("You have %(members)d members, and your plan has room for %(most)d.") % words
        yield Matter(text, desk.url("settings"), _("Look"), "members", urgent=members >= plan.max_members)
    if (
        plan.max_branches is not None
        and plan.max_branches > 1
        and Branch.objects.count() >= plan.max_branches
    ):
        text = _("You have as many branches as your plan has room for: %(most)d.") % {
            "most": plan.max_branches
        }
        yield Matter(text, desk.url("settings"), _("Look"), "building")


def _mail(desk: Desk, members: int) -> Iterator[Matter]:
    addresses = EmailAddress.objects.filter(user_id=desk.staff.user_id, email=desk.staff.user.email)
    if addresses.exists() and not addresses.filter(verified=True).exists():
        text = _("Your e-mail address %(email)s is not confirmed.") % {"email": desk.staff.user.email}
        yield Matter(text, reverse("account_email"), _("Confirm it"), "mail")


def _no_mail_leaves(desk: Desk, members: int) -> Iterator[Matter]:
    if desk.may("campaigns.edit") and (text := mail.unsent()):
        yield Matter(text, desk.url("messages"), _("Look"), "mail")


_LOOKS: Final[tuple[Callable[[Desk, int], Iterator[Matter]], ...]] = (
    _start, _webhooks, _limits, _codes, _drafts, _mail, _no_mail_leaves,
)  # fmt: skip
