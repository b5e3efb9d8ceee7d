"""What somebody does who connects a till: a key, a call that works, a webhook that arrives."""

from __future__ import annotations

import json
import subprocess
from ipaddress import ip_network

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect
from pytest_django import Settings

from regulars.outbox import deliver, fanout
from regulars.requestlog import buffer
from regulars.tenants import identity
from tests.factories import Shop, make_shop
from tests.live import Tabs
from tests.office.seat import Seat
from tests.outbox.receiver import Receiver
from tests.served import Site

pytestmark = pytest.mark.once


@pytest.fixture
def shop(live: Site) -> Shop:
    identity.forget()
    buffer._buffer.take()
    return make_shop("Harbour Coffee")


@pytest.fixture
def tab(tabs: Tabs, live: Site, shop: Shop) -> Tab:
    """A tab in which the owner is signed in."""
    made = tabs(desk=True)
    key = Seat(shop).client.cookies["regulars_office"].value
    made.context.add_cookies([{"name": "regulars_office", "value": key, "url": live.url}])
    return made


def run(command: str) -> dict[str, object]:
    """What a command that was copied from a page answers."""
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=True)
    return dict(json.loads(done.stdout))


def test_a_key_is_made_its_examples_work_and_the_calls_are_seen(tab: Tab, live: Site, shop: Shop) -> None:
    address = Seat(shop).url
    tab.goto(address("api-keys"))
    tab.get_by_role("link", name="Make a key").click()
    tab.get_by_label("Name").fill("Till at the harbour")
    tab.get_by_role("button", name="Make the key").click()
    key = tab.get_by_label("API key").input_value()
    tab.get_by_role("button", name="Try it here").click()
    expect(tab.locator("[data-try-status]")).to_have_text("200")
    expect(tab.locator("[data-try-body]")).to_contain_text("Harbour Coffee Stamps")

    answer = run(tab.locator("#rest-curl").inner_text())
    assert answer["data"]["program_name"] == "Harbour Coffee Stamps"  # type: ignore[index]
    assert run(tab.locator("#rpc-curl").inner_text()) == {"status": "API call succeeded"}
    tab.get_by_role("button", name="Python").first.click()
    python = tab.locator("#rest-python").inner_text()
    said = subprocess.run(["python3", "-c", python], capture_output=True, text=True, timeout=60, check=True)
    assert "Harbour Coffee Stamps" in said.stdout

    # The documentation has the key, and no address ever had it.
    tab.get_by_role("link", name="RPC API documentation").click()
    tab.wait_for_url("**/rpc/docs")
    expect(tab.locator("article#verify_api pre.curl")).to_contain_text(key)
    tab.goto(f"{live.url}/api/docs")
    expect(tab.locator(".btn.authorize.locked, .btn.authorize:has(svg)")).to_be_visible()
    tab.wait_for_function("() => ui.authSelectors.authorized().size === 1")
    assert key not in tab.url

    live.settle()
    assert buffer.flush() == 4
    tab.goto(address("request-log"))
    expect(tab.locator("tbody tr")).to_have_count(4)
    expect(tab.locator("tbody")).to_contain_text("RPC verify_api")
    tab.goto(address("api-keys"))
    expect(tab.locator("body")).not_to_contain_text(key)


def test_a_webhook_is_added_tested_and_seen_to_arrive(tab: Tab, shop: Shop, settings: Settings) -> None:
    settings.REGULARS_WEBHOOK_NETWORKS = [ip_network("127.0.0.0/8")]
    with Receiver() as receiver:
        tab.goto(Seat(shop).url("webhooks"))
        tab.get_by_role("link", name="Add an address").first.click()
        tab.get_by_role("textbox", name="Address").fill(receiver.url)
        tab.get_by_label("Those that I choose").check()
        tab.locator("input[value='stamp.added']").check()
        tab.get_by_role("button", name="Add it").click()
        secret = tab.get_by_label("Secret of the webhook").input_value()
        tab.get_by_role("button", name="Send a test").click()
        expect(tab.get_by_text("A test is on its way")).to_be_visible()
        shop.stamp(shop.enrol(), 2)
        fanout.pass_on_all()
        deliver.deliver_all()
        received = receiver.wait_for(2)
        for one in received:
            one.verify(secret)
        # The page looks again by itself.
        expect(tab.locator("#deliveries tbody tr")).to_have_count(2)
        expect(tab.locator("#deliveries .badge").first).to_have_text("Delivered")
        tab.get_by_role("link", name="stamp.added").click()
        expect(tab.locator(".story")).to_contain_text("Answered")
        expect(tab.locator("#payload")).to_contain_text('"stamps_added": 2')
