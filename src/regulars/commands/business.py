"""Commands about businesses and their API keys."""

from typing import Annotated, Any

import typer

from regulars.commands import database
from regulars.commands.console import UNUSABLE_INPUT, Stop, say_json
from regulars.commands.setup import read_environment, start_django
from regulars.rules.errors import Refusal

OPTION_OF_FIELD = {"name": "NAME"}


def createbusiness(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the business.")],
    *,
    owner_email: Annotated[str, typer.Option(help="E-mail address, the owner's login.")],
    owner_name: Annotated[str, typer.Option(help="Name of the owner.")] = "",
    plan: Annotated[
        str, typer.Option(help="trial, basic, growth, professional or self_hosted.")
    ] = "self_hosted",
    country: Annotated[str, typer.Option(help="Two letters, for phone numbers, as IN.")] = "US",
    timezone: Annotated[str, typer.Option(help="Time zone of its days, as Asia/Kolkata.")] = "UTC",
    currency: Annotated[str, typer.Option(help="Three letters, as INR.")] = "USD",
) -> None:
    """Make a business with its owner and first API key; prints one JSON object."""
    settings = read_environment()
    start_django(settings, writes=True)
    database.make_or_check(settings, upgrade=False)
    from regulars.tenants import actions, queries  # noqa: PLC0415 - models need Django

    try:
        made = actions.create_business(
            name=name,
            owner_email=owner_email,
            owner_name=owner_name,
            plan=plan,
            country=country,
            timezone=timezone,
            currency=currency,
        )
    except Refusal as refusal:
        raise as_stop(refusal) from refusal
    say_json(
        {
            "business_id": made.business.pk,
            "slug": made.business.slug,
            "join_url": queries.join_url(made.business),
            "api_key": made.api_key,
            "owner_email": made.owner.user.email,
            "temp_password": made.temp_password,
        }
    )


apikey = typer.Typer(help="API keys of a business.", no_args_is_help=True)
Slug = Annotated[str, typer.Argument(metavar="BUSINESS", help="Slug of the business.")]


@apikey.command("create")
def create_key(
    business: Slug,
    *,
    name: Annotated[str, typer.Option(help="What the key is for.")] = "API key",
    rpc_format: Annotated[
        str, typer.Option("--format", help="How RPC answers: xml, xml_rooted or json.")
    ] = "xml",
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help="What it may be used for: read, members, counter, campaigns or settings; once for each. "
            "Without, everything."
        ),
    ] = None,
    sso: Annotated[
        bool, typer.Option("--sso", help="Let it sign members in by MD5; it is kept sealed for that.")
    ] = False,
) -> None:
    """Make a key; prints it once, it is not kept."""
    owner = business_of(business, seals=sso)
    from regulars.tenants import actions  # noqa: PLC0415 - models need Django

    try:
        row, key = actions.create_api_key(
            business=owner, name=name, rpc_format=rpc_format, sso=sso, may=scope or ()
        )
    except Refusal as refusal:
        raise as_stop(refusal, {"name": "--name", "rpc_format": "--format", "scopes": "--scope"}) from refusal
    say_json(
        {
            "name": row.name,
            "prefix": row.prefix,
            "api_key": key,
            "scopes": row.scopes,
            "format": row.rpc_format,
            "sso": sso,
        }
    )


@apikey.command("list")
def list_keys(business: Slug) -> None:
    """List keys, one JSON object per line; the keys themselves are not kept."""
    owner = business_of(business)
    from regulars.tenants import queries  # noqa: PLC0415 - models need Django

    for row in queries.api_keys(owner):
        say_json(
            {
                "name": row.name,
                "prefix": row.prefix,
                "scopes": row.scopes,
                "format": row.rpc_format,
                "sso": bool(row.sso_key_sealed),
                "created_at": printed(row.created_at),
                "last_used_at": printed(row.last_used_at),
                "revoked_at": printed(row.revoked_at),
            }
        )


@apikey.command("revoke")
def revoke_key(
    business: Slug, prefix: Annotated[str, typer.Argument(metavar="PREFIX", help="As `list` shows it.")]
) -> None:
    """End a key at once and for good."""
    owner = business_of(business)
    from regulars.tenants import actions  # noqa: PLC0415 - models need Django

    try:
        row = actions.revoke_api_key(business=owner, prefix=prefix)
    except Refusal as refusal:
        raise as_stop(refusal) from refusal
    say_json({"name": row.name, "prefix": row.prefix, "revoked_at": printed(row.revoked_at)})


def business_of(slug: str, *, seals: bool = False) -> Any:
    """Start Django and find a business; ends the command when there is none.

    A command that `seals` a text needs a secret key that lasts.
    """
    settings = read_environment()
    start_django(settings, writes=seals)
    database.check(settings)
    from regulars.tenants import queries  # noqa: PLC0415 - models need Django

    try:
        return queries.business_by_slug(slug)
    except Refusal as refusal:
        raise as_stop(refusal) from refusal


def printed(value: Any) -> str | None:
    """A point in time as commands print it, in UTC."""
    return None if value is None else f"{value:%Y-%m-%dT%H:%M:%SZ}"


def as_stop(refusal: Refusal, options: dict[str, str] | None = None) -> Stop:
    """A refusal as the command line says it: the option instead of the field."""
    for field, problem in refusal.fields.items():
        option = (options or OPTION_OF_FIELD).get(field, f"--{field.replace('_', '-')}")
        return Stop(f"{option} {problem}", status=UNUSABLE_INPUT)
    return Stop(refusal.message)
