"""`/api/campaigns`."""

from collections.abc import Callable
from dataclasses import asdict
from decimal import Decimal
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated, Any

from django.http import FileResponse, HttpRequest
from ninja import Query, Router

from regulars.api.rest.auth import identity_of
from regulars.api.rest.campaign_schemas import (
    CameOut,
    CampaignDeleted,
    CampaignIn,
    CampaignMade,
    CampaignOut,
    CampaignPatch,
    CampaignRow,
    CampaignSent,
    CampaignTest,
    CampaignTested,
    PreviewOut,
    RecipientRow,
    RecipientStatus,
    SegmentOut,
)
from regulars.api.rest.common import (
    IDEMPOTENT,
    PageNumber,
    PerPage,
    answered,
    clamp,
    known_id,
    parse_moment,
    printed,
)
from regulars.api.rest.envelope import data, listed
from regulars.api.rest.schemas import Data, Listed
from regulars.api.rest.writes import answers
from regulars.campaigns import actions, came, letters, queries
from regulars.campaigns.models import Campaign
from regulars.messages.channels import labels, post
from regulars.messages.models import Message
from regulars.rules.errors import InvalidInput
from regulars.tenants.models import Business
from regulars.tenants.plans import check_feature
from regulars.tenants.queries import business_by_id

router = Router(tags=["Campaigns"])

_IN_MEMORY = 256 * 1024  # bytes of a file; a longer one is on the disk while it is sent
# What a campaign always has, so that null cannot take it away.
_LASTING = ("name", "message", "segment_filter", "channel")


def _allowed(request: HttpRequest) -> int:
    identity = identity_of(request)
    check_feature(identity.plan, "campaigns")
    return identity.business_id


def _row(campaign: Campaign, business: Business) -> dict[str, Any]:
    return {
        "id": campaign.pk,
        "name": campaign.name,
        "subject": campaign.subject,
        "segment_filter": campaign.segment_filter,
        "segment_id": campaign.segment_id,
        "channel": campaign.channel,
        "status": campaign.status,
        "total_recipients": campaign.total_recipients,
        "scheduled_at": printed(campaign.scheduled_at, business),
        "sent_at": printed(campaign.sent_at, business),
    }


def _whole(campaign: Campaign, business: Business) -> dict[str, Any]:
    more = {
        "message": campaign.message,
        "rate_per_minute": campaign.rate_per_minute,
        "sent": campaign.sent_count,
        "failed": campaign.failed_count,
        "skipped": campaign.skipped_count,
        "finished_at": printed(campaign.finished_at, business),
        "created_at": printed(campaign.created_at, business),
    }
    return _row(campaign, business) | more | asdict(queries.outcome(campaign))


def _given(body: CampaignIn | CampaignPatch, business: Business) -> dict[str, Any]:
    given = body.model_dump(exclude_unset=True)
    for field in _LASTING:
        if field in given and given[field] is None:
            raise InvalidInput.at(field, "must not be null")
    if "subject" in given:
        given["subject"] = given["subject"] or ""
    if "scheduled_at" in given:
        given["scheduled_at"] = parse_moment(given["scheduled_at"], business, "scheduled_at")
    return given


@router.get("/campaigns", response=answered(Data[list[CampaignRow]]), summary="List campaigns")
@answers()
def list_campaigns(request: HttpRequest) -> dict[str, Any]:
    """All campaigns, newest first."""
    business = business_by_id(_allowed(request))
    return data([_row(campaign, business) for campaign in queries.campaigns(business_id=business.pk)])


@router.get("/campaigns/segments", response=answered(Data[list[SegmentOut]]), summary="List segments")
@answers()
def list_segments(request: HttpRequest) -> dict[str, Any]:
    """Whom a campaign may go to, with how many members that reaches at this moment by each channel."""
    return data(
        [
            asdict(found.segment) | {"members": found.members}
            for found in queries.segments_now(business_by_id(_allowed(request)))
        ]
    )


