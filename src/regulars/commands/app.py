"""The command line put together, and what it says when something does not fit."""

from typing import Annotated

import typer

from regulars import __version__
from regulars.commands import business, demo, serve, upkeep
from regulars.commands.console import FAILED, UNUSABLE_INPUT, Stop, say, warn
from regulars.environment import SettingsError

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
app.command()(demo.demo)
app.command()(business.createbusiness)
app.add_typer(business.apikey, name="apikey")
app.command()(upkeep.migrate)
app.command()(upkeep.audit)
app.command()(upkeep.rollup)


def run(arguments: list[str]) -> int:
    """Run one command; problems become one line on standard error. Returns the exit status."""
    command = typer.main.get_command(app)
    try:
        result = command.main(arguments, prog_name="regulars", standalone_mode=False)
    except Stop as stop:
        warn(str(stop))
        return stop.status
    except SettingsError as error:
        warn(str(error))
        return UNUSABLE_INPUT
    except typer.TyperException as error:
        if message := error.format_message():  # empty when the help was shown
            warn(message)
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        return FAILED  # whoever read our output went away
    return result if isinstance(result, int) else 0
