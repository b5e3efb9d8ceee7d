"""Which language a page speaks, and that a choice is kept."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils import translation

from regulars.rules import languages
from regulars.rules.errors import InvalidInput
from regulars.web import language

pytestmark = pytest.mark.once


def request(query: str = "", *, accept: str = "", cookie: str = "") -> HttpRequest:
    made = RequestFactory().get(f"/{query}", secure=True, headers={"Accept-Language": accept})
    if cookie:
        made.COOKIES[language.COOKIE] = cookie
    return made


@pytest.mark.parametrize(
    ("header", "best"),
    [
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("sv,pt-BR;q=0.7,en;q=0.8", "en"),
        ("fr;q=0.2, hi;q=0.9", "hi"),
        ("es;q=0", None),
        ("*", None),
        ("", None),
        ("de;q=quick,fr;q=0.5", "fr"),
        (",,;;q=1,=,", None),
    ],
)
def test_the_best_of_what_a_browser_asks_for(header: str, best: str | None) -> None:
    assert languages.best_of(header) == best


def test_what_was_chosen_comes_first_then_the_member_the_browser_and_the_business() -> None:
    everything = {"accept": "fr", "cookie": "es"}
    assert language.of_page(request("?language=pt", **everything), member="hi", business="de") == "pt"
    assert language.of_page(request(**everything), member="hi", business="de") == "es"
    assert language.of_page(request(accept="fr"), member="hi", business="de") == "hi"
    assert language.of_page(request(accept="fr"), business="de") == "fr"
    assert language.of_page(request(accept="sv"), business="de") == "de"
    assert language.of_page(request()) == "en"


@pytest.mark.parametrize("nonsense", ["xx", "../de", "de\r\nSet-Cookie: a=b", "DE"])
def test_an_unknown_choice_counts_for_nothing(nonsense: str) -> None:
    asked = RequestFactory().get("/", {"language": nonsense})
    assert language.of_page(asked, business="fr") == "fr"
    response = HttpResponse()
    language.remember(response, asked)
    assert not response.cookies


def test_a_choice_is_kept_for_a_year_where_no_script_sees_it() -> None:
    response = HttpResponse()
    language.remember(response, request("?language=hi"))
    kept = response.cookies[language.COOKIE]
    assert (kept.value, kept["max-age"], kept["httponly"], kept["secure"]) == ("hi", 31536000, True, True)


def test_the_language_is_spoken_inside_only() -> None:
    with language.speaking(request(accept="de")) as spoken:
        assert (spoken, translation.get_language()) == ("de", "de")
    assert translation.get_language() == "en"


def test_a_language_to_be_stored_must_be_one_of_ours() -> None:
    assert languages.check_language(" PT ") == "pt"
    with pytest.raises(InvalidInput) as refused:
        languages.check_language("tlh")
    assert list(refused.value.fields) == ["language"]
