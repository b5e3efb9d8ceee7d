"""What a shop does with its database: run as a program, which tells what came of it as one line of JSON."""

import json
import sys
from typing import Any

import django


def main() -> None:
    """Take back what was done before the upgrade, stamp, enrol, erase; then the figures."""
    from django_scopes import scopes_disabled  # noqa: PLC0415 - needs Django

    from regulars.analytics import queries  # noqa: PLC0415
    from regulars.analytics.audit import audit  # noqa: PLC0415
    from regulars.analytics.models import Erased, Watermark  # noqa: PLC0415
    from regulars.analytics.rollup import roll_up_all  # noqa: PLC0415
    from regulars.ledger import actions as ledger  # noqa: PLC0415
    from regulars.ledger.models import Card  # noqa: PLC0415
    from regulars.members.actions import delete_member  # noqa: PLC0415
    from regulars.tenants.models import Business  # noqa: PLC0415

    shop = Business.objects.get()
    with scopes_disabled():
        bela = Card.objects.get(pk=2)
    told: dict[str, Any] = {
        "reopened": ledger.undo(business_id=shop.pk, entry_id=5).entry_id,
        "undone": ledger.undo(business_id=shop.pk, entry_id=3).rewards,
    }
    ledger.add_stamps(business_id=shop.pk, qr_code=bela.qr_code, count=1)
    told["member"] = ledger.enrol(business=shop, name="Chandra", phone="+919876500004").pk
    told["rolled up"] = roll_up_all()
    told["watermark"] = Watermark.objects.get().entry_id
    delete_member(business_id=shop.pk, member_id=1)
    roll_up_all()
    figures = queries.stats(shop)
    told["stamps"] = figures.total_stamps
    told["pending"] = figures.pending_rewards
    with scopes_disabled():
        told["erased"] = Erased.objects.values_list("members", "stamps").get()
    told["differences"] = audit().differences
    json.dump(told, sys.stdout, default=str)


if __name__ == "__main__":
    django.setup()
    main()
