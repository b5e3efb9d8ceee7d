"""The OpenAPI page needs nobody else's server, and what it says is true.

`SOAK=1` sends 2,000 generated requests instead of a few hundred.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.core.handlers.wsgi import WSGIHandler
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from ninja import NinjaAPI
from ninja.responses import NinjaJSONEncoder
from schemathesis import GenerationMode, checks

from regulars.api.rest.api import api
from tests.api.routes import furnish, operations, schema
from tests.api.support import Rest, text_of
from tests.api.things import Things
from tests.factories import make_shop

pytestmark = pytest.mark.django_db

PAGES = ("/api/docs", "/api/openapi.json")
ERRORS = {400: "invalid", 401: "no key", 403: "plan or transport", 429: "limit", 503: "database"}
WRITE_ERRORS = {409: "conflict or still running", 422: "idempotency key reused"}


class Links(HTMLParser):
    """Everything that a page makes a browser fetch, and everything that runs inside of it."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.inline: list[str] = []
        self._script = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.fetched += [given[name] for name in ("src", "href", "srcset", "action") if name in given]
        self.inline += [name for name in given if name.startswith("on")]
        self._script = tag if tag in {"script", "style"} and given.get("type") != "application/json" else ""

    def handle_data(self, data: str) -> None:
        if self._script and data.strip():
            self.inline.append(data)


def page() -> Links:
    links = Links()
    links.feed(text_of(Rest().send("GET", "/api/docs")))
    return links


def body_of(response: Any) -> str:
    return b"".join(response.streaming_content).decode() if response.streaming else text_of(response)


def test_the_page_fetches_nothing_from_elsewhere() -> None:
    found = page()
    assert len(found.fetched) > 3
    assert all(re.match("/(?!/)", address) for address in found.fetched), found.fetched
    assert found.inline == []  # its own policy would not let it run


def test_the_viewer_is_told_of_no_other_host() -> None:
    text = text_of(Rest().send("GET", "/api/docs"))
    assert not re.findall(r"//\w", text)
    told = re.search(r'id="swagger-settings">(.*?)</script>', text, re.DOTALL)
    assert told
    assert json.loads(told[1])["validatorUrl"] is None  # unset, it would ask one on the internet


def test_what_the_page_fetches_is_there() -> None:
    for address in page().fetched:
        response = Rest().send("GET", address)
        assert response.status_code == 200, address
        body = body_of(response)
        assert body
        if address.endswith(".css"):
            # Pictures within a style sheet are fetched too.
            assert not re.findall(r"""(?:url\(|@import)\s*["']?(?!data:)[^)"']*//""", body)


@pytest.mark.parametrize("path", PAGES)
def test_the_policy_lets_in_this_host_alone(path: str) -> None:
    policy = Rest().send("GET", path).headers["Content-Security-Policy"]
    directives = {
        name: rest.split() for name, _, rest in (one.strip().partition(" ") for one in policy.split(";"))
    }
    assert directives["default-src"] == ["'none'"]
    assert directives["script-src"] == directives["connect-src"] == ["'self'"]
    assert directives["frame-ancestors"] == directives["base-uri"] == ["'none'"]
    sources = {source for name, values in directives.items() for source in values if name != "style-src"}
    assert sources <= {"'none'", "'self'", "data:"}
    assert set(directives["style-src"]) <= {"'self'", "'unsafe-inline'"}


def test_the_pages_need_no_key_and_no_database(django_assert_num_queries: Callable[[int], Any]) -> None:
    with django_assert_num_queries(0):
        for path in PAGES:
            assert Rest().send("GET", path).status_code == 200


def test_the_description_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = api.made_description()
    made = iter([whole])
    monkeypatch.setattr(api, "_description", b"")
    monkeypatch.setattr(api, "made_description", lambda: next(made))
    for _ in range(2):
        assert text_of(Rest().send("GET", "/api/openapi.json")) == whole.decode()
    api.keep_description(b"{}")
    assert text_of(Rest().send("GET", "/api/openapi.json")) == "{}"


def test_the_description_is_the_one_that_ninja_makes() -> None:
    assert (
        api.made_description() == json.dumps(NinjaAPI.get_openapi_schema(api), cls=NinjaJSONEncoder).encode()
    )


