import datetime as dt
import re
import sqlite3
from math import gcd
from pathlib import Path
from unittest.mock import patch

import pytest

from bench import __main__ as command
from bench import client, measure, members, pgbench, replay, results, statements
from bench.shop import Shop
from bench.size import Say, Size
from bench.statements import Ref
from bench.workloads import WORKLOADS
from regulars.ledger import post

VENDORS = ("postgresql", "sqlite")


def recorded(vendor: str) -> statements.Recorded:
    return statements.record(vendor=vendor, business_id=3, branch_id=9)


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_placeholder_has_its_parameter(vendor: str) -> None:
    found = recorded(vendor)
    for statement in (found.state, *found.plain, *found.rewarded):
        assert statement.sql.count("%s") == len(statement.params) > 0


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_posting_is_made_from_the_card_that_was_read(vendor: str) -> None:
    found = recorded(vendor)
    assert found.state.params == (9, Ref("qr_code"), 3)
    for posting in (found.plain, found.rewarded):
        assert {Ref("state.member_id"), Ref("state.version"), Ref("state.business_id")} <= {
            value for statement in posting for value in statement.params if isinstance(value, Ref)
        }
    # What the card gains: one stamp, or one less the eight that became a reward.
    assert found.plain[0].params[0] == 1
    assert found.rewarded[0].params[0] == -7
    assert Ref("state.reward_description") in [value for one in found.rewarded for value in one.params]


def test_sqlite_hands_on_what_a_statement_returned() -> None:
    posting = recorded("sqlite").plain
    assert [statement.columns for statement in posting] == [("member_id", "stamps", "points"), ("id",), ()]
    assert posting[1].params[-3:] == (Ref("0.member_id"), Ref("0.stamps"), Ref("0.points"))


@pytest.mark.parametrize("vendor", VENDORS)
def test_no_value_of_the_stand_in_is_left(vendor: str) -> None:
    found = recorded(vendor)
    for statement in (found.state, *found.plain, *found.rewarded):
        assert "700000000" not in repr(statement)


def test_the_columns_of_the_state_are_in_the_order_that_the_product_reads() -> None:
    def run(sql: str, params: object) -> list[tuple[object, ...]]:
        texts = {"reward_description": "A text", "timezone": "A zone"}
        columns = statements.returned_columns(sql)
        return [tuple(texts.get(column, number) for number, column in enumerate(columns))]

    with patch("regulars.db.run", run):
        state = post.read_card(business_id=3, qr_code="x")
    assert state is not None
    place = recorded("postgresql").state.columns.index
    assert state.member_id == place("member_id")
    assert state.version == place("version")
    assert state.stamps == place("stamps")
    assert state.goal == place("stamps_required")
    assert state.branch_found == place("id")
    assert (state.reward_text, state.timezone) == ("A text", "A zone")


def test_columns_that_cannot_be_told_apart_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot tell apart"):
        statements.returned_columns("SELECT a.id, b.id FROM a JOIN b ON true")


def test_the_script_holds_the_products_statements_and_defines_what_they_use() -> None:
    found = recorded("postgresql")
    script = pgbench.write_script(found, member_count=500)
    for statement in (found.state, *found.plain, *found.rewarded):
        piece = re.compile("(:[a-z]\\w*|NULL|'')".join(map(re.escape, statement.sql.strip().split("%s"))))
        assert len(piece.findall(script.text)) == 1
    lines = script.text.splitlines()
    assert lines[0] == "\\set member random(1, 500)"
    assert "\\if :s_stamps + 1 >= :s_stamps_required" in lines
    used = set(re.findall(r"(?<!:):([a-z]\w*)", script.text))
    columns = {f"s_{column}" for column in found.state.columns}
    assert used <= {"member", "qr_code"} | columns | script.variables.keys()
    assert {"qr_code", "s_member_id", "s_version"} | script.variables.keys() <= used
    assert all(script.variables.values())  # pgbench refuses an empty one


def test_the_script_is_refused_when_placeholders_and_parameters_differ() -> None:
    found = recorded("postgresql")
    state = statements.Statement(found.state.sql + " AND %s", found.state.params, found.state.columns)
    with pytest.raises(ValueError, match="4 placeholders but 3 parameters"):
        pgbench.write_script(statements.Recorded(state, found.plain, found.rewarded), member_count=5)


