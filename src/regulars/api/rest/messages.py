"""`/api/messages`: the texts of automatic messages, what was sent, and how it looks."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Router

from regulars.api.rest.auth import identity_of
from regulars.api.rest.common import IDEMPOTENT, PageNumber, PerPage, answered, clamp, known_id, printed
from regulars.api.rest.envelope import data, listed
from regulars.api.rest.message_schemas import (
    KindOut,
    KindPatch,
    LookOut,
    LookPatch,
    MessageRow,
    PreviewIn,
    PreviewOut,
    SuppressionRow,
    TestIn,
    TestOut,
)
from regulars.api.rest.schemas import BIGGEST_ID, Data, Deleted, Listed
from regulars.api.rest.writes import answers
from regulars.messages import actions, queries, texts
from regulars.messages.kinds import automatic
from regulars.messages.models import Message
from regulars.messages.queries import KindState
from regulars.rules.colours import text_on
from regulars.tenants import actions as tenants
from regulars.tenants.models import Business
from regulars.tenants.queries import business_by_id

router = Router(tags=["Messages"])

Status = Literal["queued", "sending", "sent", "failed", "skipped", "bounced"]


def _kind(state: KindState) -> dict[str, Any]:
    kind, usual = state.kind, state.usual
    return {
        "kind": kind.name,
        "label": kind.label,
        "to": kind.to,
        "trigger": kind.trigger,
        "enabled": usual.enabled,
        "optional": kind.optional,
        "subject": usual.subject,
        "body": usual.body,
        "button": usual.button,
        "own_text": usual.own,
        "texts": [
            {
                "name": text.name,
                "language": text.language,
                "subject": text.subject,
                "body": text.body,
                "button": text.button,
            }
            for text in state.named
        ],
        "placeholders": [
            {"name": one.name, "meaning": one.meaning, "sample": one.sample} for one in kind.placeholders
        ],
    }


@router.get("/messages/kinds", response=answered(Data[list[KindOut]]), summary="List kinds of messages")
@answers()
def list_kinds(request: HttpRequest) -> dict[str, Any]:
    """All automatic messages: when each goes out, its words, and the placeholders that they may use."""
    return data([_kind(state) for state in queries.kinds(business_id=identity_of(request).business_id)])


@router.patch(
    "/messages/kinds/{kind}",
    response=answered(Data[KindOut], also=(404, 409, 422)),
    summary="Change a kind of message",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def change_kind(request: HttpRequest, kind: str, body: KindPatch) -> dict[str, Any]:
    """Switch it on or off, or change its words. With a `name`, a further text of the kind is written."""
    business_id = identity_of(request).business_id
    actions.set_text(business_id=business_id, kind=kind, **body.model_dump())
    return data(_kind(queries.kind_state(business_id=business_id, kind=automatic(kind))))


@router.delete(
    "/messages/kinds/{kind}",
    response=answered(Data[KindOut], also=(404, 409, 422)),
    summary="Reset a kind of message",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def reset_kind(
    request: HttpRequest,
    kind: str,
    name: Annotated[str, Query(max_length=100)] = "",
    language: Annotated[str, Query(max_length=5)] = "",
) -> dict[str, Any]:
    """Go back to the product's own words, or delete the further text with this `name`; with a `language`
    only the words in that one go.
    """
    business_id = identity_of(request).business_id
    actions.reset_text(business_id=business_id, kind=kind, name=name, language=language)
    return data(_kind(queries.kind_state(business_id=business_id, kind=automatic(kind))))


@router.post(
    "/messages/kinds/{kind}/preview",
    response=answered(Data[PreviewOut], also=(404, 409, 422)),
    summary="Preview a message",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def preview(request: HttpRequest, kind: str, body: PreviewIn) -> dict[str, Any]:
    """A message with sample values, in these words or in those that the business has. Nothing is sent."""
    shown = texts.preview(business_id=identity_of(request).business_id, kind=kind, **body.model_dump())
    return data({"subject": shown.subject, "text": shown.text, "html": shown.html})


@router.post(
    "/messages/kinds/{kind}/test",
    response=answered(Data[TestOut], also=(404, 409, 422)),
    summary="Send a sample",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def send_test(request: HttpRequest, kind: str, body: TestIn) -> dict[str, Any]:
    """Send a message with sample values to an address."""
    sent = actions.send_test(business_id=identity_of(request).business_id, kind=kind, **body.model_dump())
    return data({"id": sent.pk, "status": sent.status, "to": sent.to})


def _message(row: Message, business: Business) -> dict[str, Any]:
    return {
        "id": row.pk,
        "kind": row.kind,
        "channel": row.channel,
        "status": row.status,
        "reason": row.reason,
        "customer_id": row.member_id,
        "customer_name": row.member.name if row.member else None,
        "campaign_id": row.campaign_id,
        "to": row.to,
        "created_at": printed(row.created_at, business),
        "sent_at": printed(row.sent_at, business),
        "unsubscribed_at": printed(row.unsubscribed_at, business),
    }


@router.get("/messages", response=answered(Listed[MessageRow]), summary="List messages")
@answers()
def list_messages(  # noqa: PLR0917 - query parameters
    request: HttpRequest,
    page: PageNumber = 1,
    per_page: PerPage = 20,
    status: Status | None = None,
    kind: Annotated[str | None, Query(max_length=30)] = None,
    customer_id: Annotated[int | None, Query(ge=1, le=BIGGEST_ID)] = None,
) -> dict[str, Any]:
    """What was sent, is to be sent, or was not sent and why; newest first."""
    business = business_by_id(identity_of(request).business_id)
    found = queries.messages(
        business_id=business.pk,
        page=page,
        per_page=clamp(per_page),
        status=status,
        kind=kind,
        member_id=customer_id,
    )
    return listed(found, [_message(row, business) for row in found.rows])


def _look(business: Business) -> dict[str, Any]:
    return {
        "accent_color": business.accent_color,
        "text_color": text_on(business.accent_color),
        "reply_to": business.reply_to,
    }


@router.get("/messages/look", response=answered(Data[LookOut]), summary="Get the look")
@answers()
def get_look(request: HttpRequest) -> dict[str, Any]:
    """The accent of messages and customers' pages, and where answers to e-mails go."""
    return data(_look(business_by_id(identity_of(request).business_id)))


