"""`/api/business/logo` and `/api/print`: how a business looks on paper."""

from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, BeforeValidator, Field

from regulars.api.rest.auth import identity_of
from regulars.api.rest.common import IDEMPOTENT, answered
from regulars.api.rest.envelope import data
from regulars.api.rest.schemas import BIGGEST_ID, Data, Incoming, whole
from regulars.api.rest.writes import answers
from regulars.members import blank_cards
from regulars.printing import cards, poster
from regulars.printing.sizes import paper_of
from regulars.rules.errors import InvalidInput
from regulars.rules.languages import check_language
from regulars.tenants import logos
from regulars.tenants.models import Logo
from regulars.tenants.queries import business_by_id

router = Router(tags=["Printing"])

_MOST_NUMBER = 2**31 - 1
CustomerId = Annotated[int, Field(ge=1, le=BIGGEST_ID)]
CardNumber = Annotated[int | None, Field(ge=1, le=_MOST_NUMBER)]
Count = Annotated[int, Field(ge=1, le=blank_cards.MOST_AT_ONCE), BeforeValidator(whole)]


class Wishes(BaseModel):
    """How something is printed; empty: as the business's language and country want it."""

    language: str = ""
    size: str = ""


class WhichCards(Wishes):
    """Which cards are printed."""

    customer_id: list[CustomerId] = []
    first: CardNumber = None
    last: CardNumber = None


class Removed(BaseModel):
    """What was asked for is done."""

    deleted: bool


class LogoOut(BaseModel):
    """Where a logo is, and how large it is in pixels; null without one."""

    logo_url: str | None
    width: int | None
    height: int | None


class BlankCardsIn(Incoming):
    """How many cards to print."""

    count: Count


class BlankCardsMade(BaseModel):
    """The numbers of cards about to be printed, and where their sheets are."""

    count: int
    first: int
    last: int
    pdf_url: str


class BlankCardsOut(BaseModel):
    """How many cards were printed, and how many of them nobody has yet."""

    printed: int
    unused: int
    last: Annotated[int | None, Field(description="The highest number, null before the first card")]


def _logo(logo: Logo | None) -> dict[str, Any]:
    if logo is None:
        return data({"logo_url": None, "width": None, "height": None})
    address = f"{settings.REGULARS_PUBLIC_URL}/look/logo/{logo.digest}.png"
    return data({"logo_url": address, "width": logo.width, "height": logo.height})


@router.get("/business/logo", response=answered(Data[LogoOut]), summary="Get logo")
@answers()
def get_logo(request: HttpRequest) -> dict[str, Any]:
    """Where the logo is."""
    return _logo(logos.logo_of(identity_of(request).business_id))


# A file, not JSON, so it is told of in the guide and not in the OpenAPI description; so are the sheets below.
@router.put("/business/logo", include_in_schema=False)
@answers(write=True, file=True)
def put_logo(request: HttpRequest) -> dict[str, Any]:
    """Take the bytes of a picture as the logo."""
    return _logo(logos.set_logo(business_id=identity_of(request).business_id, data=request.body))


@router.delete(
    "/business/logo",
    response=answered(Data[Removed], also=(409, 422)),
    summary="Remove logo",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def delete_logo(request: HttpRequest) -> dict[str, Any]:
    """Show the first letter of the name instead. None there is no error."""
    logos.remove_logo(business_id=identity_of(request).business_id)
    return data({"deleted": True})


@router.get("/blank-cards", response=answered(Data[BlankCardsOut]), summary="Count printed cards")
@answers()
def count_blank_cards(request: HttpRequest) -> dict[str, Any]:
    """How many cards were printed, and how many of them nobody has yet."""
    found = blank_cards.counts(identity_of(request).business_id)
    return data({"printed": found.printed, "unused": found.unused, "last": found.last})


@router.post(
    "/blank-cards",
    response=answered(Data[BlankCardsMade], status=201, also=(409, 422)),
    summary="Make blank cards",
    openapi_extra=IDEMPOTENT,
)
@answers(201, write=True)
def make_blank_cards(request: HttpRequest, body: BlankCardsIn) -> dict[str, Any]:
    """Draw the codes of cards that belong to nobody yet. Their sheets can be fetched as often as needed."""
    made = blank_cards.make_blanks(business_id=identity_of(request).business_id, count=body.count)
    first, last = made[0].number, made[-1].number
    address = f"{settings.REGULARS_PUBLIC_URL}/api/print/cards.pdf?first={first}&last={last}"
    return data({"count": len(made), "first": first, "last": last, "pdf_url": address})


@router.get("/print/poster.pdf", include_in_schema=False)
def printed_poster(request: HttpRequest, wishes: Query[Wishes]) -> HttpResponse:
    """The poster."""
    return _file("poster", poster.poster(**_sheet(request, wishes)))


@router.get("/print/tent.pdf", include_in_schema=False)
def printed_tent(request: HttpRequest, wishes: Query[Wishes]) -> HttpResponse:
    """The tent for tables."""
    return _file("tent", poster.table_tent(**_sheet(request, wishes)))


@router.get("/print/cards.pdf", include_in_schema=False)
def printed_cards(request: HttpRequest, wishes: Query[WhichCards]) -> HttpResponse:
    """The cards of customers, or those of blank cards by their numbers, that nobody has yet."""
    ids, first, last = wishes.customer_id, wishes.first, wishes.last
    if ids:
        if first is not None or last is not None:
            raise InvalidInput.at("customer_id", "cannot be combined with first and last")
        return _file("cards", cards.member_cards(member_ids=ids, **_sheet(request, wishes)))
    if first is None:
        raise InvalidInput.at("first", "is needed, or customer_id")
    made = cards.blank_cards(first=first, last=last or first, **_sheet(request, wishes))
    return _file("cards", made)


def _sheet(request: HttpRequest, wishes: Wishes) -> dict[str, Any]:
    business = business_by_id(identity_of(request).business_id)
    return {
        "business_id": business.pk,
        "language": check_language(wishes.language) if wishes.language else business.language,
        "paper": paper_of(wishes.size, country=business.country),
    }


def _file(name: str, document: bytes) -> HttpResponse:
    answer = HttpResponse(document, content_type="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return answer
