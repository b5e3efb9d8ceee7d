"""Files of the package that are made and not kept. Needs nothing but Python, as it runs while building."""

from __future__ import annotations

from pathlib import Path

from tools import vendor

LOCALE = vendor.ROOT / "src" / "regulars" / "locale"


def catalogues(locale: Path = LOCALE) -> dict[str, Path]:
    """The .po file of each language."""
    return {path.parts[-3]: path for path in sorted(locale.glob("*/LC_MESSAGES/django.po"))}


def absent() -> list[str]:
    """What is missing: scripts of others, compiled translations."""
    scripts = [f"static/vendor/{name}" for name in vendor.missing()]
    compiled = [path.with_suffix(".mo") for path in catalogues().values()]
    return scripts + [path.relative_to(LOCALE.parent).as_posix() for path in compiled if not path.is_file()]
