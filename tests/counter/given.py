"""What the tests of the counter begin with."""

from __future__ import annotations

import uuid
from typing import Any

from django_scopes import scopes_disabled

from regulars.counter import devices, doing, operators, pins, scanning, signing
from regulars.counter.doing import Done, Wish
from regulars.counter.models import Action, Device, Scan
from regulars.counter.operators import Operator
from regulars.counter.scanning import Scanned
from regulars.counter.settings import update_settings
from regulars.ledger.models import Card
from regulars.tenants import actions as tenants
from regulars.tenants.models import Staff
from tests.factories import Shop

PIN = "7391"


def new_id() -> uuid.UUID:
    return uuid.uuid4()


def at_work(shop: Shop, staff: Staff | None = None, **branch: Any) -> Operator:
    """The owner, or somebody else, signed in on a device of their own."""
    with scopes_disabled():
        who = Staff.objects.select_related("user", "branch").get(pk=(staff or shop.owner).pk)
        token = operators.begin(who, device=None, **branch)
    return operators.operator_of(token=token)


def again(operator: Operator) -> Operator:
    """The operator after settings were changed."""
    with scopes_disabled():
        token = operators.begin(operator.staff, device=None, branch=operator.branch)
    return operators.operator_of(token=token)


def bob(shop: Shop, **fields: Any) -> Staff:
    """Somebody who works for the owner."""
    given = {"name": "Bob", "email": f"bob{uuid.uuid4().hex[:8]}@shop.example", "password": "a long password"}
    return tenants.add_staff(business=shop.business, **(given | fields)).staff


def tablet(shop: Shop, **where: Any) -> tuple[Device, str]:
    """A paired device, and its token."""
    _, code = devices.create_pairing(business_id=shop.id, **where)
    return devices.pair(code=code, name="Tablet")


def by_pin(shop: Shop, token: str, staff: Staff | None = None) -> Operator:
    """Somebody signed in at a device."""
    who = staff or shop.owner
    pins.set_pin(business_id=shop.id, staff_id=who.pk, pin=PIN)
    made = signing.sign_in_with_pin(device_token=token, staff_id=who.pk, pin=PIN)
    return operators.operator_of(token=made.token, device_token=token)


def rules(shop: Shop, **changes: Any) -> None:
    """The counter's settings."""
    update_settings(business_id=shop.id, **changes)


def scan(operator: Operator, text: str, client_id: uuid.UUID | None = None) -> Scanned:
    return scanning.scan(operator=operator, client_id=client_id or new_id(), text=text)


def do(operator: Operator, kind: str, card: Card | None = None, **more: Any) -> Done:
    """One thing done. What is no field of a wish is one of the kind of action."""
    known = {name: more.pop(name) for name in list(more) if name in Wish.__dataclass_fields__}
    usual: dict[str, Any] = {"kind": kind, "client_id": new_id(), "fields": more}
    if card is not None:
        usual["member_id"] = card.pk
    return doing.act(operator=operator, wish=Wish(**(usual | known)))


def scans(shop: Shop) -> list[Scan]:
    with scopes_disabled():
        return list(Scan.objects.filter(business=shop.business).order_by("pk"))


def actions(shop: Shop) -> list[Action]:
    with scopes_disabled():
        return list(Action.objects.filter(business=shop.business).order_by("pk"))


def card_of(card: Card) -> Card:
    """A card as it is now."""
    with scopes_disabled():
        return Card.objects.get(pk=card.pk)
