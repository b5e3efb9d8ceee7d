"""Single sign-on: the seed's formula to the hour, and signatures that work once."""

from __future__ import annotations

import datetime as dt
import threading
import time

import pytest
import time_machine
from django.db import connection
from django.test import override_settings
from django_scopes import scopes_disabled

from regulars.portal import sso, sso_secrets
from regulars.portal.models import SsoSecret, UsedToken
from regulars.portal.sso import NotSigned, Outdated, Signed, Unknown, UsedUp
from regulars.rules.errors import Conflict, InvalidInput, NotFound
from regulars.tenants import actions as tenants
from regulars.tenants import legacy_sso
from regulars.tenants.models import ApiKey
from tests.factories import Shop, make_shop
from tests.portal.signing import NONCE, new_secret, seed_token, signed, switched_on

pytestmark = pytest.mark.django_db

# Seven minutes before the clocks of most shops in the tests' time zone show a full hour: only GMT counts.
NOON = dt.datetime(2026, 6, 2, 12, 0, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def shop() -> Shop:
    return switched_on(make_shop())


def brought(shop: Shop, text: str, token: str) -> int:
    return sso.member_of(business=shop.business, signed=Signed(text, token=token)).member_id


def by_token2(shop: Shop, secret: str, text: str, *, ahead: float = 300, nonce: str = NONCE) -> sso.Brought:
    expires = str(int(time.time() + ahead))
    given = Signed(text, token2=signed(secret, "sso", text, expires, nonce), expires=expires, nonce=nonce)
    return sso.member_of(business=shop.business, signed=given)


def test_the_formula_is_the_seeds_to_the_letter() -> None:
    # echo -n '2026060212M000001rk_key' | md5sum
    assert sso.legacy_token(hour="2026060212", sso="M000001", api_key="rk_key") == (
        "b6d63768f2b5cf30a8f331e3d6f831d1"
    )
    assert sso.hour_of(NOON.astimezone(dt.timezone(dt.timedelta(hours=5, minutes=30)))) == "2026060212"


@pytest.mark.parametrize(
    ("now", "hour", "lets_in"),
    [
        (NOON, "2026060212", True),
        (NOON, "2026060211", True),
        (NOON, "2026060210", False),
        (NOON - SECOND, "2026060211", True),
        (NOON - SECOND, "2026060210", True),
        (NOON - SECOND, "2026060212", False),  # a clock that is fast is the shop's to mend
        (NOON + dt.timedelta(minutes=59, seconds=59), "2026060211", True),
        (NOON + dt.timedelta(hours=1), "2026060211", False),
        (NOON.replace(month=1, day=1, hour=0), "2025123123", True),  # over midnight, month and year
        (NOON.replace(month=1, day=1, hour=0), "2025123122", False),
        (NOON.replace(month=1, day=1, hour=0), "2026010100", True),
        # In the hour that India's clocks call 17 and 18; theirs do not count.
        (NOON.replace(minute=30), "2026060218", False),
    ],
)
def test_a_token_lives_for_its_hour_and_the_next(
    shop: Shop, now: dt.datetime, hour: str, *, lets_in: bool
) -> None:
    card = shop.enrol(email="priya@example.com")
    with time_machine.travel(now, tick=False):
        token = seed_token(hour, card.member.code, shop.api_key)
        if lets_in:
            assert brought(shop, card.member.code, token) == card.pk
        else:
            with pytest.raises(NotSigned):
                brought(shop, card.member.code, token)


@pytest.mark.parametrize(
    "typed",
    ["M000001", "m000001", "priya+cafe@example.com", "Priya+Cafe@Example.COM", "PRIYA+CAFE@EXAMPLE.COM"],
)
def test_code_or_e_mail_is_hashed_as_typed_and_found_in_any_case(shop: Shop, typed: str) -> None:
    card = shop.enrol(email="priya+cafe@example.com")
    with time_machine.travel(NOON, tick=False):
        token = seed_token("2026060212", typed, shop.api_key)
        assert brought(shop, typed, token) == card.pk
        assert brought(shop, typed, token.upper()) == card.pk
        if typed != "M000001":
            with pytest.raises(NotSigned):  # what was hashed is what must be sent
                brought(shop, typed, seed_token("2026060212", "M000001", shop.api_key))


def test_a_plus_sign_that_was_not_escaped_is_read_as_one(shop: Shop) -> None:
    card = shop.enrol(email="priya+cafe@example.com")
    with time_machine.travel(NOON, tick=False):
        token = seed_token("2026060212", "priya+cafe@example.com", shop.api_key)
        assert brought(shop, "priya cafe@example.com", token) == card.pk


def test_it_is_off_until_a_key_switches_it_on() -> None:
    shop = make_shop()
    card = shop.enrol()
    token = seed_token(sso.hour_of(dt.datetime.now(dt.UTC)), card.member.code, shop.api_key)
    with pytest.raises(NotSigned):
        brought(shop, card.member.code, token)
    other = make_shop("Charlie's")
    for key in (other.api_key, "rk_nothing", ""):
        with pytest.raises(InvalidInput) as refused:
            legacy_sso.switch_on(business=shop.business, key=key)
        assert "api_key" in refused.value.fields
    switched_on(shop)
    assert brought(shop, card.member.code, token) == card.pk
    with scopes_disabled():
        row = ApiKey.objects.get(business=shop.business)
    assert shop.api_key not in row.sso_key_sealed
    legacy_sso.switch_off(business=shop.business, prefix=row.prefix)
    with pytest.raises(NotSigned):
        brought(shop, card.member.code, token)
    with scopes_disabled():
        assert ApiKey.objects.get(pk=row.pk).sso_key_sealed == ""


def test_any_key_that_is_switched_on_signs_and_a_revoked_one_does_not(shop: Shop) -> None:
    card = shop.enrol()
    row, second = tenants.create_api_key(business=shop.business, name="Second", sso=True)
    _, third = tenants.create_api_key(business=shop.business, name="Third")
    hour = sso.hour_of(dt.datetime.now(dt.UTC))
    for key in (shop.api_key, second):
        assert brought(shop, card.member.code, seed_token(hour, card.member.code, key)) == card.pk
    tenants.revoke_api_key(business=shop.business, prefix=row.prefix)
    for key in (second, third, ""):
        with pytest.raises(NotSigned):
            brought(shop, card.member.code, seed_token(hour, card.member.code, key))
    with pytest.raises(NotFound):
        legacy_sso.switch_off(business=shop.business, prefix=row.prefix)
    with pytest.raises(InvalidInput):
        legacy_sso.switch_on(business=shop.business, key=second)


def test_a_key_of_another_business_opens_nothing(shop: Shop) -> None:
    card, other = shop.enrol(), switched_on(make_shop("Charlie's"))
    theirs = other.enrol()
    assert theirs.member.code == card.member.code
    hour = sso.hour_of(dt.datetime.now(dt.UTC))
    assert (
        brought(other, theirs.member.code, seed_token(hour, theirs.member.code, other.api_key)) == theirs.pk
    )
    with pytest.raises(NotSigned):
        brought(shop, card.member.code, seed_token(hour, card.member.code, other.api_key))
    with pytest.raises(NotSigned):
        by_token2(shop, new_secret(other), card.member.code)


def test_sealed_keys_of_another_installation_sign_nobody_in_and_stop_nothing(shop: Shop) -> None:
    card = shop.enrol()
    secret = new_secret(shop)
    hour = sso.hour_of(dt.datetime.now(dt.UTC))
    with override_settings(SECRET_KEY="another installation's key, long enough"):
        with pytest.raises(NotSigned):
            brought(shop, card.member.code, seed_token(hour, card.member.code, shop.api_key))
        with pytest.raises(NotSigned):
            by_token2(shop, secret, card.member.code)


@pytest.mark.parametrize("text", ["", "\0", "M000001\n", "x" * 255, "M000001\x00"])
def test_a_text_that_no_member_can_have_is_not_even_compared(shop: Shop, text: str) -> None:
    shop.enrol()
    secret, hour = new_secret(shop), sso.hour_of(dt.datetime.now(dt.UTC))
    with pytest.raises(NotSigned):
        brought(shop, text, seed_token(hour, text, shop.api_key))
    with pytest.raises(NotSigned):
        by_token2(shop, secret, text)


def test_a_right_signature_for_nobody_says_so(shop: Shop) -> None:
    hour = sso.hour_of(dt.datetime.now(dt.UTC))
    with pytest.raises(Unknown):
        brought(shop, "M999999", seed_token(hour, "M999999", shop.api_key))
    for _ in range(2):
        shop.enrol(email="shared@example.com", unique_contact=False)
    with pytest.raises(Unknown):  # two have it
        brought(shop, "shared@example.com", seed_token(hour, "shared@example.com", shop.api_key))


def test_a_token2_works_once(shop: Shop) -> None:
    card, secret = shop.enrol(), new_secret(shop)
    with time_machine.travel(NOON, tick=False):
        found = by_token2(shop, secret, card.member.code)
        assert found.member_id == card.pk
        assert found.credential.startswith("secret:")
        with pytest.raises(UsedUp):
            by_token2(shop, secret, card.member.code)
        assert by_token2(shop, secret, card.member.code, nonce="another-nonce").member_id == card.pk
    with scopes_disabled():
        assert UsedToken.objects.count() == 2


@pytest.mark.parametrize(
    ("ahead", "refusal"), [(600, None), (601, Outdated), (1, None), (0, Outdated), (-1, Outdated)]
)
def test_a_token2_lives_for_ten_minutes_at_most(
    shop: Shop, ahead: float, refusal: type[Exception] | None
) -> None:
    card, secret = shop.enrol(), new_secret(shop)
    with time_machine.travel(NOON, tick=False):
        if refusal is None:
            assert by_token2(shop, secret, card.member.code, ahead=ahead).member_id == card.pk
        else:
            with pytest.raises(refusal):
                by_token2(shop, secret, card.member.code, ahead=ahead)
    with scopes_disabled():
        assert UsedToken.objects.count() == (refusal is None)


@pytest.mark.parametrize(
    "change",
    [
        {"sso": "M000002"}, {"expires": "9999999999"}, {"nonce": "fedcba9876543210"}, {"token2": "0" * 64},
        {"token2": ""}, {"expires": ""}, {"expires": "soon"}, {"expires": "1e9"}, {"expires": "-5"},
        {"expires": "²"}, {"nonce": ""}, {"token2": "é"}, {"token2": "\ud800"},
    ],
)  # fmt: skip
def test_nothing_of_a_signed_address_can_be_changed(shop: Shop, change: dict[str, str]) -> None:
    shop.enrol()
    shop.enrol()
    secret = new_secret(shop)
    expires = str(int(time.time()) + 300)
    parts = {"sso": "M000001", "expires": expires, "nonce": NONCE}
    parts["token2"] = signed(secret, "sso", *parts.values())
    with pytest.raises(NotSigned):
        sso.member_of(business=shop.business, signed=Signed(**(parts | change)))


@pytest.mark.parametrize("nonce", ["", "short", "x" * 129, "two\nlines", "with spaces", "nöten-nöten"])
def test_a_nonce_must_be_one(shop: Shop, nonce: str) -> None:
    card = shop.enrol()
    with pytest.raises(NotSigned):
        by_token2(shop, new_secret(shop), card.member.code, nonce=nonce)


def test_a_signature_for_a_balance_signs_nobody_in_and_the_reverse(shop: Shop) -> None:
    card, secret = shop.enrol(), new_secret(shop)
    code, expires = card.member.code, str(int(time.time()) + 300)
    balance = Signed(code, token=signed(secret, "balance", code, expires), expires=expires)
    for _ in range(2):  # as often as somebody looks
        assert sso.balance_of(business=shop.business, signed=balance) == card.pk
    with pytest.raises(NotSigned):
        sso.member_of(business=shop.business, signed=balance)
    for crossed in (
        Signed(code, token2=balance.token, expires=expires, nonce=NONCE),
        Signed(code, token=signed(secret, "sso", code, expires, NONCE), expires=expires),
    ):
        with pytest.raises(NotSigned):
            (sso.member_of if crossed.token2 else sso.balance_of)(business=shop.business, signed=crossed)


def test_a_balance_lives_for_a_day_at_most(shop: Shop) -> None:
    card, secret = shop.enrol(), new_secret(shop)
    with time_machine.travel(NOON, tick=False):
        for hours, refusal in ((24, None), (25, Outdated), (0, Outdated)):
            expires = str(int(time.time()) + hours * 3600)
            given = Signed(card.member.code, expires=expires)
            token = signed(secret, "balance", card.member.code, expires)
            given = Signed(card.member.code, token=token, expires=expires)
            if refusal is None:
                assert sso.balance_of(business=shop.business, signed=given) == card.pk
            else:
                with pytest.raises(refusal):
                    sso.balance_of(business=shop.business, signed=given)


def test_a_revoked_secret_signs_nothing(shop: Shop) -> None:
    card = shop.enrol()
    row, secret = sso_secrets.create_secret(business=shop.business)
    assert by_token2(shop, secret, card.member.code).credential == f"secret:{row.pk}"
    for _ in range(2):
        assert sso_secrets.revoke_secret(business_id=shop.id, pk=row.pk).revoked_at is not None
    with pytest.raises(NotSigned):
        by_token2(shop, secret, card.member.code, nonce="another-nonce")
    with scopes_disabled():
        assert SsoSecret.objects.get(pk=row.pk).sealed == ""
    other = make_shop("Charlie's")
    with pytest.raises(NotFound):
        sso_secrets.revoke_secret(business_id=other.id, pk=row.pk)


def test_secrets_are_shown_once_and_are_few(shop: Shop) -> None:
    secrets = [new_secret(shop) for _ in range(sso_secrets.MOST)]
    assert all(secret.startswith("ssosec_") and len(secret) == 47 for secret in secrets)
    with pytest.raises(Conflict):
        new_secret(shop)
    rows = sso_secrets.all_secrets(business_id=shop.id)
    assert [row.prefix for row in rows] == [secret[:13] for secret in secrets]
    assert not any(secret in row.sealed for row in rows for secret in secrets)


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_is_signed_in(shop: Shop) -> None:
    card, secret = shop.enrol(), new_secret(shop)
    expires, outcomes = str(int(time.time()) + 300), []
    given = Signed(
        card.member.code,
        token2=signed(secret, "sso", card.member.code, expires, NONCE),
        expires=expires,
        nonce=NONCE,
    )
    begin = threading.Barrier(8)

    def open_it() -> None:
        begin.wait()
        try:
            outcomes.append(sso.member_of(business=shop.business, signed=given).member_id)
        except UsedUp:
            outcomes.append(0)
        finally:
            connection.close()

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [0] * 7 + [card.pk]
