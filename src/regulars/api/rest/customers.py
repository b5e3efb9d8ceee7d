"""`/api/customers`."""

from typing import IO, Annotated, Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Query, Router

from regulars import spool
from regulars.api.rest.auth import identity_of
from regulars.api.rest.common import (
    IDEMPOTENT,
    PageNumber,
    PerPage,
    answered,
    card_url,
    clamp,
    known_id,
    maybe_a_body,
    parse_day,
    printed,
)
from regulars.api.rest.envelope import data, listed
from regulars.api.rest.personal import CUSTOMER_DATA
from regulars.api.rest.schemas import (
    CustomerOut,
    CustomerRow,
    Data,
    Deleted,
    Enrol,
    Enrolled,
    Listed,
    ReplaceCard,
)
from regulars.api.rest.stamps import QR_CODE_LENGTH
from regulars.api.rest.writes import answers
from regulars.ledger import printed as ledger
from regulars.ledger import queries
from regulars.ledger.models import Card
from regulars.ledger.queries import KIND_NAMES
from regulars.members import actions as members
from regulars.members import own_data
from regulars.rules.text import clean_text
from regulars.tenants.models import Business
from regulars.tenants.queries import business_by_id

router = Router(tags=["Customers"])

_ANY_CARD = ReplaceCard()  # a request without a body


def customer_row(card: Card, business: Business) -> dict[str, Any]:
    """A customer as lists show them."""
    member = card.member
    return {
        "id": member.pk,
        "name": member.name,
        "email": member.email or None,
        "phone": member.cell or None,
        "current_stamps": card.stamps,
        "pending_rewards": card.pending_rewards,
        "total_visits": card.total_visits,
        "rewards_redeemed": card.rewards_redeemed,
        "points_balance": card.points,
        "joined_at": printed(member.joined_at, business),
        "last_visit": printed(card.last_visit_at, business),
        "stamps_required": business.program.stamps_required,
    }


def _printed_code(body: Enrol | ReplaceCard) -> str:
    return clean_text(body.qr_code or "", field="qr_code", max_length=QR_CODE_LENGTH)


@router.get("/customers", response=answered(Listed[CustomerRow]), summary="List customers")
@answers()
def list_customers(
    request: HttpRequest,
    page: PageNumber = 1,
    per_page: PerPage = 20,
    q: Annotated[str, Query(max_length=200, description="Part of a name, email or phone")] = "",
) -> dict[str, Any]:
    """Customers, newest first. `q` finds any part of name, email or phone, whatever the case."""
    business = business_by_id(identity_of(request).business_id)
    wanted = clean_text(q, field="q", max_length=200)
    found = queries.customers(business_id=business.pk, page=page, per_page=clamp(per_page), q=wanted)
    return listed(found, [customer_row(card, business) for card in found.rows])


@router.get(
    "/customers/{int:customer_id}", response=answered(Data[CustomerOut], also=(404,)), summary="Get customer"
)
@answers()
def get_customer(request: HttpRequest, customer_id: int) -> dict[str, Any]:
    """One customer with their last 20 transactions."""
    business = business_by_id(identity_of(request).business_id)
    card = queries.customer(business_id=business.pk, member_id=known_id(customer_id, "customer"))
    entries = queries.recent_transactions(business_id=business.pk, member_id=card.pk)
    activity = [
        {
            "id": entry.pk,
            "transaction_type": KIND_NAMES[entry.kind],
            "stamps_added": entry.stamps,
            "branch_id": entry.branch_id,
            "branch_name": entry.branch.name if entry.branch else None,
            "created_at": printed(entry.occurred_at, business),
            "undone": entry.undone,
        }
        for entry in entries
    ]
    more = {"qr_code": card.qr_code, "card_url": card_url(card.qr_code), "recent_activity": activity}
    return data(customer_row(card, business) | more)


@router.get(
    "/customers/{int:customer_id}/data",
    response=answered(CUSTOMER_DATA, also=(404,)),
    summary="Get all data of a customer",
)
def get_data(request: HttpRequest, customer_id: int) -> HttpResponseBase:
    """Everything that is kept about a customer, for those who ask you for it. Times are in UTC."""
    business_id, pk = identity_of(request).business_id, known_id(customer_id, "customer")

    def write(file: IO[bytes]) -> None:
        file.write(b'{"data":')
        own_data.write_data(business_id=business_id, member_id=pk, file=file)
        file.write(b"}")

    return spool.answer(write, content_type="application/json")


@router.post(
    "/customers",
    response=answered(Data[Enrolled], status=201, also=(404, 409, 422)),
    summary="Enrol a customer",
    openapi_extra=IDEMPOTENT,
)
@answers(201, write=True)
def enrol(request: HttpRequest, body: Enrol) -> dict[str, Any]:
    """Register a customer. A known phone or email answers 409 with that customer's `customer_id`.

    With `qr_code` they get a card that you printed and that nobody had yet.
    """
    card = ledger.enrol(
        business=business_by_id(identity_of(request).business_id),
        name=body.name,
        phone=body.phone or "",
        email=body.email or "",
        birthday=parse_day(body.birthday or None, "birthday"),
        qr_code=_printed_code(body),
    )
    return data({"id": card.pk, "qr_code": card.qr_code, "card_url": card_url(card.qr_code)})


@router.post(
    "/customers/{int:customer_id}/card/replace",
    response=answered(Data[Enrolled], also=(404, 409, 422)),
    summary="Replace a card",
    openapi_extra=IDEMPOTENT | maybe_a_body(ReplaceCard),
)
@answers(write=True)
def replace_card(request: HttpRequest, customer_id: int, body: ReplaceCard = _ANY_CARD) -> dict[str, Any]:
    """Give a customer a card with another code. What lies on it stays; the old code stops working at once.

    With `qr_code` it is a card that you printed and that nobody had yet.
    """
    card = ledger.replace_card(
        business_id=identity_of(request).business_id,
        member_id=known_id(customer_id, "customer"),
        qr_code=_printed_code(body),
    )
    return data({"id": card.pk, "qr_code": card.qr_code, "card_url": card_url(card.qr_code)})


@router.delete(
    "/customers/{int:customer_id}",
    response=answered(Data[Deleted], also=(404, 409, 422)),
    summary="Delete customer",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def delete_customer(request: HttpRequest, customer_id: int) -> dict[str, Any]:
    """Remove a customer with all their stamps and transactions, for good. Daily totals keep their numbers."""
    members.delete_member(
        business_id=identity_of(request).business_id, member_id=known_id(customer_id, "customer")
    )
    return data({"deleted": True, "id": customer_id})
