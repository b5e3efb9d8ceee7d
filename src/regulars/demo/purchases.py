"""What customers of a demo business put on the counter, and which vouchers they ask for and hand over."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator

from regulars.demo.happenings import Buys, ChoosesVoucher, Collects, Happening, UsesVoucher
from regulars.demo.people import Person
from regulars.demo.shops import Shop

# How often a purchase is rung up with the card: some pay and only have their stamps given.
_RUNG_UP = 0.55
_USES = 0.2
_CHOOSES = 0.09


def draw_purchase(
    rng: random.Random, shop: Shop, person: Person, days_ago: int, visit: Collects
) -> Iterator[Happening]:
    """What somebody buys on a visit so many days ago, a minute after the stamps, and their vouchers."""
    if rng.random() > _RUNG_UP:
        return
    on_sale = [
        item for item in shop.offer.items if item.retired_days_ago is None or days_ago > item.retired_days_ago
    ]
    (item,) = rng.choices(on_sale, weights=[item.weight for item in on_sale])
    paid = visit.at + dt.timedelta(seconds=rng.randint(75, 110))
    who = (visit.place, visit.colleague, visit.person)
    if rng.random() < _USES:
        yield UsesVoucher(paid - dt.timedelta(seconds=10), *who, item.code, visit.count)
    yield Buys(paid, *who, item.code, visit.count)
    if rng.random() < _CHOOSES:
        offered = [perk for perk in shop.offer.perks if perk.weight and perk.group in {None, person.group}]
        (perk,) = rng.choices(offered, weights=[perk.weight for perk in offered])
        yield ChoosesVoucher(paid + dt.timedelta(seconds=20), *who, perk.code)