def test_codes_are_the_same_by_formula_and_by_sql_and_all_different() -> None:
    assert gcd(members._STEP, members._RANGE) == 1
    assert members._STEP * members.MOST_MEMBERS < 2**63
    connection = sqlite3.connect(":memory:")
    try:
        for number in (1, 2, 77_777, members.MOST_MEMBERS):
            row = connection.execute(f"SELECT {members.qr_expression(str(number))}").fetchone()
            assert members.qr_code(number) == str(row[0]).encode()
            assert len(members.qr_code(number)) == 16
    finally:
        connection.close()


REPORT = """\
number of transactions actually processed: 1234
number of failed transactions: {failed} (0.000%)
latency average = 5.540 ms
tps = 2888.069424 (without initial connection time)
"""


def test_pgbench_report() -> None:
    assert pgbench.read_report(REPORT.format(failed=0)) == pgbench.Figures(1234, 2888.069424, 5.54)
    with pytest.raises(RuntimeError, match="failed transactions"):
        pgbench.read_report(REPORT.format(failed=2))


LENGTH = b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\nA: b\r\n\r\n{"data":{}}'
CHUNKED = b'HTTP/1.1 409 X\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"er\r\n5;x=1\r\nror"}\r\n0\r\n\r\n'


@pytest.mark.parametrize(
    ("data", "status", "body"), [(LENGTH, 200, b'{"data":{}}'), (CHUNKED, 409, b'{"error"}')]
)
def test_responses_are_read_whole(data: bytes, status: int, body: bytes) -> None:
    assert client.read_response(data + b"next") == (status, body, len(data))
    for end in range(len(data)):
        assert client.read_response(data[:end]) is None


def test_a_response_without_length_fails() -> None:
    with pytest.raises(client.LoadFailedError):
        client.read_response(b"HTTP/1.1 200 OK\r\n\r\n{}")


def result(name: str, *speeds: float) -> results.Result:
    rounds = tuple(results.Round(1000, speed, 5.0, 9.0, 12.0, 700, 300, 290, 0.05) for speed in speeds)
    return results.Result(name, rounds, ("A note.",), 100_000, 16, 4321)


def sent(name: str, *speeds: float, grown_mb: float | None = None) -> results.Sent:
    passes = tuple(results.Pass(1000, speed, 650) for speed in speeds)
    return results.Sent(name, passes, ("A note.",), grown_mb)


def test_the_page_says_ratio_spread_and_whether_it_is_enough() -> None:
    page = results.render(
        [result("stamps-postgresql", 310, 290, 400), result("stamps-sqlite", 100, 240, 300)],
        [],
        machine=["4 cores of something"],
        today=dt.date(2026, 2, 3),
    )
    lines = page.splitlines()
    assert f"| {results.TITLES['stamps-postgresql']} | **0.31** | 0.29 to 0.40 | 0.25 | 0.50 | yes |" in lines
    assert f"| {results.TITLES['stamps-sqlite']} | **0.24** | 0.10 to 0.30 | 0.25 | 0.50 | **no** |" in lines
    assert "2026-02-03" in page
    assert "- 4 cores of something" in page
    assert "4,321 requests were acknowledged" in page
    assert page.count("A note.") == 2
    assert "| 2 | 1,000 | 290 | 0.290 | 5.0 / 9.0 / 12.0 | 700 | 300 / 290 |" in lines
    assert "| 2 | 1,000 | 240 | 0.240 | 5.0 / 9.0 / 12.0 | 700 |" in lines


def test_an_unsteady_machine_is_named() -> None:
    def with_limits(*limits: float) -> results.Result:
        rounds = tuple(results.Round(limit, 300, 5.0, 9.0, 12.0, 700, 0, 0, 0.05) for limit in limits)
        return results.Result("stamps-sqlite", rounds, (), 10, 16, 1)

    steady, unsteady = with_limits(1000, 1400, 1200), with_limits(1000, 1600, 1200)
    assert steady.warning == ""
    assert "varied" not in results.headline(steady)
    assert "varied from 1,000 to 1,600 a second" in results.headline(unsteady)
    page = results.render([unsteady], [], machine=[], today=dt.date(2026, 2, 3))
    assert "varied from 1,000 to 1,600 a second" in page


