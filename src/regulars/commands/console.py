"""How commands speak: results on standard output, everything else on standard error."""

import json
import sys
from collections.abc import Mapping
from typing import Any

FAILED = 1
UNUSABLE_INPUT = 2


class Stop(Exception):  # noqa: N818 - it ends a command, often rightly
    """Ends the command with one line on standard error and an exit status."""

    def __init__(self, message: str, *, status: int = FAILED) -> None:
        self.status = status
        super().__init__(one_line(message))


def one_line(message: object) -> str:
    """The first line of a message that has something to say, without the rest."""
    lines = [line.strip() for line in str(message).splitlines()]
    return next((line for line in lines if line), type(message).__name__)


def say(text: str = "") -> None:
    """A line for people."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def say_json(value: Mapping[str, Any]) -> None:
    """One object on one line for programs."""
    say(json.dumps(value, ensure_ascii=False))


def warn(text: str) -> None:
    """A line that must not mix with a command's result."""
    sys.stderr.write(f"regulars: {text}\n")
    sys.stderr.flush()
