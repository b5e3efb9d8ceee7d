"""`regulars counter`: devices at the counter, and the PINs of those who work there."""

import sys
from typing import Annotated, Any

import typer

from regulars.commands.business import Slug, as_stop, business_of, printed
from regulars.commands.console import Stop, say_json
from regulars.rules.errors import Refusal

counter = typer.Typer(help="Devices at the counter, and operators' PINs.", no_args_is_help=True)

_OPTIONS = {"branch_id": "--branch", "pin": "The PIN"}


@counter.command("pair")
def pair(
    business: Slug,
    branch: Annotated[str, typer.Option(help="Code or name of the branch where the device stands.")] = "",
) -> None:
    """Make a code that pairs one device within ten minutes; prints it once."""
    owner = business_of(business)
    from django.conf import settings  # noqa: PLC0415 - models need Django

    from regulars.counter import devices  # noqa: PLC0415

    try:
        branch_id = _branch_id(owner, branch)
        row, code = devices.create_pairing(business_id=owner.pk, branch_id=branch_id)
    except Refusal as refusal:
        raise as_stop(refusal, _OPTIONS) from refusal
    url = f"{settings.REGULARS_PUBLIC_URL}/scan/"
    say_json({"code": code, "url": url, "expires_at": printed(row.expires_at)})


def _branch_id(owner: Any, named: str) -> int | None:
    from regulars.tenants import queries  # noqa: PLC0415 - models need Django

    wanted = named.strip().casefold()
    if not wanted:
        return None
    found = [
        row for row in queries.branches(owner.pk) if wanted in {row.code.casefold(), row.name.casefold()}
    ]
    if len(found) != 1:
        raise Stop(f"--branch names {'several branches' if found else 'no branch'}: {named!r}.")
    return found[0].pk


@counter.command("devices")
def list_devices(business: Slug) -> None:
    """List devices, one JSON object per line."""
    owner = business_of(business)
    from regulars.counter import devices  # noqa: PLC0415 - models need Django

    for row in devices.devices(owner.pk):
        say_json(_device(row))


@counter.command("revoke")
def revoke(
    business: Slug, device: Annotated[int, typer.Argument(metavar="DEVICE", help="As `devices` shows it.")]
) -> None:
    """End a device at once; whoever is signed in at it is signed out."""
    owner = business_of(business)
    from regulars.counter import devices  # noqa: PLC0415 - models need Django

    try:
        row = devices.revoke_device(business_id=owner.pk, device_id=device)
    except Refusal as refusal:
        raise as_stop(refusal) from refusal
    say_json(_device(row))


@counter.command("pin")
def set_pin(
    business: Slug,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="Of somebody on the team.")],
    *,
    remove: Annotated[bool, typer.Option("--remove", help="Take the PIN away.")] = False,
) -> None:
    """Set somebody's PIN. It is read from standard input."""
    owner = business_of(business)
    from regulars.counter import pins  # noqa: PLC0415 - models need Django
    from regulars.tenants import queries  # noqa: PLC0415

    wanted = email.strip().lower()
    staff = next((one for one in queries.team(owner.pk) if one.user.email == wanted), None)
    if staff is None:
        raise Stop(f"Nobody on the team has the e-mail address {email!r}.")
    pin = "" if remove else _read_pin()
    if not (pin or remove):
        raise Stop("The PIN is empty. To take it away say --remove.")
    try:
        row = pins.set_pin(business_id=owner.pk, staff_id=staff.pk, pin=pin)
    except Refusal as refusal:
        raise as_stop(refusal, _OPTIONS) from refusal
    say_json({"name": row.name, "email": wanted, "has_pin": bool(row.pin)})


def _read_pin() -> str:
    # Not an argument: those are seen by everybody on the machine.
    said = typer.prompt("PIN", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()
    return str(said).strip()


def _device(row: Any) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "branch": row.branch.name if row.branch else None,
        "paired_at": printed(row.paired_at),
        "last_seen_at": printed(row.last_seen_at),
        "revoked_at": printed(row.revoked_at),
    }
