"""Every operation of the REST dialect, with a request that it accepts and with requests for others' records.

The tests that hold for all operations are made from these tables. An operation that is missing here, or whose
identifiers are not tried, makes `test_isolation.py` fail.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db import connection
from django.http.response import HttpResponseBase

from regulars.api.rest.api import api
from regulars.members import blank_cards
from regulars.tenants import actions as tenants
from regulars.tenants.models import Business, Staff
from tests.api import (
    campaign_routes,
    counter_routes,
    group_routes,
    key_routes,
    merging_routes,
    message_routes,
    printing_routes,
    report_routes,
    scratch_routes,
    sso_routes,
    webhook_routes,
)
from tests.api.support import Rest
from tests.api.things import Call, Things
from tests.factories import Shop

# Rooms with a file of their own. Each has NOBODY, furnish, own and foreign; the first two give ids.
ROOMS = (
    campaign_routes,
    counter_routes,
    group_routes,
    key_routes,
    merging_routes,
    message_routes,
    printing_routes,
    report_routes,
    scratch_routes,
    sso_routes,
    webhook_routes,
)


# Records that nobody has.
NOBODY = Things(
    Shop(Business(), Staff(), ""),
    8_888_001,
    "f" * 16,
    8_888_002,
    8_888_003,
    8_888_004,
    8_888_005,
    ("Nobody",),
    {"stamps": 8_888_006} | {name: number for room in ROOMS for name, number in room.NOBODY.items()},
)


def furnish(shop: Shop, word: str) -> Things:
    """Give a shop one of everything; `word` is in all its names."""
    number = str(sum(map(ord, word)))[:4].rjust(4, "5")
    phone, email = f"+91987654{number}", f"{word.lower()}@customers.example"
    branch = shop.branch(f"{word} Street", city=f"{word}abad", latitude=12.9352, longitude=77.6245)
    empty = shop.branch(f"{word} Square")
    card = shop.enrol(f"{word} Sharma", phone=phone, email=email)
    stamps = shop.stamp(card, 17, branch_id=branch.pk).entry_id
    (printed,) = blank_cards.make_blanks(business_id=shop.id, count=1)
    staff = tenants.add_staff(
        business=shop.business, name=f"{word} Singh", email=f"{word.lower()}@staff.example"
    ).staff
    tenants.update_program(business_id=shop.id, reward_description=f"Free {word} cake")
    marks = (
        word,
        word.lower(),
        phone,
        card.qr_code,
        printed.qr_code,
        shop.business.join_code,
        shop.api_key,
        shop.business.slug,
    )
    ids = {name: number for room in ROOMS for name, number in room.furnish(shop, word).items()}
    ids["stamps"] = stamps
    return Things(
        *(shop, card.pk, card.qr_code, branch.pk, empty.pk, staff.pk, shop.owner.pk),
        marks=marks,
        ids=ids,
        printed=printed.qr_code,
    )


def start_ids_at(number: int) -> None:
    """Let every table's next id be this, so that ids of two shops cannot be mistaken for each other."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            tables = [name for name in connection.introspection.table_names(cursor) if "sqlite" not in name]
            for name in tables:
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [name])
                cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [name, number - 1])
            return
        cursor.execute("SELECT quote_ident(schemaname) || '.' || quote_ident(sequencename) FROM pg_sequences")
        for (name,) in cursor.fetchall():
            cursor.execute("SELECT setval(%s::regclass, %s, false)", [name, number])


def own(mine: Things) -> dict[str, Call]:
    """What each operation accepts. Its answer is a success with the shop's own records."""
    table = {
        "GET /api/business": Call(),
        "PATCH /api/business": Call(body={"city": "Mumbai"}),
        "GET /api/business/region": Call(),
        "PATCH /api/business/region": Call(body={"country": "GB", "timezone": "Europe/London"}),
        "GET /api/program": Call(),
        "PATCH /api/program": Call(body={"stamps_required": 10}),
        "GET /api/points/program": Call(),
        "PATCH /api/points/program": Call(body={"points_expire_months": 12, "point_value": "0.02"}),
        "GET /api/microsite": Call(),
        "PATCH /api/microsite": Call(body={"about": "Since 1987.", "language": "de", "join_open": False}),
        "GET /api/customers": Call(query={"page": 1, "per_page": 100, "q": "sharma"}),
        "POST /api/customers": Call(
            201, body={"name": "Rahul Mehta", "phone": "9123456780", "email": "rahul@example.com"}
        ),
        "GET /api/customers/{customer_id}": Call(path={"customer_id": mine.customer_id}),
        "DELETE /api/customers/{customer_id}": Call(path={"customer_id": mine.customer_id}),
        "GET /api/customers/{customer_id}/data": Call(path={"customer_id": mine.customer_id}),
        "POST /api/stamps/add": Call(body={"qr_code": mine.qr_code, "count": 3, "branch_id": mine.branch_id}),
        "POST /api/customers/{customer_id}/stamps/take": Call(
            path={"customer_id": mine.customer_id},
            body={"count": 1, "reason": "Rain", "branch_id": mine.branch_id},
        ),
        "POST /api/rewards/redeem": Call(body={"qr_code": mine.qr_code}),
        "GET /api/rewards": Call(query={"page": 1, "per_page": 100}),
        "GET /api/transactions": Call(query={"branch_id": mine.branch_id, "type": "stamp_add"}),
        "POST /api/transactions/{transaction_id}/undo": Call(path={"transaction_id": mine.ids["stamps"]}),
        "POST /api/customers/{customer_id}/card/replace": Call(
            path={"customer_id": mine.customer_id}, body={"qr_code": mine.printed}
        ),
        "GET /api/stats": Call(),
        "GET /api/analytics": Call(query={"range": 7}),
        "GET /api/team": Call(),
        "POST /api/team": Call(201, body={"name": "Neha Singh", "email": "neha@sunrise.example"}),
        "PATCH /api/team/{staff_id}": Call(path={"staff_id": mine.staff_id}, body={"name": "Neha"}),
        "POST /api/team/{staff_id}/invite": Call(path={"staff_id": mine.staff_id}),
        "DELETE /api/team/{staff_id}": Call(path={"staff_id": mine.staff_id}),
        "GET /api/branches": Call(),
        "GET /api/branches/nearest": Call(query={"lat": 12.9352, "lng": 77.6245}),
        "POST /api/branches": Call(201, body={"name": "Indiranagar"}),
        "PATCH /api/branches/{branch_id}": Call(path={"branch_id": mine.branch_id}, body={"city": "Mysuru"}),
        "DELETE /api/branches/{branch_id}": Call(path={"branch_id": mine.empty_branch_id}),
    }
    for room in ROOMS:
        table |= room.own(mine)
    return table


