"""The operator's admin: who comes in, what they see, and what they do."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_scopes import scopes_disabled

from regulars.jobs.models import Job, ScheduledRun
from regulars.tenants import operators
from regulars.tenants.models import User
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga() -> User:
    return operators.add_operator(email="olga@harbour.example", name="Olga").user


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def admin(olga: User) -> Client:
    client = Client(SERVER_NAME="shop.example")
    client.force_login(olga)
    return client


TABLES = ("tenants/business", "tenants/user", "tenants/apikey", "jobs/job", "jobs/scheduledrun", "admin/logentry")


@pytest.mark.parametrize("path", ["", *TABLES])
def test_pages(admin: Client, shop: Shop, path: str) -> None:
    answer = admin.get(f"/admin/{path}/" if path else "/admin/")
    assert answer.status_code == 200
