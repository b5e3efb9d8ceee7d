"""Registering a business: who may, what comes of it, and what a stranger learns."""

from __future__ import annotations

import pytest
from django_scopes import scope

from regulars import db
from regulars.rules.errors import InvalidInput
from regulars.tenants import queries, region, registration, setup
from regulars.tenants.currencies import CURRENCIES
from regulars.tenants.models import Business, Staff, User
from regulars.web.account import limits
from tests.factories import make_shop
from tests.web.account.browsing import NEW, PASSWORD, Browser, owner_of, said, signed_in, url

pytestmark = pytest.mark.django_db
ANN = {
    "business_name": "Bean & Leaf",
    "owner_name": "Ann Lee",
    "email": "Ann@BeanLeaf.example",
    "password": NEW,
    "timezone": "Asia/Kolkata",
}


def open_to(settings: object, mode: str) -> None:
    settings.REGULARS_REGISTRATION = mode  # type: ignore[attr-defined]


def test_whoever_registers_is_signed_in_at_the_first_step(settings: object) -> None:
    open_to(settings, "first")
    browser = Browser()
    response = browser.post("account-register", ANN)
    business = Business.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"/office/{business.slug}/start/")
    user = User.objects.get(pk=browser.who() or 0)
    assert (user.email, user.name, user.check_password(NEW)) == ("ann@beanleaf.example", "Ann Lee", True)
    assert (business.name, business.country, business.currency) == ("Bean & Leaf", "IN", "INR")
    assert (business.timezone, business.plan) == ("Asia/Kolkata", "self_hosted")
    assert business.setup_step == setup.PROGRAMME
    with scope(business=business):
        staff = Staff.objects.get()
    assert (staff.role, staff.must_change_password) == ("owner", False)


def test_it_is_open_until_there_is_a_business(settings: object) -> None:
    open_to(settings, "first")
    assert Browser().get("account-register").status_code == 200
    assert "Register your business" in said(Browser().get("account_login"))
    make_shop()
    for response in (Browser().get("account-register"), Browser().post("account-register", ANN)):
        assert response.status_code == 403
        assert "Registration is closed" in said(response)
    assert Business.objects.count() == 1
    assert "Register your business" not in said(Browser().get("account_login"))


@pytest.mark.parametrize(("mode", "status"), [("open", 302), ("closed", 403)])
def test_it_is_as_the_operator_wants_it(settings: object, mode: str, status: int) -> None:
    make_shop()
    open_to(settings, mode)
    settings.REGULARS_REGISTRATION_PLAN = "trial"  # type: ignore[attr-defined]
    assert Browser().post("account-register", ANN).status_code == status
    plans = {business.plan for business in Business.objects.filter(name="Bean & Leaf")}
    assert plans == ({"trial"} if mode == "open" else set())


def test_what_was_typed_is_kept_when_something_is_wrong(settings: object) -> None:
    open_to(settings, "open")
    response = Browser().post("account-register", ANN | {"password": "short"})
    assert response.status_code == 400
    assert "at least 10 characters" in said(response)
    assert 'value="Bean &amp; Leaf"' in response.content.decode()
    assert not User.objects.exists()


def test_nobody_takes_over_a_known_address(settings: object) -> None:
    shop = make_shop()
    open_to(settings, "open")
    browser = Browser()
    response = browser.post("account-register", ANN | {"email": owner_of(shop).email})
    assert response.status_code == 400
    assert "This address has an account: sign in with it, and open the business there." in said(response)
    assert browser.who() is None
    assert owner_of(shop).check_password(PASSWORD)
    assert Business.objects.count() == 1


def test_somebody_who_is_signed_in_opens_another_business(settings: object) -> None:
    shop = make_shop()
    open_to(settings, "open")
    user = owner_of(shop)
    browser = signed_in(user)
    assert 'name="password"' not in browser.get("account-register").content.decode()
    response = browser.post("account-register", {"business_name": "Second", "timezone": "nowhere"})
    second = Business.objects.get(name="Second")
    assert (response.status_code, response["Location"]) == (303, f"/office/{second.slug}/start/")
    with scope(business=second):
        assert Staff.objects.get().user_id == user.pk
    assert second.timezone == "UTC"
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