def foreign(mine: Things, theirs: Things) -> dict[str, list[Call]]:
    """Each way to name another shop's record.

    The answer is 404; a list that is filtered by a record that the shop does not have is empty.
    """
    table = {
        "GET /api/customers": [Call(query={"q": theirs.marks[0]})],
        "GET /api/customers/{customer_id}": [Call(404, path={"customer_id": theirs.customer_id})],
        "DELETE /api/customers/{customer_id}": [Call(404, path={"customer_id": theirs.customer_id})],
        "GET /api/customers/{customer_id}/data": [Call(404, path={"customer_id": theirs.customer_id})],
        "POST /api/stamps/add": [
            Call(404, body={"qr_code": theirs.qr_code}),
            Call(404, body={"qr_code": mine.qr_code, "branch_id": theirs.branch_id}),
            Call(404, body={"qr_code": theirs.qr_code, "branch_id": theirs.branch_id}),
            Call(404, body={"qr_code": theirs.qr_code, "branch_id": mine.branch_id}),
        ],
        "POST /api/customers/{customer_id}/stamps/take": [
            Call(404, path={"customer_id": customer}, body={"count": 1, "reason": "Rain"} | branch)
            for customer, branch in (
                (theirs.customer_id, {}),
                (theirs.customer_id, {"branch_id": mine.branch_id}),
                (theirs.customer_id, {"branch_id": theirs.branch_id}),
                (mine.customer_id, {"branch_id": theirs.branch_id}),
            )
        ],
        "POST /api/rewards/redeem": [Call(404, body={"qr_code": theirs.qr_code})],
        "GET /api/transactions": [
            Call(query={"customer_id": theirs.customer_id}),
            Call(query={"branch_id": theirs.branch_id}),
            Call(
                query={"customer_id": theirs.customer_id, "branch_id": theirs.branch_id, "type": "stamp_add"}
            ),
        ],
        "POST /api/transactions/{transaction_id}/undo": [
            Call(404, path={"transaction_id": theirs.ids["stamps"]})
        ],
        "POST /api/customers": [
            Call(404, body={"name": "Zoya", "phone": "9123456789", "qr_code": theirs.printed})
        ],
        "POST /api/customers/{customer_id}/card/replace": [
            Call(404, path={"customer_id": theirs.customer_id}),
            Call(404, path={"customer_id": theirs.customer_id}, body={"qr_code": mine.printed}),
            Call(404, path={"customer_id": mine.customer_id}, body={"qr_code": theirs.printed}),
        ],
        "POST /api/team": [
            Call(404, body={"name": "Z", "email": "z@sunrise.example", "branch_id": theirs.branch_id})
        ],
        "PATCH /api/team/{staff_id}": [
            Call(404, path={"staff_id": theirs.staff_id}, body={"name": "Taken over"}),
            Call(404, path={"staff_id": mine.staff_id}, body={"branch_id": theirs.branch_id}),
        ],
        "POST /api/team/{staff_id}/invite": [Call(404, path={"staff_id": theirs.staff_id})],
        "DELETE /api/team/{staff_id}": [
            Call(404, path={"staff_id": theirs.staff_id}),
            Call(404, path={"staff_id": theirs.owner_id}),
        ],
        "PATCH /api/branches/{branch_id}": [
            Call(404, path={"branch_id": theirs.branch_id}, body={"name": "Taken over"}),
            Call(404, path={"branch_id": theirs.branch_id}, body={}),
        ],
        "DELETE /api/branches/{branch_id}": [
            Call(404, path={"branch_id": theirs.branch_id}),
            Call(404, path={"branch_id": theirs.empty_branch_id}),
        ],
    }
    for room in ROOMS:
        table |= room.foreign(mine, theirs)
    return table


@cache
def schema() -> dict[str, Any]:
    """The OpenAPI description as it is served."""
    return dict(api.get_openapi_schema())


def operations() -> dict[str, dict[str, Any]]:
    """What is really served: "GET /api/stats" and its description."""
    return {
        f"{method.upper()} {path}": operation
        for path, methods in schema()["paths"].items()
        for method, operation in methods.items()
    }


def writes() -> list[str]:
    """The operations that change something."""
    return [name for name in operations() if not name.startswith("GET ")]


def send(rest: Rest, operation: str, call: Call, **headers: str) -> HttpResponseBase:
    """Send a call of an operation."""
    method, address = operation.split()
    return rest.send(method, address.format(**call.path), call.body, query=call.query, headers=headers)
