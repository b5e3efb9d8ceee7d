"""The same races through the front door: a real server, one key, many callers. No answer is a fault."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.races.crowd import split, together
from tests.races.serving import Answer, Caller, Installation


@pytest.fixture
def shop(installation: Installation) -> Iterator[Caller]:
    """The first client of a shop that has just opened."""
    made = installation.create_business("Alice", country="IN", timezone="Asia/Kolkata")
    installation.start()
    installation.wait_until_it_answers()
    with closing(Caller(installation.port, made["api_key"])) as caller:
        yield caller


def enrol(shop: Caller, phone: str) -> str:
    answer = shop.send("POST", "/api/customers", {"name": "Priya Sharma", "phone": phone})
    assert answer.status == 201, answer
    return str(answer.data["qr_code"])


def crowd(shop: Caller, callers: int, path: str, body: object, key: str | None = None) -> list[Answer]:
    """The same request by so many clients at once; all of them get an answer."""

    def call(_: int) -> Answer:
        with closing(Caller(shop.port, shop.api_key)) as client:
            return client.send("POST", path, body, key)

    answers, failed = split(together(callers, call, connected=False))
    assert failed == []
    return answers


def statuses(answers: list[Answer]) -> dict[tuple[int, str], int]:
    return dict(Counter((answer.status, answer.code) for answer in answers))


def test_crowds_at_the_front_door(shop: Caller, installation: Installation) -> None:
    one_key_has_one_effect(shop)
    one_reward_goes_to_one_caller(shop)
    ten_rewards_go_to_ten(shop)
    one_phone_is_enrolled_once(shop)
    installation.audit()


def one_key_has_one_effect(shop: Caller) -> None:
    card = enrol(shop, "+919876500001")
    body = {"qr_code": card, "count": 3}
    answers = crowd(shop, 50, "/api/stamps/add", body, "one key")
    done = [answer for answer in answers if answer.status == 200]
    assert {answer.code for answer in answers} <= {"", "idempotency_still_running"}
    assert len([answer for answer in done if not answer.replayed]) == 1
    assert {answer.body for answer in done} == {done[0].body}
    assert all(answer.headers["Retry-After"] for answer in answers if answer.status == 409)
    again = shop.send("POST", "/api/stamps/add", body, "one key")
    assert (again.status, again.body, again.replayed) == (200, done[0].body, True)
    other = shop.send("POST", "/api/stamps/add", {"qr_code": card, "count": 4}, "one key")
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    now = shop.send("GET", f"/api/customers/{done[0].data['customer_id']}").data
    assert (now["current_stamps"], now["total_visits"]) == (3, 1)


def one_reward_goes_to_one_caller(shop: Caller) -> None:
    card = enrol(shop, "+919876500002")
    shop.send("POST", "/api/stamps/add", {"qr_code": card, "count": 8})
    answers = crowd(shop, 64, "/api/rewards/redeem", {"qr_code": card})
    assert statuses(answers) == {(200, ""): 1, (409, "no_pending_reward"): 63}


def ten_rewards_go_to_ten(shop: Caller) -> None:
    card = enrol(shop, "+919876500003")
    answers = crowd(shop, 64, "/api/stamps/add", {"qr_code": card, "count": 10})
    assert statuses(answers) == {(200, ""): 64}  # 640 stamps: 80 rewards
    assert sum(answer.data["rewards_earned"] for answer in answers) == 80
    for _ in range(70):
        assert shop.send("POST", "/api/rewards/redeem", {"qr_code": card}).status == 200
    answers = crowd(shop, 64, "/api/rewards/redeem", {"qr_code": card})
    assert statuses(answers) == {(200, ""): 10, (409, "no_pending_reward"): 54}
    left = sorted(answer.data["pending_rewards"] for answer in answers if answer.status == 200)
    assert left == list(range(10))


def one_phone_is_enrolled_once(shop: Caller) -> None:
    body = {"name": "Rahul", "phone": "+919876500004"}
    answers = crowd(shop, 8, "/api/customers", body)
    assert statuses(answers) == {(201, ""): 1, (409, "already_enrolled"): 7}
