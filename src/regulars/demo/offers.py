"""What the two demo businesses sell, and what their points programmes promise."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Item:
    """A SKU. `weight` is how often it is bought; a retired one says how many days ago it went."""

    code: str
    name: str
    category: str
    price: Decimal
    cost: Decimal
    weight: int
    retired_days_ago: int | None = None


@dataclass(frozen=True, slots=True)
class Deal:
    """A promotion on sales; what it names is named by code, a branch by its place.

    `first_weekday` (Monday is 0) makes it four: one for the first such day of this month, of the two before
    it and of the next.
    """

    code: str
    name: str
    percent: Decimal
    fixed: int = 0
    group: str | None = None
    category: str | None = None
    item: str | None = None
    place: int | None = None
    first_weekday: int | None = None


@dataclass(frozen=True, slots=True)
class Gift:
    """A promotion on an event; `since_days` says how many days ago it began."""

    code: str
    name: str
    points: int
    event: str
    group: str | None = None
    quickscan: str = ""
    since_days: int | None = None


@dataclass(frozen=True, slots=True)
class Perk:
    """A voucher. `terms` are the fields of the action that adds it, but for what it names.

    One with `precodes` is the shop's gift card: for whoever bears it, with so many codes printed beforehand.
    `weight` is how often members choose it themselves, where they may.
    """

    code: str
    name: str
    terms: dict[str, Any]
    group: str | None = None
    item: str | None = None
    precodes: int = 0
    weight: int = 0


@dataclass(frozen=True, slots=True)
class Offer:
    """All that a shop sells and promises. Prices hold the tax, whose name and percentage `tax` is."""

    tax: tuple[str, Decimal]
    expire_months: int | None
    refund_policy: str
    sale_cap: int | None
    point_value: Decimal
    categories: dict[str, str]
    items: tuple[Item, ...]
    deals: tuple[Deal, ...]
    gifts: tuple[Gift, ...]
    perks: tuple[Perk, ...]

    @property
    def gift_card(self) -> str | None:
        """The code of the voucher that is sold as a gift card."""
        return next((perk.code for perk in self.perks if perk.precodes), None)


def _items(category: str, *items: tuple[str, str, str, str, int]) -> tuple[Item, ...]:
    return tuple(
        Item(code, name, category, Decimal(price), Decimal(cost), weight)
        for code, name, price, cost, weight in items
    )


# Ten points for 100 rupees, and a point is worth half a rupee.
PARIJATA = Offer(
    tax=("GST 5%", Decimal(5)),
    expire_months=6,
    refund_policy="to_zero",
    sale_cap=500,
    point_value=Decimal("0.50"),
    categories={"DRINKS": "Drinks", "TIFFIN": "Tiffin and bakes", "BEANS": "Beans and powder to take home"},
    items=(
        *_items(
            "DRINKS",
            ("FILTER", "Filter coffee", "60", "14", 30),
            ("CHAI", "Masala chai", "50", "11", 14),
            ("CAPPUCCINO", "Cappuccino", "140", "38", 18),
            ("COLDBREW", "Cold brew", "190", "52", 8),
        ),
        *_items(
            "TIFFIN",
            ("IDLI", "Idli vada", "90", "30", 8),
            ("DOSA", "Masala dosa", "120", "41", 8),
            ("BUN", "Cardamom bun", "70", "22", 7),
        ),
        Item("MANGO", "Mango cheesecake", "TIFFIN", Decimal(180), Decimal(70), 4, retired_days_ago=150),
        *_items(
            "BEANS",
            ("POWDER250", "House blend filter powder, 250 g", "280", "150", 4),
            ("MALABAR250", "Monsooned Malabar, 250 g", "420", "230", 6),
            ("COORG500", "Coorg Arabica, 500 g", "760", "430", 2),
        ),
    ),
    deals=(
        Deal("TEN", "Ten points for every 100 rupees", Decimal(10)),
        Deal("BEANS", "Beans bonus", Decimal(5), fixed=10, category="BEANS"),
        Deal("GOLD", "Gold: half as much again", Decimal(5), group="Gold"),
        Deal("TIFFIN", "Tiffin Wednesday", Decimal(20), category="TIFFIN", first_weekday=2),
    ),
    gifts=(
        Gift("WELCOME", "Welcome to Parijata Regulars", 50, "signup"),
        Gift("BIRTHDAY", "Happy birthday", 100, "birthday"),
        Gift("GOLDMONTH", "A new month with Gold", 25, "monthly", group="Gold", since_days=180),
        Gift("COUNTER", "At the counter", 0, "quickscan", quickscan="Own cup:5, Tasting:20, Kind review:40"),
    ),
    perks=(
        Perk(
            "FIFTY",
            "50 rupees off",
            {
                "points_required": 100,
                "value": Decimal(50),
                "min_value": Decimal(60),
                "expires_after_days": 90,
                "available_for_self_selection": True,
                "voucher_details": "Show the code before paying. For purchases of 60 rupees or more.",
            },
            weight=6,
        ),
        Perk(
            "MALABAR15",
            "15 percent off Monsooned Malabar",
            {
                "points_required": 80,
                "value": Decimal(15),
                "value_type": 1,
                "limited_to_per_member": 4,
                "expires_after_days": 60,
                "available_for_self_selection": True,
            },
            item="MALABAR250",
            weight=1,
        ),
        Perk(
            "TURN200",
            "200 points as money off",
            {
                "points_required": 200,
                "value_type": 2,
                "min_value": Decimal(100),
                "expires_after_days": 180,
                "available_for_self_selection": True,
            },
            weight=3,
        ),
        Perk(
            "TASTING",
            "Gold tasting: come and get 40 points",
            {
                "points_required": 10,
                "can_be_redeemed_for_points": 40,
                "limited_to_per_member": 1,
                "available_for_self_selection": True,
            },
            group="Gold",
            weight=1,
        ),
        Perk(
            "GOLDBIRTHDAY",
            "Gold: a birthday treat up to 150 rupees",
            {"value": Decimal(150), "auto_allocate_on_event": "birthday", "expires_after_days": 60},
            group="Gold",
        ),
        Perk(
            "BUSY",
            "Thank you for 600 points in three months",
            {
                "value": Decimal(120),
                "trigger_on_total_points_earned": 600,
                "points_earned_in_months": 3,
                "expires_after_days": 45,
            },
        ),
        Perk(
            "GIFT500",
            "Gift card, 500 rupees",
            {"value": Decimal(500), "expires_after_days": 365},
            precodes=20,
        ),
    ),
)

# Ten points for a euro, and a hundred points are worth 50 cents.
FORNADA = Offer(
    tax=("IVA 13%", Decimal(13)),
    expire_months=None,
    refund_policy="allow_negative",
    sale_cap=None,
    point_value=Decimal("0.005"),
    categories={"PAO": "Pão", "PASTELARIA": "Pastelaria", "CAFETARIA": "Cafetaria"},
    items=(
        *_items(
            "PAO",
            ("CARCACA", "Carcaça", "0.35", "0.11", 6),
            ("CENTEIO", "Pão de centeio", "3.20", "1.10", 12),
        ),
        *_items(
            "PASTELARIA",
            ("NATA", "Pastel de nata", "1.40", "0.42", 26),
            ("BERLIM", "Bola de Berlim", "1.80", "0.55", 9),
            ("CROISSANT", "Croissant misto", "2.90", "0.95", 10),
        ),
        Item("BOLOREI", "Bolo-rei", "PASTELARIA", Decimal("18.50"), Decimal("7.40"), 3, retired_days_ago=210),
        *_items(
            "CAFETARIA",
            ("BICA", "Café", "0.90", "0.18", 20),
            ("GALAO", "Galão", "1.70", "0.40", 12),
        ),
    ),
    deals=(
        Deal("DEZ", "Dez pontos por euro", Decimal(1000)),
        Deal("CENTEIO", "Mais cinco pontos no pão de centeio", Decimal(0), fixed=5, item="CENTEIO"),
        Deal("GRACA", "Bom dia, Graça", Decimal(200), place=1),
        Deal("DOMINGO", "Primeiro domingo do mês", Decimal(1000), category="PASTELARIA", first_weekday=6),
    ),
    gifts=(
        Gift("BEMVINDO", "Bem-vindo", 50, "signup"),
        Gift("ANOS", "Parabéns", 100, "birthday"),
        Gift("UMANO", "Mais um ano connosco", 150, "signup_anniversary"),
        Gift("BALCAO", "Ao balcão", 0, "quickscan", quickscan="calc min:2"),
    ),
    perks=(
        Perk(
            "EURO",
            "1 euro de desconto",
            {
                "points_required": 200,
                "value": Decimal(1),
                "expires_after_days": 90,
                "available_for_self_selection": True,
            },
            weight=1,
        ),
        Perk(
            "MIL",
            "5 euros por mil pontos",
            {
                "points_required": 1000,
                "value": Decimal(5),
                "min_value": Decimal(2),
                "auto_allocate_on_event": "points_reach_required",
            },
        ),
        Perk(
            "CABAZ",
            "Cheque-oferta de 10 euros",
            {"value": Decimal(10), "expires_after_days": 365},
            precodes=12,
        ),
    ),
)