@router.post(
    "/campaigns",
    response=answered(Data[CampaignMade], status=201, also=(404, 409, 422)),
    summary="Create campaign",
    openapi_extra=IDEMPOTENT,
)
@answers(201, write=True)
def create_campaign(request: HttpRequest, body: CampaignIn) -> dict[str, Any]:
    """Draft a campaign. It is sent separately, or by itself at `scheduled_at`."""
    business = business_by_id(_allowed(request))
    campaign = actions.create_campaign(business_id=business.pk, **_given(body, business))
    return data({"id": campaign.pk, "status": campaign.status})


@router.get(
    "/campaigns/{int:campaign_id}", response=answered(Data[CampaignOut], also=(404,)), summary="Get campaign"
)
@answers()
def get_campaign(request: HttpRequest, campaign_id: int) -> dict[str, Any]:
    """A campaign, how far it is, and what became of it."""
    business = business_by_id(_allowed(request))
    return data(_whole(_campaign(business, campaign_id), business))


@router.patch(
    "/campaigns/{int:campaign_id}",
    response=answered(Data[CampaignOut], also=(404, 409, 422)),
    summary="Update campaign",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def update_campaign(request: HttpRequest, campaign_id: int, body: CampaignPatch) -> dict[str, Any]:
    """Change a campaign that was not sent. `scheduled_at` null makes a scheduled one a draft again."""
    business = business_by_id(_allowed(request))
    campaign = actions.edit_campaign(
        business_id=business.pk, pk=known_id(campaign_id, "campaign"), **_given(body, business)
    )
    return data(_whole(campaign, business))


@router.post(
    "/campaigns/{int:campaign_id}/send",
    response=answered(Data[CampaignSent], also=(404, 409, 422)),
    summary="Send campaign",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def send_campaign(request: HttpRequest, campaign_id: int) -> dict[str, Any]:
    """Queue a draft for everybody whom it reaches at this moment. It cannot be undone, only cancelled."""
    number = actions.send_campaign(business_id=_allowed(request), pk=known_id(campaign_id, "campaign"))
    return data({"sent": True, "recipients": number})


@router.post(
    "/campaigns/{int:campaign_id}/cancel",
    response=answered(Data[CampaignOut], also=(404, 409, 422)),
    summary="Cancel campaign",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def cancel_campaign(request: HttpRequest, campaign_id: int) -> dict[str, Any]:
    """Send nothing more of a campaign that is being sent, or that waits for its time."""
    business = business_by_id(_allowed(request))
    campaign = actions.cancel_campaign(business_id=business.pk, pk=known_id(campaign_id, "campaign"))
    return data(_whole(campaign, business))


@router.delete(
    "/campaigns/{int:campaign_id}",
    response=answered(Data[CampaignDeleted], also=(404, 409, 422)),
    summary="Delete campaign",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def delete_campaign(request: HttpRequest, campaign_id: int) -> dict[str, Any]:
    """Delete a draft. What was sent stays."""
    actions.delete_campaign(business_id=_allowed(request), pk=known_id(campaign_id, "campaign"))
    return data({"deleted": True})


@router.post(
    "/campaigns/{int:campaign_id}/preview",
    response=answered(Data[PreviewOut], also=(404, 409, 422)),
    summary="Preview campaign",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def preview_campaign(request: HttpRequest, campaign_id: int) -> dict[str, Any]:
    """The campaign as somebody made up would get it."""
    business = business_by_id(_allowed(request))
    campaign = _campaign(business, campaign_id)
    found = letters.sample(
        business=business, subject=campaign.subject, body=campaign.message, channel=campaign.channel
    )
    shown = {"subject": found.subject, "text": found.text, "html": found.html}
    return data(shown | {"warnings": letters.warnings(campaign)})


@router.post(
    "/campaigns/{int:campaign_id}/test",
    response=answered(Data[CampaignTested], also=(404, 409, 422)),
    summary="Test campaign",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def test_campaign(request: HttpRequest, campaign_id: int, body: CampaignTest) -> dict[str, Any]:
    """Send the preview to an address of your own."""
    to = actions.send_test(business_id=_allowed(request), pk=known_id(campaign_id, "campaign"), to=body.to)
    return data({"queued": True, "to": to})


@router.get(
    "/campaigns/{int:campaign_id}/came",
    response=answered(Data[CameOut], also=(404,)),
    summary="Who came after a campaign",
)
@answers()
def who_came(request: HttpRequest, campaign_id: int) -> dict[str, Any]:
    """Who of those who got it came in the 14 days after it, and in those before. It tells no cause."""
    business = business_by_id(_allowed(request))
    found = came.came_of(_campaign(business, campaign_id))
    nothing = came.Window(0, Decimal(0))
    return data(
        {
            "customers": found.looked_at if found else 0,
            "until": printed(found.until, business) if found else None,
            "over": bool(found and found.over),
            "after": _window(found.after if found else nothing),
            "before": _window(found.before if found else nothing),
        }
    )


def _window(window: came.Window) -> dict[str, Any]:
    return {"came": window.came, "sales_amount": f"{window.sales:.2f}"}


@router.get(
    "/campaigns/{int:campaign_id}/recipients",
    response=answered(Listed[RecipientRow], also=(404,)),
    summary="List recipients",
)
@answers()
def list_recipients(
    request: HttpRequest,
    campaign_id: int,
    page: PageNumber = 1,
    per_page: PerPage = 50,
    status: Annotated[RecipientStatus | None, Query()] = None,
) -> dict[str, Any]:
    """To whom the campaign went, and what became of each message. Customers who were erased are gone."""
    business = business_by_id(_allowed(request))
    found = queries.recipients(
        business_id=business.pk,
        pk=known_id(campaign_id, "campaign"),
        page=page,
        per_page=clamp(per_page),
        status=status,
    )
    return listed(found, [_recipient(message, business) for message in found.rows])


# Files, not JSON, so they are told of in the guide and not in the OpenAPI description.


@router.get("/campaigns/{int:campaign_id}/addresses.csv", include_in_schema=False)
def addresses_csv(request: HttpRequest, campaign_id: int) -> FileResponse:
    """The addresses of a campaign by post, as a list."""
    pk = known_id(campaign_id, "campaign")
    members = queries.letters_to(business_id=_allowed(request), pk=pk)
    return _file(
        f"campaign-{pk}.csv",
        "text/csv; charset=utf-8",
        lambda file: file.writelines(line.encode() for line in post.addresses_csv(members)),
    )


@router.get("/campaigns/{int:campaign_id}/addresses.pdf", include_in_schema=False)
def addresses_pdf(request: HttpRequest, campaign_id: int) -> FileResponse:
    """The addresses of a campaign by post, as labels to print."""
    business, pk = business_by_id(_allowed(request)), known_id(campaign_id, "campaign")
    members = queries.letters_to(business_id=business.pk, pk=pk)
    return _file(
        f"campaign-{pk}.pdf",
        "application/pdf",
        lambda file: labels.labels_pdf(members=members, country=business.country, file=file),
    )


def _file(name: str, kind: str, write: Callable[[IO[bytes]], object]) -> FileResponse:
    file = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - the answer closes it
    try:
        write(file)
    except BaseException:
        file.close()
        raise
    length = file.tell()
    file.seek(0)
    answer = FileResponse(file, as_attachment=True, filename=name, content_type=kind)
    answer.headers["Content-Length"] = str(length)
    return answer


def _recipient(message: Message, business: Business) -> dict[str, Any]:
    return {
        "customer_id": message.member_id,
        "name": message.member.name if message.member else "",
        "status": message.status,
        "reason": message.reason,
        "attempts": message.attempts,
        "sent_at": printed(message.sent_at, business),
        "unsubscribed_at": printed(message.unsubscribed_at, business),
    }


def _campaign(business: Business, campaign_id: int) -> Campaign:
    return queries.campaign_by_id(business_id=business.pk, pk=known_id(campaign_id, "campaign"))