@router.patch(
    "/messages/look",
    response=answered(Data[LookOut], also=(409, 422)),
    summary="Change the look",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def change_look(request: HttpRequest, body: LookPatch) -> dict[str, Any]:
    """Change the accent or the address for answers. The text on the accent stays readable by itself."""
    changes = {field: value or "" for field, value in body.model_dump(exclude_unset=True).items()}
    return data(_look(tenants.update_look(business_id=identity_of(request).business_id, **changes)))


@router.get(
    "/messages/suppressions", response=answered(Listed[SuppressionRow]), summary="List suppressed addresses"
)
@answers()
def list_suppressions(request: HttpRequest, page: PageNumber = 1, per_page: PerPage = 20) -> dict[str, Any]:
    """Addresses that get no more messages: they do not exist, or their owner complained."""
    business = business_by_id(identity_of(request).business_id)
    found = queries.suppressions(business_id=business.pk, page=page, per_page=clamp(per_page))
    rows = [
        {
            "id": row.pk,
            "channel": row.channel,
            "address": row.address,
            "why": row.why,
            "detail": row.detail,
            "created_at": printed(row.created_at, business),
        }
        for row in found.rows
    ]
    return listed(found, rows)


@router.delete(
    "/messages/suppressions/{int:suppression_id}",
    response=answered(Data[Deleted], also=(404, 409, 422)),
    summary="Write to an address again",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def delete_suppression(request: HttpRequest, suppression_id: int) -> dict[str, Any]:
    """Forget that an address was reported as bad."""
    business_id = identity_of(request).business_id
    actions.delete_suppression(business_id=business_id, pk=known_id(suppression_id, "suppression"))
    return data({"deleted": True, "id": suppression_id})