def test_one_network_registers_only_so_many(settings: object) -> None:
    open_to(settings, "open")
    settings.REGULARS_REGISTRATION_PLAN = "trial"  # type: ignore[attr-defined]
    codes = []
    for number in range(limits.REGISTRATIONS + 1):
        browser = Browser(REMOTE_ADDR="203.0.113.77")
        given = ANN | {"email": f"{number}@beanleaf.example", "business_name": f"Shop {number}"}
        codes.append(browser.post("account-register", given).status_code)
    assert codes == [302] * limits.REGISTRATIONS + [400]


def test_the_second_of_two_who_are_first_at_once_is_refused(settings: object) -> None:
    open_to(settings, "first")
    registration.register(business_name="One", email="one@shop.example", password=NEW)
    with pytest.raises(registration.RegistrationClosed):
        registration.register(business_name="Two", email="two@shop.example", password=NEW)


def test_an_address_that_somebody_takes_at_the_same_moment_is_not_handed_out(
    settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_to(settings, "open")
    wait = db.serialise

    def first(kind: str, key: str) -> None:
        """Whoever was first has committed when the second stops waiting."""
        wait(kind, key)
        if kind == "user" and not User.objects.filter(email=key).exists():
            User.objects.create_user(key, PASSWORD)

    monkeypatch.setattr(db, "serialise", first)
    with pytest.raises(registration.AddressKnown):
        registration.register(business_name="One", email="one@shop.example", password=NEW)
    assert not Business.objects.exists()


def test_the_business_goes_to_who_is_signed_in_whatever_their_address_was(settings: object) -> None:
    open_to(settings, "open")
    before = owner_of(make_shop())
    User.objects.filter(pk=before.pk).update(email="moved@shop.example")
    made = registration.register(business_name="Two", user=before)
    assert made.owner.user_id == before.pk


def test_nobody_has_a_key_that_nobody_saw(settings: object) -> None:
    open_to(settings, "open")
    made = registration.register(business_name="One", email="one@shop.example", password=NEW)
    assert (made.api_key, queries.api_keys(made.business)) == ("", [])


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("business_name", {"business_name": " "}),
        ("email", {"email": "nobody"}),
        ("password", {"password": ""}),
        ("password", {"password": "password123"}),
    ],
)
def test_what_cannot_be_used_is_named(settings: object, field: str, given: dict[str, str]) -> None:
    open_to(settings, "open")
    usable = {"business_name": "One", "email": "one@shop.example", "password": NEW}
    with pytest.raises(InvalidInput) as refused:
        registration.register(**(usable | given))  # type: ignore[arg-type]
    assert set(refused.value.fields) == {field}
    assert not Business.objects.exists()


@pytest.mark.parametrize(
    ("zone", "country", "currency"),
    [
        ("Europe/Berlin", "DE", "EUR"),
        ("Asia/Calcutta", "IN", "INR"),
        ("America/New_York", "US", "USD"),
        ("Australia/Perth", "AU", "AUD"),
        ("Etc/GMT+3", "", "USD"),
    ],
)
def test_where_the_browser_is_says_what_is_paid_with(zone: str, country: str, currency: str) -> None:
    assert registration.country_of(zone) == country
    assert registration.currency_of(country) == currency


@pytest.mark.once
def test_what_is_paid_with_is_a_currency_everywhere() -> None:
    assert {registration.currency_of(country) for country, _name in region.countries()} <= set(CURRENCIES)


def test_old_addresses_lead_on() -> None:
    assert Browser().get("account_signup")["Location"] == url("account-register")
    assert Browser().get("account_reset_password")["Location"] == "/password/forgot"
