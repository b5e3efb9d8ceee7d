"""What the readers of the environment share: the one error, and how an address is taken apart."""

from __future__ import annotations

from urllib.parse import SplitResult, parse_qsl, urlsplit


class SettingsError(Exception):
    """A value from the environment is unusable; the text is one line that names the variable."""

    def __init__(self, variable: str, problem: str) -> None:
        self.variable = variable
        super().__init__(f"{variable}: {problem}")


def split_address(variable: str, url: str) -> SplitResult:
    """The parts of an address, whose port is usable."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # checked when read
        parse_qsl(parts.query, strict_parsing=bool(parts.query))
    except ValueError:
        raise SettingsError(variable, "is not a usable address") from None
    return parts
