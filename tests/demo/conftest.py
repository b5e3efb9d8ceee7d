"""The demo shop, as `regulars serve --demo` left it, for all tests of a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.db import connection, transaction
from django.test import override_settings
from pytest_django.plugin import DjangoDbBlocker

if TYPE_CHECKING:
    from regulars.demo.load import DemoShop


@pytest.fixture(scope="module")
def demo(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DemoShop]:
    from regulars.demo.load import DemoShop  # noqa: PLC0415 - models need settings
    from regulars.demo.shown import DemoBusiness  # noqa: PLC0415 - the same
    from regulars.settings import PASSWORD_HASHERS  # noqa: PLC0415 - the same
    from tests.demo import loaded  # noqa: PLC0415 - the same

    folder = tmp_path_factory.mktemp("demo")
    loaded.copy_into(folder)
    shown = json.loads((folder / "data" / "demo.json").read_text(encoding="utf-8"))
    usual = connection.settings_dict["NAME"]
    with django_db_blocker.unblock():
        connection.close()
        connection.settings_dict["NAME"] = str(folder / "data" / "regulars.sqlite3")
        # Its passwords were made by the product. Each test's own transaction is a savepoint within this one.
        with override_settings(PASSWORD_HASHERS=PASSWORD_HASHERS), transaction.atomic():
            connection.check_constraints()  # once here, and not after each test again
            yield DemoShop(
                [(one["email"], one["password"], one["role"], one["pin"]) for one in shown["logins"]],
                [DemoBusiness(**business) for business in shown["businesses"]],
            )
            transaction.set_rollback(True)
        connection.close()
        connection.settings_dict["NAME"] = usual
