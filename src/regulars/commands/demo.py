"""`regulars demo`: the demo shop, loaded once; its logins and keys are kept to be shown again."""

import json
import sys
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, Self

from regulars.commands import database
from regulars.commands.console import Stop, say, warn
from regulars.commands.setup import read_environment, start_django
from regulars.environment import Environment
from regulars.storage import write_private

if TYPE_CHECKING:
    from rich.progress import TaskID

FILE = "demo.json"
# Without one of these it was written by an earlier version, or by somebody else.
_NEEDED = {
    "logins": ("email", "password", "role", "pin"),
    "businesses": ("name", "slug", "api_key", "join_code", "qr_code", "member_name", "member_code"),
}


def demo() -> None:
    """Load the demo shop, once; prints its logins and API keys."""
    settings = read_environment()
    start_django(settings, writes=True)
    database.make_or_check(settings, upgrade=False)
    shop = load_once(settings)
    for login in shop["logins"]:
        say(f"{login['email']}  {login['password']}  ({login['role']})")
    for business in shop["businesses"]:
        say(f"API key of {business['name']}: {business['api_key']}")


def load_once(settings: Environment) -> dict[str, Any]:
    """Load the demo shop unless the database has it; returns what to show, which is kept in the data folder.

    API keys are stored as hashes only, so this file is the one place that remembers the demo's.
    """
    shop = kept(settings)
    if shop is not None and _is_loaded(shop):
        return _renew(settings, shop)
    shop = _load()
    _keep(settings, shop)
    return shop


def kept_now(settings: Environment) -> dict[str, Any] | None:
    """What was kept, with other cards in place of those that are gone; None when nothing was kept."""
    shop = kept(settings)
    return _renew(settings, shop) if shop is not None and _is_loaded(shop) else shop


def _renew(settings: Environment, shop: dict[str, Any]) -> dict[str, Any]:
    from regulars.demo.shown import DemoBusiness, renewed  # noqa: PLC0415 - models need Django

    names = {field.name for field in fields(DemoBusiness)}
    businesses = [
        asdict(
            renewed(
                DemoBusiness(**dict.fromkeys(names, "") | {name: one[name] for name in names & one.keys()})
            )
        )
        for one in shop["businesses"]
    ]
    if businesses == shop["businesses"]:
        return shop
    shop = shop | {"businesses": businesses}
    _keep(settings, shop)
    return shop


def _keep(settings: Environment, shop: dict[str, Any]) -> None:
    write_private(settings.data_dir / FILE, json.dumps(shop, ensure_ascii=False, indent=1))


def _load() -> dict[str, Any]:
    from regulars.demo import load  # noqa: PLC0415 - models need Django

    try:
        with _Meter() as meter:
            loaded = load.load_demo(meter.report)
    except load.DemoExists as exists:
        reopened = load.reopen_demo()  # its file was lost, so it gets new keys
        if reopened is None:
            raise Stop(exists.message) from exists
        loaded = reopened
    return {
        "logins": [
            {"email": email, "password": password, "role": role, "pin": pin}
            for email, password, role, pin in loaded.logins
        ],
        "businesses": [asdict(business) for business in loaded.businesses],
    }


def kept(settings: Environment) -> dict[str, Any] | None:
    """What was kept when the demo shop was loaded, or None."""
    try:
        shop = json.loads((settings.data_dir / FILE).read_text(encoding="utf-8"))
        valid = bool(shop["logins"]) and all(
            one[key] for table, keys in _NEEDED.items() for one in shop[table] for key in keys
        )
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        valid = False
    if not valid:
        warn(f"{settings.data_dir / FILE} is not what this version writes; the demo shop is opened again.")
        return None
    return dict(shop)


def _is_loaded(shop: dict[str, Any]) -> bool:
    """Whether this database has the businesses and takes their keys."""
    from regulars.rules.codes import key_prefix  # noqa: PLC0415 - with the next
    from regulars.rules.errors import NotFound  # noqa: PLC0415
    from regulars.tenants import queries  # noqa: PLC0415 - models need Django

    for kept_business in shop["businesses"]:
        try:
            business = queries.business_by_slug(kept_business["slug"])
        except NotFound:
            return False
        known = {row.prefix for row in queries.api_keys(business) if row.revoked_at is None}
        if key_prefix(kept_business["api_key"]) not in known:
            return False
    return True


class _Meter:
    """A progress bar for people, a line per stage for logs."""

    def __init__(self) -> None:
        from rich.console import Console  # noqa: PLC0415 - other commands start without loading it
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415

        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=Console(stderr=True),
            disable=not sys.stderr.isatty(),
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def report(self, stage: str, done: int, total: int) -> None:
        """Called by the loader: so many of so many are done in this stage."""
        if stage not in self._tasks:
            self._tasks[stage] = self._bar.add_task(stage, total=total)
            if self._bar.disable:
                warn(f"demo shop: {stage}")
        self._bar.update(self._tasks[stage], completed=done, total=total)
