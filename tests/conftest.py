"""The session's database: ``pytest --database sqlite|postgresql``.

The process that controls the session starts PostgreSQL when asked to and tells the others through the
environment; they are started afterwards. Django's settings are read only then.
"""

import gc
import os
import shutil
import signal
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pytest_django import DjangoDbBlocker

from tests import blank, postgres

pytest_plugins = ["tests.live"]

ONCE_FOLDERS = {"rules", "tidy"}  # as if each test in them had the marker
DEMO = ("demo/test_shop.py", "docs/test_readme.py")  # these share one that is loaded
LONGEST = (
    "races/",
    *DEMO,
    "web/test_counter_screen.py",
    "web/test_card_browser.py",
    "web/test_microsite_browser.py",
    "web/test_counter_offline.py",
    "cli/test_database.py",
    "cli/test_upgrade.py",
    "cli/test_serve.py",
    "cli/test_business.py",
    "docs/test_examples.py",
    "bench/",
    "ledger/test_stateful.py",
)
# Races in which processes are killed.
KILLS = tuple(
    f"test_{name}.py" for name in ("campaigns", "daily_kills", "jobs", "kills", "sending", "webhooks")
)

_DATA_DIR = pytest.StashKey[Path]()
_SERVER = pytest.StashKey[postgres.Server]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database", choices=("sqlite", "postgresql"), default="sqlite", help="database of the tests"
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("help") or config.getoption("version"):
        return
    if not hasattr(config, "workerinput"):
        _prepare_environment(config)
    from django.conf import settings  # noqa: PLC0415 - not before the environment is there

    _ = settings.INSTALLED_APPS  # reads them now, so that pytest-django finds them
    _list_static_files_once()
    _empty_what_triggers_write()


def _empty_what_triggers_write() -> None:
    """SQLite empties tables row by row, which triggers tell of: what they wrote goes, too."""
    from django.db.backends.sqlite3.base import DatabaseWrapper  # noqa: PLC0415 - as above

    operations = DatabaseWrapper.ops_class
    usual = operations.sql_flush

    def flush(self: Any, style: Any, tables: Any, **more: Any) -> list[str]:
        statements: list[str] = usual(self, style, tables, **more)
        return [*statements, 'DELETE FROM "analytics_change"'] if statements else []

    operations.sql_flush = flush  # type: ignore[method-assign]


def _prepare_environment(config: pytest.Config) -> None:
    for name in list(os.environ):
        if name.startswith("REGULARS_"):
            del os.environ[name]  # the tests' outcome does not depend on whose machine this is
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # cleans up as Ctrl-C does
    data_dir = Path(tempfile.mkdtemp(prefix="regulars-tests-"))
    config.stash[_DATA_DIR] = data_dir
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    os.environ["REGULARS_DATA_DIR"] = str(data_dir)
    os.environ["REGULARS_PUBLIC_URL"] = "https://shop.example"
    os.environ["REGULARS_EMAIL_URL"] = "memorymail://"
    if config.getoption("--database") == "postgresql" and not config.getoption("collectonly"):
        server = config.stash[_SERVER] = postgres.start()
        os.environ["REGULARS_DATABASE_URL"] = server.url("regulars")


def _list_static_files_once() -> None:
    """Each test client has middleware of its own, which would go through all static files again."""
    from whitenoise.middleware import WhiteNoiseMiddleware  # noqa: PLC0415 - reads the settings

    usual = WhiteNoiseMiddleware.add_files_from_finders
    known: dict[str, dict[str, Any]] = {}

    def once(self: Any) -> None:
        if self.static_prefix not in known:
            usual(self)
            known[self.static_prefix] = dict(self.files)
        self.files.update(known[self.static_prefix])

    WhiteNoiseMiddleware.add_files_from_finders = once


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected stays until the end, so nobody need look for garbage in it, now or later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)  # after those that have an order of their own
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What never asks a database need not run again on the second one. What takes longest comes first, so
    that all processes end together.
    """
    if config.getoption("--database") != "sqlite":
        again: list[pytest.Item] = []
        once: list[pytest.Item] = []
        for item in items:
            folder = _place(item).parts[0]
            (once if item.get_closest_marker("once") or folder in ONCE_FOLDERS else again).append(item)
        config.hook.pytest_deselected(items=once)
        items[:] = again
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: not str(_place(item)).startswith(LONGEST))


def _place(item: pytest.Item) -> Path:
    return item.path.relative_to(Path(__file__).parent)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A file is run by one process, which makes what its tests share once; so are those that share the demo
    shop. Races are run by two: those that kill mostly wait, the others keep every processor busy.
    """
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415 - only where it is used

    class ByFile(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            if "/races/" not in file:
                return "demo" if file.endswith(DEMO) else file
            return "kills" if file.endswith(KILLS) else "races"

    return ByFile(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_unconfigure(config: pytest.Config) -> None:
    if (server := config.stash.get(_SERVER, None)) is not None:
        server.stop()
    if (data_dir := config.stash.get(_DATA_DIR, None)) is not None:
        shutil.rmtree(data_dir, ignore_errors=True)


def pytest_report_header(config: pytest.Config) -> str:
    return f"database: {config.getoption('--database')}"


@pytest.fixture(scope="session")
def database(pytestconfig: pytest.Config) -> str:
    """Which database this session runs on: "sqlite" or "postgresql"."""
    return str(pytestconfig.getoption("--database"))


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """The database of this process is there before Django looks for it; it goes with the session."""
    return True


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None, database: str) -> None:
    """Copy the database of this process from the one that the session makes."""
    from django.db import connection  # noqa: PLC0415 - not before the environment is there

    creation: Any = connection.creation
    name = creation._get_test_db_name()
    server = "sqlite://" if database == "sqlite" else os.environ["REGULARS_DATABASE_URL"].rpartition("/")[0]
    blank.copy_into({"REGULARS_DATABASE_URL": f"{server}/{name}"})


@pytest.fixture(scope="module")
def forgets_statistics(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, database: str
) -> Iterator[None]:
    """For modules whose tests let the database count its rows.

    PostgreSQL keeps rows that were taken back until it is told to clean up, and keeps the counts when the
    rows are taken back: it would plan all later tests for tables without any. A connection to SQLite goes on
    believing what it read, though that was taken back.
    """
    from django.db import connection  # noqa: PLC0415 - not before the environment is there

    if database != "postgresql":
        yield
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute("ANALYZE sqlite_master")  # reads what is kept, and counts nothing
        return
    server = os.environ["REGULARS_DATABASE_URL"].rpartition("/")[0]
    with psycopg.connect(f"{server}/{connection.settings_dict['NAME']}", autocommit=True) as link:
        link.execute("VACUUM")
        yield
        link.execute(
            "SELECT pg_clear_relation_stats('public', relname) FROM pg_class "
            "WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i')"
        )