def test_the_description_names_no_other_host() -> None:
    text = text_of(Rest().send("GET", "/api/openapi.json"))
    # A receiver of webhooks is somewhere else; under .example it is nobody's.
    found = set(re.findall(r"https?://(?!shop\.example)[^\s\"\\]+", text))
    assert found == {"https://till.example/hooks"}


@pytest.mark.parametrize("operation", sorted(operations()))
def test_every_operation_documents_its_answers(operation: str) -> None:
    described = operations()[operation]
    expected = {*ERRORS, *(() if operation.startswith("GET ") else WRITE_ERRORS)}
    names_a_record = operation in {"POST /api/customers", "POST /api/segments", "POST /api/campaigns"}
    if (
        names_a_record
        or "{" in operation
        or operation.rsplit("/", maxsplit=1)[-1]
        in {"add", "redeem", "nearest", "pairings", "days", "hours", "staff"}
    ):
        expected |= {404}
    success = {code for code in described["responses"] if code < 300}
    assert described["responses"].keys() == expected | success
    assert len(success) == 1
    for status, answer in described["responses"].items():
        name = answer["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        assert (name == "ErrorAnswer") == (status >= 400)
    assert described["summary"]
    assert described["security"] == [{"HeaderKey": []}, {"BearerKey": []}]
    keys = [one for one in described["parameters"] if one["name"] == "Idempotency-Key"]
    assert len(keys) == (0 if operation.startswith("GET ") else 1)


def test_limits_of_numbers_are_documented() -> None:
    schemas = schema()["components"]["schemas"]
    count = schemas["AddStamps"]["properties"]["count"]
    assert (count["minimum"], count["maximum"], count["default"]) == (1, 10, 1)
    goal = schemas["ProgramPatch"]["properties"]["stamps_required"]["anyOf"][0]
    assert (goal["minimum"], goal["maximum"]) == (2, 50)
    days = next(one for one in operations()["GET /api/analytics"]["parameters"] if one["name"] == "range")
    assert (days["schema"]["minimum"], days["schema"]["maximum"], days["schema"]["default"]) == (7, 90, 30)


# Generated requests

LONG = bool(os.environ.get("SOAK"))
MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
CASES = -(-2_000 // (len(operations()) * len(MODES))) if LONG else 5
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]
_handler = WSGIHandler()


def application(environ: dict[str, Any], start_response: Any) -> Any:
    environ |= {"wsgi.url_scheme": "https", "HTTP_HOST": "shop.example", "REMOTE_ADDR": "192.0.2.7"}
    return _handler(environ, start_response)


DESCRIBED = schemathesis.openapi.from_wsgi("/api/openapi.json", application)


@pytest.fixture(scope="module")
def mine(kept: None) -> Things:
    return furnish(make_shop(), "Sunrise")


@pytest.fixture
def things(mine: Things) -> Iterator[Things]:
    # The test's own transaction must outlive each request.
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(close_old_connections)
    yield mine
    for signal in (signals.request_started, signals.request_finished):
        signal.connect(close_old_connections)


def with_real_records(case: Any, things: Things) -> None:
    """Generated codes and numbers find nothing; these do."""
    real = {"customer_id": things.customer_id, "staff_id": things.staff_id, "branch_id": things.branch_id}
    resource = case.path.split("/")[2]
    for name in case.path_parameters or {}:
        case.path_parameters[name] = things.ids.get(f"{resource} {name}") or real.get(name) or 1
    if isinstance(case.body, dict) and "qr_code" in case.body:
        case.body["qr_code"] = things.qr_code
        case.body.pop("branch_id", None)


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize("operation", sorted(operations()))
def test_generated_requests_get_documented_answers(
    operation: str, mode: GenerationMode, things: Things
) -> None:
    method, path = operation.split()
    described = DESCRIBED[path][method]
    statuses: set[int] = set()

    @hypothesis_settings(
        max_examples=CASES,
        deadline=None,
        database=None,
        derandomize=not LONG,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=described.as_strategy(generation_mode=mode), real=st.booleans())
    def check(case: Any, real: bool) -> None:  # noqa: FBT001
        if real and mode is GenerationMode.POSITIVE:
            with_real_records(case, things)
        with transaction.atomic():
            response = case.call(headers={"X-Api-Key": things.shop.api_key})
            transaction.set_rollback(True)  # the next request finds the shop as it was
        statuses.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    check()
    assert statuses <= {200, 201, 400, 403, 404, 409}