def test_what_has_no_floor_is_shown_without_one() -> None:
    campaign = sent("campaigns-sqlite", 400, 300, grown_mb=11.4)
    assert campaign.passed
    assert "no floor is set; 11 MB more memory" in results.headline(campaign)
    lines = results.render([campaign], [], machine=[], today=dt.date(2026, 2, 3)).splitlines()
    title = f"{results.TITLES['campaigns-sqlite']} (350 a second, 11 MB more memory)"
    assert f"| {title} | **0.35** | 0.30 to 0.40 | not set | not set | not set |" in lines
    assert "| 2 | 1,000 | 300 | 0.300 | 650 |" in lines
    assert not sent("webhooks-sqlite", 400).passed


@pytest.mark.parametrize(("speed", "status"), [(251, 0), (249, 1)])
def test_the_exit_status_says_whether_the_floor_is_reached(tmp_path: Path, speed: float, status: int) -> None:
    page = tmp_path / "results.md"
    with patch.dict(measure.COMPARISONS, {"stamps-sqlite": lambda *_: result("stamps-sqlite", speed)}):
        assert command.main(["--only", "stamps-sqlite", "--results", str(page)]) == status
    assert f"{speed / 1000:.3f}" in page.read_text()


def test_stopping_is_not_a_failure_with_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    def stopped(size: Size, say: Say) -> results.Result:
        raise KeyboardInterrupt

    with patch.dict(measure.COMPARISONS, {"stamps-sqlite": stopped}):
        assert command.main(["--only", "stamps-sqlite"]) == 130
    assert "Stopped" in capsys.readouterr().out


def test_a_failure_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    def failing(size: Size, say: Say) -> results.Result:
        raise RuntimeError("3 requests were acknowledged but 2 entries written")

    with patch.dict(measure.COMPARISONS, {"stamps-sqlite": failing}):
        assert command.main(["--only", "stamps-sqlite"]) == 2
    assert "but 2 entries written" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--members", "0"], ["--members", "1000001"], ["--rounds", "x"]])
def test_sizes_that_cannot_be_measured_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        command.read_arguments(arguments)


def chosen(*arguments: str) -> list[str]:
    return [name for name, _, _ in command.tasks(command.read_arguments(list(arguments)))]


def test_one_database_one_kind_of_request_or_one_comparison_can_be_chosen() -> None:
    assert chosen() == list(measure.COMPARISONS)
    assert len(chosen()) == 13
    assert chosen("--only", "sales") == ["sales-postgresql", "sales-sqlite"]
    assert chosen("--only", "members-postgresql") == ["members-postgresql"]
    assert chosen("--only", "campaigns") == ["campaigns-postgresql", "campaigns-sqlite"]
    assert {name.partition("-")[2] for name in chosen("--only", "sqlite")} == {"sqlite"}
    assert chosen("replay") == []


def test_every_comparison_has_a_title_and_goals_of_its_own() -> None:
    assert set(measure.COMPARISONS) == set(results.TITLES) == set(results.GOALS)
    assert len(set(results.TITLES.values())) == len(results.TITLES)
    assert all(0 < goals[0] < goals[1] for goals in results.GOALS.values() if goals)
    assert {name: goals and goals[0] for name, goals in results.GOALS.items()} == {
        "stamps-postgresql": 0.25,
        "stamps-sqlite": 0.25,
        "sales-postgresql": 0.12,
        "sales-sqlite": 0.12,
        "vouchers-postgresql": 0.20,
        "vouchers-sqlite": 0.20,
        "rewards-postgresql": 0.20,
        "rewards-sqlite": 0.20,
        "members-postgresql": 0.30,
        "webhooks-postgresql": 0.50,
        "webhooks-sqlite": 0.50,
        "campaigns-postgresql": None,
        "campaigns-sqlite": None,
    }


@pytest.mark.parametrize("name", results.GOALS)
def test_every_result_can_be_rendered(name: str) -> None:
    requests = name.split("-", maxsplit=1)[0] in WORKLOADS
    page = results.render(
        [result(name, 500) if requests else sent(name, 500)], [], machine=[], today=dt.date(2026, 2, 3)
    )
    assert results.TITLES[name] in page
    assert "no file of purchases was given" in page


