"""`regulars person`: what an operator does for somebody who cannot come in any more."""

from typing import Annotated

import typer

from regulars.commands import database
from regulars.commands.business import as_stop
from regulars.commands.console import say_json
from regulars.commands.setup import read_environment, start_django
from regulars.rules.errors import Refusal

person = typer.Typer(help="Somebody who signs in to the back office.", no_args_is_help=True)
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="E-mail address, the login.")]


@person.command("second-step-off")
def second_step_off(email: Email) -> None:
    """Take the second step from somebody who has lost it; their password is enough again."""
    settings = read_environment()
    start_django(settings, writes=True)
    database.check(settings)
    from regulars.tenants import second_step  # noqa: PLC0415 - models need Django

    try:
        user, gone = second_step.switch_off(email=email)
    except Refusal as refusal:
        raise as_stop(refusal, {"email": "EMAIL"}) from refusal
    say_json({"email": user.email, "name": user.name, "removed": gone})
