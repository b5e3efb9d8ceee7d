"""The operator's admin: who comes in, and what is shown."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from regulars.jobs.models import Job, ScheduledRun
from regulars.tenants import actions as tenants
from regulars.tenants import operators
from regulars.tenants.models import ApiKey, Business, User
from tests.factories import Shop, make_shop
from tests.office.seat import Seat
from tests.web.operator.given import REASON, Operator

pytestmark = pytest.mark.django_db

TABLES = (
    "tenants/business", "tenants/user", "tenants/apikey", "jobs/job", "jobs/scheduledrun", "admin/logentry",
)  # fmt: skip
# A filter of each kind.
FILTERS = {
    "tenants/business": {"suspended_at__isempty": "1"},
    "tenants/user": {"operator": "yes", "account": "open"},
    "tenants/apikey": {"state": "revoked"},
    "jobs/job": {"status__exact": "failed"},
}


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def olga(db: None) -> Operator:
    return Operator()


def a_job(**fields: object) -> Job:
    given = {"uid": f"job-{Job.objects.count()}", "task": "regulars.a.task", "run_after": timezone.now()}
    return Job.objects.create(**(given | fields))


def fill(shop: Shop, olga: Operator) -> None:
    """A row in each table."""
    a_job(status="failed", error="Traceback\nValueError: <b>no</b>", business_id=shop.id)
    ScheduledRun.objects.get_or_create(name="nightly", defaults={"next_at": timezone.now()})
    olga.do(f"tenants/business/{shop.id}/limits/", plan="growth", max_members="70", **REASON)


@pytest.mark.parametrize("path", ["", *(f"{table}/" for table in TABLES)])
def test_strangers_sign_in_first_and_others_are_told_that_it_is_not_for_them(shop: Shop, path: str) -> None:
    unknown = Client(SERVER_NAME="shop.example").get(f"/admin/{path}", secure=True)
    assert (unknown.status_code, unknown.headers["Location"]) == (302, f"/account/login/?next=/admin/{path}")
    owner = Seat(shop).client.get(f"/admin/{path}", secure=True)
    assert owner.status_code == 403
    assert shop.business.name not in owner.content.decode()


@pytest.mark.parametrize(
    ("table", "lookup", "value"),
    [
        ("tenants/user", "password__startswith", "argon2"),
        ("tenants/user", "password", "x"),
        ("tenants/apikey", "key_hash__startswith", "a"),
        ("tenants/apikey", "business__name", "x"),
        ("jobs/job", "args__contains", "token"),
        ("tenants/business", "suspended_at__year", "2020"),
    ],
)
def test_rows_are_picked_by_the_filters_of_the_page_alone(
    olga: Operator, table: str, lookup: str, value: str
) -> None:
    answer = olga.get(f"{table}/", **{lookup: value})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/admin/{table}/?e=1")


def test_every_filter_that_a_page_offers_works(olga: Operator, shop: Shop) -> None:
    fill(shop, olga)
    for table in TABLES:
        offered = set(re.findall(r'href="(\?[^"#]+)"', olga.text(f"{table}/")))
        for query in offered:
            answer = olga.client.get(f"/admin/{table}/{unescape(query)}", secure=True)
            assert answer.status_code == 200, (table, query)
    for table, query in FILTERS.items():
        assert olga.text(f"{table}/", **query)


def test_people_are_shown_with_whom_they_work_for_in_our_words(olga: Operator, shop: Shop) -> None:
    other = make_shop("Zweite")
    added = tenants.add_staff(business=other.business, name="Alice", email=shop.owner.user.email)
    assert added.staff.user_id == shop.owner.user_id
    page = olga.text("tenants/user/")
    assert f"{shop.business.name} +1".replace("'", "&#x27;") in page
    for words in ("Works for", "Operator", "May sign in"):
        assert words in page
    for words in ("Is staff", "is staff", "Select user"):
        assert words not in page
    assert shop.owner.user.email not in olga.text("tenants/user/", operator="yes")
    assert "revoked at" not in olga.text("tenants/apikey/").lower()


def test_the_way_to_a_page_is_told_in_the_words_of_the_menu(olga: Operator, shop: Shop) -> None:
    fill(shop, olga)
    job = Job.objects.get(status="failed")
    for path, words in (
        (f"tenants/user/{olga.user.pk}/change/", ["Who is here", "People", olga.user.email]),
        ("tenants/apikey/", ["Who is here", "API keys"]),
        (f"jobs/job/{job.pk}/change/", ["What happens", "Jobs", f"Job {job.pk}"]),
        ("tenants/business/new/", ["Who is here", "Businesses"]),
    ):
        (title,) = re.findall(r"<h1.*?</h1>", olga.text(path), re.DOTALL)
        assert re.findall(r'tracking-tight">\s*(.*?)\s*</', title) == words


def test_the_tab_has_a_picture(olga: Operator) -> None:
    assert 'href="/static/regulars/icon.svg"' in olga.text()


def test_an_operator_is_led_to_the_admin_who_works_for_no_business(olga: Operator, shop: Shop) -> None:
    led = olga.client.get("/office/", secure=True)
    assert (led.status_code, led.headers["Location"]) == (302, "/admin/")
    for page in ("/office/?all", "/account/"):
        assert 'href="/admin/"' in olga.client.get(page, secure=True).content.decode()
    owner = Seat(shop).client
    assert owner.get("/office/", secure=True).headers["Location"].startswith("/office/")
    for page in ("/office/?all", "/account/"):
        assert "/admin/" not in owner.get(page, secure=True).content.decode()


def test_a_closed_or_former_operator_does_not_come_in(olga: Operator) -> None:
    Operator("pete@harbour.example")
    operators.remove_operator(email=olga.user.email)
    assert olga.get().status_code == 403
    User.objects.filter(pk=olga.user.pk).update(is_staff=True, is_active=False)
    assert olga.get().status_code == 302


def test_every_table_and_every_row_is_shown_and_nothing_can_be_saved(olga: Operator, shop: Shop) -> None:
    fill(shop, olga)
    for table in TABLES:
        page = olga.text(f"{table}/")
        assert "/add/" not in page
        model = next(one for one in _models() if one._meta.label_lower == table.replace("/", "."))
        row = model._base_manager.order_by("pk").last()
        assert row is not None, table
        address = f"{table}/{row.pk}/change/".replace(" ", "%20")
        assert "<h1" in olga.text(address)
        assert olga.do(address, name="changed").status_code == 403
        assert olga.get(f"{table}/add/").status_code == 403
        assert olga.get(f"{table}/{row.pk}/delete/").status_code == 403


def _models() -> list[Any]:
    return [Business, User, ApiKey, Job, ScheduledRun, LogEntry]


def test_a_page_of_the_admin_takes_nothing_from_elsewhere(olga: Operator) -> None:
    answer = olga.get()
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-eval'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert 'src="http' not in answer.content.decode()


def test_what_a_table_holds_is_never_markup(olga: Operator) -> None:
    shop = make_shop("<script>alert(1)</script>")
    fill(shop, olga)
    job = Job.objects.get()
    for path in ("tenants/business/", f"tenants/business/{shop.id}/change/", f"jobs/job/{job.pk}/change/"):
        page = olga.text(path)
        assert "<script>alert(1)" not in page
        assert "<b>no</b>" not in page
    assert "ValueError: &lt;b&gt;no&lt;/b&gt;" in olga.text(f"jobs/job/{job.pk}/change/")


def test_search_finds_businesses_people_and_keys(olga: Operator, shop: Shop) -> None:
    make_shop("Charlie's")
    assert "Charlie" not in olga.text("tenants/business/", q="alice")
    assert "olga@" not in olga.text("tenants/user/", q=shop.owner.user.email).partition("result_list")[2]
    assert shop.api_key[:11] in olga.text("tenants/apikey/", q=shop.business.slug)
    assert shop.api_key not in olga.text("tenants/apikey/")


def test_tables_cost_the_same_however_much_there_is(olga: Operator, shop: Shop) -> None:
    fill(shop, olga)

    def cost(table: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            olga.text(f"{table}/")
        return len(asked)

    for table in TABLES:
        cost(table)
    before = {table: cost(table) for table in TABLES}
    for number in range(6):
        fill(make_shop(f"Shop {number}"), olga)
    olga.text()  # what was said about the last one is shown
    assert {table: cost(table) for table in TABLES} == before


def test_signing_in_and_out_is_the_back_offices(olga: Operator) -> None:
    assert olga.get("login/").headers["Location"].startswith("/account/login/")
    assert olga.get("password_change/").headers["Location"] == "/account/password/change/"
    assert olga.do("logout/").headers["Location"] == "/account/logout/"
