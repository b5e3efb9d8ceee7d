"""`regulars sso`: with what a shop's website signs members in at the micro-site."""

import sys
from typing import Annotated, Any

import typer

from regulars.commands.business import Slug, as_stop, business_of, printed
from regulars.commands.console import say_json
from regulars.rules.errors import Refusal

sso = typer.Typer(help="Single sign-on from a shop's website to its micro-site.", no_args_is_help=True)


@sso.command("create")
def create_secret(business: Slug) -> None:
    """Make a secret for token2 and for balances in frames; prints it once."""
    owner = business_of(business, seals=True)
    from regulars.portal import sso_secrets  # noqa: PLC0415 - models need Django

    try:
        row, secret = sso_secrets.create_secret(business=owner)
    except Refusal as refusal:
        raise as_stop(refusal) from refusal
    say_json(_secret(row) | {"secret": secret})


@sso.command("list")
def list_secrets(business: Slug) -> None:
    """List secrets by their beginnings, one JSON object per line."""
    owner = business_of(business)
    from regulars.portal import sso_secrets  # noqa: PLC0415 - models need Django

    for row in sso_secrets.all_secrets(business_id=owner.pk):
        say_json(_secret(row))


@sso.command("revoke")
def revoke_secret(
    business: Slug, secret: Annotated[int, typer.Argument(metavar="SECRET", help="As `list` shows it.")]
) -> None:
    """End a secret at once and for good, and the sessions that it began."""
    owner = business_of(business)
    from regulars.portal import sso_secrets  # noqa: PLC0415 - models need Django

    try:
        row = sso_secrets.revoke_secret(business_id=owner.pk, pk=secret)
    except Refusal as refusal:
        raise as_stop(refusal) from refusal
    say_json(_secret(row))


@sso.command("legacy-on")
def legacy_on(business: Slug) -> None:
    """Let an API key sign members in by MD5. The key is read from standard input."""
    owner = business_of(business, seals=True)
    from regulars.tenants import legacy_sso  # noqa: PLC0415 - models need Django

    # Not an argument: those are seen by everybody on the machine.
    key = typer.prompt("API key", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()
    try:
        row = legacy_sso.switch_on(business=owner, key=key.strip())
    except Refusal as refusal:
        raise as_stop(refusal, {"api_key": "The key"}) from refusal
    say_json({"prefix": row.prefix, "sso": True})


@sso.command("legacy-off")
def legacy_off(
    business: Slug,
    prefix: Annotated[str, typer.Argument(metavar="PREFIX", help="As `regulars apikey list` shows it.")],
) -> None:
    """Let an API key sign nobody in any more; it goes on working for calls."""
    owner = business_of(business)
    from regulars.tenants import legacy_sso  # noqa: PLC0415 - models need Django

    try:
        row = legacy_sso.switch_off(business=owner, prefix=prefix)
    except Refusal as refusal:
        raise as_stop(refusal) from refusal
    say_json({"prefix": row.prefix, "sso": False})


def _secret(row: Any) -> dict[str, Any]:
    return {
        "id": row.pk,
        "prefix": row.prefix,
        "created_at": printed(row.created_at),
        "revoked_at": printed(row.revoked_at),
    }
