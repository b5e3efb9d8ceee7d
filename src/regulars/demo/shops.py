"""What the two demo businesses are: invented names at real places."""

from __future__ import annotations

from dataclasses import dataclass

from regulars.demo import outreach, storefront
from regulars.demo.names import BENGALURU, LISBON, Community
from regulars.demo.offers import FORNADA, PARIJATA, Offer
from regulars.demo.office import Office


@dataclass(frozen=True, slots=True)
class Place:
    """A branch. `share` is its part of the customers; a closed one says how many days ago it closed."""

    name: str
    address: str
    phone: str
    latitude: float
    longitude: float
    share: int
    closed_days_ago: int | None = None


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody on the team. `place` is the branch where they work; the owner helps out everywhere."""

    name: str
    email: str
    password: str
    role: str
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Shop:
    """A demo business.

    `later_reward` replaces `reward` half a year ago. `groups` are for the most and the second most loyal.
    `weekdays` says how busy each day is, Monday first; `hours` and `weekend_hours` how busy each hour.
    """

    seed: str
    name: str
    business_type: str
    country: str
    timezone: str
    currency: str
    plan: str
    phone: str
    address: str
    city: str
    state: str
    pincode: str
    program_name: str
    goal: int
    reward: str
    later_reward: str | None
    terms: str
    birthday_bonus: int
    places: tuple[Place, ...]
    team: tuple[Colleague, ...]
    communities: tuple[Community, ...]
    phone_prefix: str
    phone_digits: int
    members: int
    suspended: int
    groups: tuple[str, str] | None
    offer: Offer
    outreach: outreach.Outreach
    storefront: storefront.Storefront
    office: Office
    weekdays: tuple[float, ...]
    hours: dict[int, int]
    weekend_hours: dict[int, int]
    least_today: int


# Telephone numbers begin as no number of the country does, so that nobody is ever called by a demo.
CAFE = Shop(
    seed="parijata",
    name="Parijata Coffee House",
    business_type="Café",
    country="IN",
    timezone="Asia/Kolkata",
    currency="INR",
    plan="professional",
    phone="+915000000100",
    address="118 Sampige Road",
    city="Bengaluru",
    state="Karnataka",
    pincode="560003",
    program_name="Parijata Regulars",
    goal=8,
    reward="A filter coffee on the house",
    later_reward="Any hot drink on the house",
    terms="One stamp for each drink. Not valid with other offers. Please show your card before paying.",
    birthday_bonus=2,
    places=(
        Place("Malleshwaram", "118 Sampige Road", "+915000000101", 13.0033, 77.5713, 40),
        Place("Jayanagar", "27 11th Main Road, 4th Block", "+915000000102", 12.9291, 77.5829, 25),
        Place("Indiranagar", "64 12th Main Road, HAL 2nd Stage", "+915000000103", 12.9703, 77.6404, 25),
        Place("Basavanagudi", "9 Gandhi Bazaar Main Road", "+915000000104", 12.9454, 77.5713, 10, 130),
    ),
    team=(
        Colleague("Meera Rao", "meera@parijata.example", "filter-kaapi-time", "owner"),
        Colleague("Imran Pasha", "imran@parijata.example", "two-by-three-cups", "staff", 0),
        Colleague("Lakshmi Gowda", "lakshmi@parijata.example", "cardamom-bun-24", "staff", 1),
        Colleague("Joel D'Souza", "joel@parijata.example", "steel-tumbler-8", "staff", 2),
        Colleague("Divya Nair", "divya@parijata.example", "banana-leaf-green", "manager", 3),
    ),
    communities=BENGALURU,
    phone_prefix="+9150000",
    phone_digits=5,
    members=250,
    suspended=4,
    groups=("Gold", "Regular"),
    offer=PARIJATA,
    outreach=outreach.PARIJATA,
    storefront=storefront.PARIJATA,
    office=Office(
        field="Favourite drink",
        values=("Filter coffee", "Cappuccino", "Masala tea", "Cold brew", "Lime soda"),
        searches={
            "Not seen for two months": {"absent_for": 60},
            "Close to a reward": {"near_reward": True},
            "Can be written to": {"has_email": True, "optout_email": False},
        },
    ),
    weekdays=(0.95, 0.9, 0.95, 1.0, 1.1, 1.3, 1.15),
    hours={
        7: 4, 8: 10, 9: 11, 10: 7, 11: 5, 12: 4, 13: 6, 14: 4,
        15: 5, 16: 8, 17: 10, 18: 9, 19: 6, 20: 4, 21: 2,
    },
    weekend_hours={
        7: 2, 8: 5, 9: 9, 10: 12, 11: 11, 12: 8, 13: 7, 14: 5,
        15: 6, 16: 9, 17: 10, 18: 9, 19: 7, 20: 5, 21: 3,
    },
    least_today=3,
)  # fmt: skip

BAKERY = Shop(
    seed="fornada",
    name="Padaria Boa Fornada",
    business_type="Bakery",
    country="PT",
    timezone="Europe/Lisbon",
    currency="EUR",
    plan="growth",
    phone="+351950000100",
    address="Rua Ferreira Borges 82",
    city="Lisboa",
    state="Lisboa",
    pincode="1350-133",
    program_name="Cartão Boa Fornada",
    goal=10,
    reward="Um pastel de nata e um café",
    later_reward=None,
    terms="Um carimbo por visita.",
    birthday_bonus=0,
    places=(
        Place("Campo de Ourique", "Rua Ferreira Borges 82", "+351950000101", 38.7178, -9.1654, 65),
        Place("Graça", "Largo da Graça 31", "+351950000102", 38.7165, -9.1309, 35),
    ),
    team=(
        Colleague("Teresa Marques", "teresa@boafornada.example", "massa-mae-viva", "owner"),
        Colleague("Rui Pinheiro", "rui@boafornada.example", "forno-de-lenha", "staff", 1),
    ),
    communities=LISBON,
    phone_prefix="+351950",
    phone_digits=6,
    members=40,
    suspended=1,
    groups=None,
    offer=FORNADA,
    outreach=outreach.FORNADA,
    storefront=storefront.FORNADA,
    office=Office(
        field="Usual bread",
        values=("Broa de milho", "Pão alentejano", "Papo-secos"),
        searches={"Not seen for a month": {"absent_for": 30}},
    ),
    weekdays=(0.6, 0.95, 1.0, 1.0, 1.1, 1.35, 1.25),
    hours={7: 8, 8: 12, 9: 9, 10: 6, 11: 5, 12: 6, 13: 6, 14: 3, 15: 3, 16: 6, 17: 8, 18: 8},
    weekend_hours={7: 4, 8: 8, 9: 12, 10: 13, 11: 11, 12: 8, 13: 5, 14: 3, 15: 3, 16: 5, 17: 5, 18: 4},
    least_today=1,
)

SHOPS = (CAFE, BAKERY)
