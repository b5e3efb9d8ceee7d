"""`regulars webhook`: where a business's events are sent, and what became of them."""

import datetime as dt
from typing import Annotated, Any

import typer

from regulars.commands.business import Slug, as_stop, business_of, printed
from regulars.commands.console import UNUSABLE_INPUT, Stop, say_json
from regulars.rules.errors import Refusal

webhook = typer.Typer(help="Webhooks of a business: addresses that receive its events.", no_args_is_help=True)

Endpoint = Annotated[int, typer.Argument(metavar="ENDPOINT", help="As `list` shows it.")]
_OPTIONS = {"url": "URL", "event_types": "--type", "overlap_hours": "--overlap-hours", "since": "--since"}


@webhook.command("list")
def list_endpoints(business: Slug) -> None:
    """List endpoints, one JSON object per line; their secrets are not shown again."""
    owner = business_of(business)
    from regulars.outbox import queries  # noqa: PLC0415 - models need Django

    pending = queries.pending_numbers(business_id=owner.pk)
    for row in queries.endpoints(business_id=owner.pk):
        say_json(_endpoint(row) | {"pending": pending.get(row.pk, 0)})


@webhook.command("add")
def add_endpoint(
    business: Slug,
    url: Annotated[str, typer.Argument(metavar="URL", help="Address that receives the events.")],
    types: Annotated[
        list[str] | None,
        typer.Option("--type", help="As stamp.added or stamp.*; may be given several times; all without it."),
    ] = None,
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
) -> None:
    """Let an address receive events from now on; prints its secret once."""
    owner = business_of(business, seals=True)
    from regulars.outbox import actions  # noqa: PLC0415 - models need Django

    try:
        row, secret = actions.create_endpoint(
            business_id=owner.pk, url=url, event_types=types or ["*"], description=description
        )
    except Refusal as refusal:
        raise as_stop(refusal, _OPTIONS) from refusal
    row.refresh_from_db()
    say_json(_endpoint(row) | {"secret": secret})


@webhook.command("test")
def send_test(business: Slug, endpoint: Endpoint) -> None:
    """Send a test event to one endpoint; the worker delivers it."""
    owner = business_of(business)
    from regulars.outbox import actions  # noqa: PLC0415 - models need Django

    try:
        uid = actions.send_test(business_id=owner.pk, endpoint_id=endpoint)
    except Refusal as refusal:
        raise as_stop(refusal) from refusal
    say_json({"event_id": uid})


@webhook.command("rotate")
def rotate_secret(
    business: Slug,
    endpoint: Endpoint,
    overlap_hours: Annotated[int, typer.Option(help="How long the former secret signs too.")] = 24,
) -> None:
    """Give an endpoint a new secret; prints it once."""
    owner = business_of(business, seals=True)
    from regulars.outbox import actions  # noqa: PLC0415 - models need Django

    try:
        row, secret = actions.rotate_secret(
            business_id=owner.pk, endpoint_id=endpoint, overlap_hours=overlap_hours
        )
    except Refusal as refusal:
        raise as_stop(refusal, _OPTIONS) from refusal
    say_json({"id": row.pk, "secret": secret, "previous_secret_until": printed(row.previous_secret_until)})


@webhook.command("enable")
def enable(business: Slug, endpoint: Endpoint) -> None:
    """Switch an endpoint on again; what is pending for it is sent at once."""
    _switch(business, endpoint, on=True)


@webhook.command("disable")
def disable(business: Slug, endpoint: Endpoint) -> None:
    """Send nothing to an endpoint until it is enabled."""
    _switch(business, endpoint, on=False)


@webhook.command("deliveries")
def list_deliveries(
    business: Slug,
    endpoint: Endpoint,
    status: Annotated[str | None, typer.Option(help="pending, delivered or failed; all without it.")] = None,
    most: Annotated[int, typer.Option("--most", min=1, max=10_000, help="How many, newest first.")] = 50,
) -> None:
    """List what was sent to an endpoint or waits to be, one JSON object per line."""
    owner = business_of(business)
    from regulars.outbox import queries  # noqa: PLC0415 - models need Django

    try:
        rows, _ = queries.deliveries(business_id=owner.pk, endpoint_id=endpoint, status=status, per_page=most)
    except Refusal as refusal:
        raise as_stop(refusal) from refusal
    for row in rows:
        say_json(
            {
                "id": row.pk,
                "event_id": row.event.uid,
                "event_type": row.event.type,
                "status": row.status,
                "attempts": row.attempts,
                "last_status": row.last_status,
                "last_error": row.last_error,
                "created_at": printed(row.created_at),
                "delivered_at": printed(row.delivered_at),
            }
        )


@webhook.command("resend")
def resend(
    business: Slug,
    endpoint: Endpoint,
    *,
    delivery: Annotated[int | None, typer.Option(help="Only this one, as `deliveries` shows it.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Everything since this time in UTC, as 2026-06-01T15:44.")
    ] = None,
) -> None:
    """Send events to an endpoint again: one delivery, or all since a time."""
    if (delivery is None) == (since is None):
        raise Stop("Give either --delivery or --since.", status=UNUSABLE_INPUT)
    moment = None if since is None else _moment(since)
    owner = business_of(business)
    from regulars.outbox import queries, resending  # noqa: PLC0415 - models need Django

    number = 1
    try:
        queries.endpoint(business_id=owner.pk, endpoint_id=endpoint)
        if delivery is not None:
            if queries.delivery(business_id=owner.pk, delivery_id=delivery).endpoint_id != endpoint:
                raise Stop(f"Delivery {delivery} is not one of endpoint {endpoint}.")
            resending.resend(business_id=owner.pk, delivery_id=delivery)
        elif moment is not None:
            number = resending.resend_since(business_id=owner.pk, endpoint_id=endpoint, since=moment)
    except Refusal as refusal:
        raise as_stop(refusal, _OPTIONS) from refusal
    say_json({"resent": number})


@webhook.command("remove")
def remove_endpoint(business: Slug, endpoint: Endpoint) -> None:
    """Delete an endpoint with the log of its deliveries."""
    owner = business_of(business)
    from regulars.outbox import actions  # noqa: PLC0415 - models need Django

    try:
        actions.delete_endpoint(business_id=owner.pk, endpoint_id=endpoint)
    except Refusal as refusal:
        raise as_stop(refusal) from refusal
    say_json({"deleted": True, "id": endpoint})


def _switch(business: str, endpoint: int, *, on: bool) -> None:
    owner = business_of(business)
    from regulars.outbox import actions  # noqa: PLC0415 - models need Django

    try:
        row = actions.edit_endpoint(business_id=owner.pk, endpoint_id=endpoint, is_active=on)
    except Refusal as refusal:
        raise as_stop(refusal) from refusal
    say_json(_endpoint(row))


def _endpoint(row: Any) -> dict[str, Any]:
    return {
        "id": row.pk,
        "url": row.url,
        "event_types": row.event_types,
        "description": row.description,
        "is_active": row.is_active,
        "disabled_at": printed(row.disabled_at),
        "disabled_reason": row.disabled_reason,
        "failures": row.failures,
        "closed_until": printed(row.closed_until),
        "last_success_at": printed(row.last_success_at),
        "last_failure_at": printed(row.last_failure_at),
        "created_at": printed(row.created_at),
    }


def _moment(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise Stop("--since must be a time such as 2026-06-01T15:44", status=UNUSABLE_INPUT) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
