"""`regulars operator`: who runs the installation and may open `/admin/`."""

from typing import Annotated

import typer

from regulars.commands import database
from regulars.commands.business import as_stop, printed
from regulars.commands.console import say_json
from regulars.commands.setup import read_environment, start_django
from regulars.rules.errors import Refusal

operator = typer.Typer(help="Who runs the installation and may open /admin/.", no_args_is_help=True)
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="E-mail address, the login.")]


@operator.command("add")
def add(email: Email, *, name: Annotated[str, typer.Option(help="Name of the person.")] = "") -> None:
    """Let somebody open /admin/; prints their password once, if they get one.

    It opens the businesses made for them, too: temporary passwords of those are void.
    """
    _start(writes=True)
    from regulars.tenants import operators  # noqa: PLC0415 - models need Django

    try:
        made = operators.add_operator(email=email, name=name)
    except Refusal as refusal:
        raise as_stop(refusal, {"email": "EMAIL", "name": "--name"}) from refusal
    said: dict[str, object] = {"email": made.user.email, "name": made.user.name, "password": made.password}
    if made.opened:
        # The temporary passwords that were printed with them are void.
        said["opens_too"] = list(made.opened)
    say_json(said)


@operator.command("list")
def list_operators() -> None:
    """List operators, one JSON object per line."""
    _start(writes=False)
    from regulars.tenants import operators  # noqa: PLC0415 - models need Django

    for user in operators.operators():
        say_json({"email": user.email, "name": user.name, "last_sign_in": printed(user.last_login)})


@operator.command("remove")
def remove(email: Email) -> None:
    """Take /admin/ from somebody; their account stays."""
    _start(writes=False)
    from regulars.tenants import operators  # noqa: PLC0415 - models need Django

    try:
        user = operators.remove_operator(email=email)
    except Refusal as refusal:
        raise as_stop(refusal, {"email": "EMAIL"}) from refusal
    say_json({"email": user.email, "name": user.name})


def _start(*, writes: bool) -> None:
    settings = read_environment()
    start_django(settings, writes=writes)
    if writes:
        database.make_or_check(settings, upgrade=False)
    else:
        database.check(settings)