@pytest.mark.parametrize("name", WORKLOADS)
def test_requests_are_whole_whatever_is_asked_for(name: str) -> None:
    workload = WORKLOADS[name]
    some = Shop(api_key="rk_key", business_id=3, branch_id=9, member_count=1000)
    head, tail = workload.request(some, 8000)
    for turn in (0, 1, 999, 5000):
        asked = workload.asked(some, workload.number(turn, some.member_count))
        data = head + asked.encode() + tail
        headers, _, body = data.partition(b"\r\n\r\n")
        found = re.search(rb"Content-Length: (\d+)", headers)
        assert found
        assert int(found[1]) == len(body)
        assert body.decode() == workload.body(some, asked)


def test_what_is_used_up_is_asked_for_once_and_never_more_than_there_is() -> None:
    some = Shop(api_key="rk_key", business_id=3, branch_id=9, member_count=10)
    for workload in WORKLOADS.values():
        if workload.sequential:
            assert [workload.number(turn, 10) for turn in range(25)] == list(range(25))
    vouchers = [WORKLOADS["vouchers"].asked(some, number) for number in range(25)]
    assert len(set(vouchers)) == 25
    rewards = [WORKLOADS["rewards"].asked(some, number) for number in range(20)]
    assert {rewards.count(code) for code in rewards} == {2}


LINES = [
    " 00004 0001 19970101  2   29.33",
    " 00004 0001 19970118  2   9.99",
    "",
    " 00021 0002 19970101  3  5000.00",
    " 00021 0002 19970102  3  4999.99",
    " 00021 0002 19970103  1     0.10",
]


def test_purchases_are_read_exactly() -> None:
    found = replay.read_purchases(LINES)
    assert len(found) == 5
    assert found[0] == replay.Purchase("0001", dt.date(1997, 1, 1), 2, 2933)
    assert [one.dollars for one in found] == ["29.33", "9.99", "5000.00", "4999.99", "0.10"]


@pytest.mark.parametrize(
    "line",
    [
        "1 2 19970101 2",
        "1 2 19971301 2 3.00",
        "1 2 19970101 x 3.00",
        "1 2 19970101 2 3.001",
        "1 2 19970101 2 x",
    ],
)
def test_a_line_that_is_no_purchase_is_named(line: str) -> None:
    with pytest.raises(ValueError, match="line 2 is not a purchase"):
        replay.read_purchases(["1 2 19970101 2 3.00", line])


def test_what_each_person_should_have_in_the_end() -> None:
    # 2.933 and 0.999 are rounded down one by one; 500 points are a voucher, 499.999 are not.
    accounts = replay.expect(replay.read_purchases(LINES))
    assert accounts == {"0001": replay.Account(2, 0), "0002": replay.Account(499, 1)}


def test_a_member_who_has_something_else_is_named() -> None:
    expected = {"0001": replay.Account(2, 0), "0002": replay.Account(499, 1)}
    replay.check(dict(expected), expected)
    for found in ({**expected, "0002": replay.Account(499, 0)}, {"0001": expected["0001"]}):
        with pytest.raises(RuntimeError, match="1 members differ from the file: 0002"):
            replay.check(found, expected)
    with pytest.raises(RuntimeError, match="0003"):
        replay.check({**expected, "0003": replay.Account(0, 0)}, expected)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty, broken = tmp_path / "empty", tmp_path / "broken"
    empty.write_text("\n")
    broken.write_text("1 2 3")
    for file, said in ((empty, "no purchase"), (broken, "line 1"), (tmp_path / "none", "No such file")):
        with pytest.raises(SystemExit):
            command.read_arguments(["replay", "--data", str(file)])
        assert said in capsys.readouterr().err


def test_a_replay_is_written_down_and_without_a_file_it_is_said_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, page = tmp_path / "purchases", tmp_path / "results.md"
    file.write_text("\n".join(LINES))
    done = replay.Replayed("sqlite", 2, 5, 100.0, 250.0, 3.0, 9.0, 501, 1)
    with patch.object(replay, "replay", lambda *_: done):
        assert command.main(["replay", "--data", str(file), "--results", str(page)]) == 0
    assert "| SQLite | 2 | 100 | 5 | 250 | 3.0 / 9.0 | 501 | 1 |" in page.read_text()
    assert "5 purchases of 2 people" in capsys.readouterr().out
    assert command.main(["replay"]) == 0
    assert command.NO_DATA in capsys.readouterr().out
