"""The command line put together, and what it says when something does not fit."""

from typing import Annotated

import typer
from django.db import DatabaseError

from regulars import __version__
from regulars.commands import (
    business,
    counter,
    demo,
    jobs,
    operator,
    person,
    printing,
    serve,
    sso,
    upkeep,
    webhooks,
    worker,
)
from regulars.commands.console import FAILED, UNUSABLE_INPUT, Stop, one_line, say, warn
from regulars.environment_values import SettingsError

INTERRUPTED = 130

app = typer.Typer(
    name="regulars",
    help="Loyalty and marketing that a small business hosts itself.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer's callback
    if wanted:
        say(f"regulars {__version__}")
        raise typer.Exit


@app.callback()
def main(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Loyalty and marketing that a small business hosts itself."""


app.command()(serve.serve)
app.command()(worker.worker)
app.add_typer(jobs.jobs, name="jobs")
app.command()(demo.demo)
app.command()(business.createbusiness)
app.add_typer(business.apikey, name="apikey")
app.add_typer(operator.operator, name="operator")
app.add_typer(person.person, name="person")
app.add_typer(webhooks.webhook, name="webhook")
app.add_typer(sso.sso, name="sso")
app.add_typer(counter.counter, name="counter")
app.add_typer(printing.printing, name="print")
app.command()(printing.logo)
app.command()(upkeep.migrate)
app.command()(upkeep.audit)
app.command()(upkeep.rollup)
app.command()(upkeep.daily)


def run(arguments: list[str]) -> int:
    """Run one command; problems become one line on standard error. Returns the exit status."""
    try:
        result = typer.main.get_command(app).main(arguments, prog_name="regulars", standalone_mode=False)
    except (Stop, SettingsError, DatabaseError, typer.TyperException) as error:
        status, message = _told(error)
        if message:  # empty when the help was shown
            warn(message)
        return status
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        return FAILED  # whoever read our output went away
    return result if isinstance(result, int) else 0


def _told(error: Exception) -> tuple[int, str]:
    match error:
        case Stop():
            return error.status, str(error)
        case typer.TyperException():
            return error.exit_code, error.format_message()
        case DatabaseError():  # lost on the way, or full
            return FAILED, f"The database cannot be used: {one_line(error)}"
        case _:
            return UNUSABLE_INPUT, str(error)
