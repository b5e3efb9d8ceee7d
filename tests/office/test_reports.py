"""The reports: what they find, their tables as files, and whose figures they are."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterator
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
import time_machine
from django.http import QueryDict

from regulars.analytics.rollup import roll_up_all
from regulars.ledger import actions as ledger
from regulars.ledger import points
from regulars.sales.actions import add_sale
from regulars.web.office.reports import Range
from regulars.web.office.tags import address, number
from tests.factories import Shop
from tests.office.seat import Seat, records

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 6, 15, 6, 30, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
REPORTS = (
    "reports", "report-retention", "report-visits", "report-rewards", "report-branches", "report-team",
    "report-points",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def table(seat: Seat, name: str, **query: Any) -> list[list[str]]:
    answer = seat.get(name, {"export": "csv", **query})
    assert answer["Content-Type"].startswith("text/csv"), answer.content
    return list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))


@pytest.fixture
def busy(shop: Shop) -> Shop:
    """A shop with two branches, two months and a bit of everything."""
    north, south = shop.branch("North"), shop.branch("South")
    asha = shop.enrol("Asha", occurred_at=NOON - 40 * DAY)
    bela = shop.enrol("Bela", occurred_at=NOON - 40 * DAY)
    shop.stamp(asha, 6, occurred_at=NOON - 40 * DAY)
    shop.stamp(asha, 8, branch_id=north.pk, staff_id=shop.owner.pk, occurred_at=NOON - DAY)
    shop.stamp(bela, 2, branch_id=south.pk, occurred_at=NOON - DAY)
    ledger.redeem_reward(business_id=shop.id, qr_code=asha.qr_code, branch_id=north.pk)
    points.add_points(
        business_id=shop.id, member_id=bela.pk, points_to_add=300, expires_on=dt.date(2026, 8, 20)
    )
    add_sale(business_id=shop.id, member_id=bela.pk, total_value=Decimal("12.50"), branch_id=south.pk)
    return shop


def test_an_empty_shop_has_every_report(owner: Seat) -> None:
    for name in REPORTS:
        page = owner.text(name)
        assert 'class="finding"' in page, name
        assert "None" not in page, name


@pytest.mark.parametrize("rolled", [False, True])
def test_the_overview_says_what_happened(busy: Shop, owner: Seat, *, rolled: bool) -> None:
    if rolled:
        roll_up_all()
    page = owner.text("reports")
    assert "Stamps: 10, 67 % more than in the 30 days before (6)." in page
    heading, *rows = table(owner, "reports", range="7")
    assert heading[:3] == ["Day", "Stamps", "Visits"]
    assert rows[-2][:5] == ["2026-06-14", "10", "2", "0", "2"]
    assert [row[heading.index("Sales amount")] for row in rows] == ["0.00"] * 6 + ["12.50"]
    assert "Sales amount: ₹12.50. In the 7 days before there were none." in owner.text(
        "reports", {"range": "7", "measure": "amount"}
    )


def test_long_ranges_are_told_by_week_and_by_month(busy: Shop, owner: Seat) -> None:
    assert table(owner, "reports", range="365")[0][0] == "Week from"
    months = table(owner, "reports", **{"from": "2024-01-01", "to": "2026-06-15"})
    assert (months[0][0], len(months)) == ("Month from", 1 + 30)
    assert sum(int(row[1]) for row in months[1:]) == 16


def test_retention_says_who_came_in_the_months_after(busy: Shop, owner: Seat) -> None:
    assert "100 % of new members come in the month after they joined." in owner.text("report-retention")
    heading, *rows = table(owner, "report-retention", months="6")
    assert heading[:4] == ["Joined in", "Members", "Same month", "1 month"]
    assert rows == [["May 2026", "2", "50.0", "100.0"]]


def test_visits_say_how_often_when_and_how_long_ago(busy: Shop, owner: Seat) -> None:
    assert "50 % of the 2 members who came once came again." in owner.text("report-visits")
    assert table(owner, "report-visits")[1:4] == [
        ["Not yet", "0", "0.0"], ["1 visit", "1", "50.0"], ["2 visits", "1", "50.0"],
    ]  # fmt: skip
    assert table(owner, "report-visits", table="recent")[1] == ["In the last 7 days", "2", "100.0"]
    sunday = table(owner, "report-visits", table="hours")[7]
    assert (sunday[0], sunday[1 + 12], sum(map(int, sunday[1:]))) == ("Sunday", "2", 2)
    assert "Most visits come on Sunday between 12:00 and 13:00." in owner.text("report-visits")


def test_rewards_cost_what_the_owner_says(busy: Shop, owner: Seat) -> None:
    assert "1 reward redeemed; 1 were earned." in owner.text("report-rewards")
    wrong = owner.post("report-rewards-cost", {"cost": "-1"})
    assert (wrong.status_code, 'value="-1"' in wrong.content.decode()) == (400, True)
    before = len(records(busy))
    assert owner.post("report-rewards-cost", {"cost": "40.50"}).status_code == 303
    assert records(busy)[0].action == "report.reward-cost"
    assert len(records(busy)) == before + 1
    assert "1 reward redeemed, which cost ₹40.50; 1 were earned." in owner.text("report-rewards")
    heading, *rows = table(owner, "report-rewards", range="7")
    assert rows[-1][heading.index("Cost of rewards")] == "40.50"
    assert owner.post("report-rewards-cost", {"cost": ""}).status_code == 303
    assert "which cost" not in owner.text("report-rewards")


def test_branches_and_people_are_compared(busy: Shop, owner: Seat) -> None:
    assert "Stamps in 30 days: North has the most, 8 of 10." in owner.text("report-branches")
    assert [row[:2] for row in table(owner, "report-branches")[1:]] == [
        ["North", "8"], ["South", "2"], ["No branch named", "0"],
    ]  # fmt: skip
    # What named nobody counts as well.
    assert "Stamps in 30 days: Alice has the most, 8 of 10." in owner.text("report-team")
    assert table(owner, "report-team")[1][:2] == ["Alice", "8"]
    by_sales = owner.text("report-branches", {"measure": "amount"})
    assert "Sales amount in 30 days: South has the most, ₹12.50 of ₹12.50." in by_sales


def test_points_are_owed_by_the_month_in_which_they_run_out(busy: Shop, owner: Seat) -> None:
    page = owner.text("report-points")
    assert "Your members can spend 300 points, worth ₹3." in page
    assert table(owner, "report-points")[1] == ["August 2026", "300", "3.00", "100.0"]


def test_a_manager_of_a_branch_sees_its_figures_and_no_comparison(busy: Shop) -> None:
    north = next(one for one in Seat(busy).get("home").context["places"] if one.label == "North")
    branch_id = int(north.url.rpartition("branch=")[2])
    seat = Seat.of(busy, "manager", branch_id=branch_id)
    assert "Stamps: 8." in seat.text("reports")
    for name in ("report-branches", "report-points", "report-rewards-cost"):
        assert seat.get(name).status_code == 403
    assert "Branches" not in [tab.label for tab in seat.get("reports").context["tabs"]]


def test_days_in_the_wrong_order_are_swapped() -> None:
    query = QueryDict("from=2026-06-10&to=2026-06-01")
    found = Range.of(query, NOON.date())
    assert (found.first, found.last, found.days) == (dt.date(2026, 6, 1), dt.date(2026, 6, 10), 10)


class Buttons(HTMLParser):
    """What a browser would ask for by each button of the forms that ask, by the button's name and value."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sent: dict[tuple[str, str], QueryDict] = {}
        self._form: QueryDict | None = None
        self._pressed: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = QueryDict(mutable=True) if found.get("method") == "get" else None
            self._pressed = []
        elif tag == "input" and self._form is not None and "name" in found:
            self._form.appendlist(found["name"], found.get("value", ""))
        elif tag == "button" and self._form is not None:
            self._pressed.append((found.get("name", ""), found.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._form is not None:
            for pressed in self._pressed:
                self.sent[pressed] = self._form.copy()
                if pressed[0]:
                    self.sent[pressed].appendlist(*pressed)
            self._form = None


@pytest.mark.parametrize(
    "name", ["home", "reports", "report-visits", "report-rewards", "report-branches", "report-team"]
)
def test_the_days_of_a_button_are_shown_whatever_was_shown_before(busy: Shop, owner: Seat, name: str) -> None:
    for before in ({}, {"from": "2026-05-01", "to": "2026-05-03"}, {"range": "365"}):
        sent = {
            key: query for key, query in Buttons(owner.text(name, before)).sent.items() if key[0] == "range"
        }
        assert [value for _, value in sent] == ["7", "30", "90", "365", "month", "last-month"]
        for (_, value), query in sent.items():
            page = owner.text(name, query.dict())
            assert re.findall(r'value="([\w-]+)" aria-pressed="true"', page) == [value]


def test_days_that_are_typed_are_shown_whatever_button_was_pressed_before(busy: Shop, owner: Seat) -> None:
    page = owner.text("reports", {"range": "7", "branch": ""})
    query = Buttons(page).sent["", ""]
    assert query.dict() == {"branch": "", "from": "2026-06-09", "to": "2026-06-15"}
    query["from"] = "2026-06-10"
    assert 'id="range-from" name="from" value="2026-06-10"' in owner.text("reports", query.dict())


def test_days_that_were_chosen_are_not_covered_by_what_chose_them(owner: Seat) -> None:
    page = owner.text("reports", {"from": "2026-06-01", "to": "2026-06-10"})
    assert '<details class="menu"><summary class="btn">' in page


def test_a_number_below_0_has_the_minus_of_amounts() -> None:
    assert (number(-19), number(0), number(1234)) == ("\N{MINUS SIGN}19", "0", "1,234")
    assert (number(Decimal("-1.500")), number(Decimal("100.000"))) == ("\N{MINUS SIGN}1.5", "100")


def test_long_addresses_may_be_divided_where_people_would() -> None:
    assert address("asha@example.com") == "asha@example.com"
    long = "a<b.kamath@a.very.long.domain.example.com"
    divided = "a&lt;b<wbr>.kamath<wbr>@a<wbr>.very<wbr>.long<wbr>.domain<wbr>.example<wbr>.com"
    assert address(long) == divided
    short = address("https://till.example/a").split('<wbr class="narrow">')
    assert short == ["https://till", ".example", "/a"]
    assert address("no address, however long it may be") == "no address, however long it may be"
