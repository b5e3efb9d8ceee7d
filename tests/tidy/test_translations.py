"""Everything that people read can be read in every language."""

import gettext
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

from regulars.rules.languages import LANGUAGES, USUAL
from tools import made, messages
from tools.template_texts import Text, texts_of_template

TRANSLATED = sorted(set(LANGUAGES) - {USUAL})
PLACES = re.compile(r"%\(\w+\)[#0 +-]?[\d.]*[a-z]|%%|%[a-z]|\{\w*\}", re.IGNORECASE)

TEMPLATE = """
{% load i18n %}{% translate "Hi 'you'" %}
{# Translators: a month #}
{% translate 'May' context "month" %}<p title="{{ _("Title") }}">{{ name|default:_("nobody") }}
{% blocktranslate trimmed count n=n %}
  One stamp for {{ name }}
{% plural %}
  {{ n }} stamps, 100 % "sure", for {{ name }}
{% endblocktranslate %}{% blocktranslate context "x" with a=b %}a {{ a }}{% endblocktranslate %}
{# {% translate "not this" %} #}<p>nor this
"""
CODE = """
from django.utils.translation import gettext as _, ngettext, pgettext_lazy
# Translators: how a day begins
A = _("Good morning")
B = ngettext("%(n)d stamp", "%(n)d stamps", n)
C = pgettext_lazy("month", "May")
D = "not this"
"""


@cache
def wanted() -> Catalog:
    return messages.extracted()


def keys(catalogue: Catalog) -> set[tuple[str | None, tuple[str, ...]]]:
    return {(one.context, ids(one)) for one in catalogue if one.id}


def ids(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def strings(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def places(text: str) -> list[str]:
    """What code puts into a text, sorted: `%(name)s`, `{name}`."""
    return sorted(PLACES.findall(text))


def faults(catalogue: Catalog) -> Iterator[str]:
    """What is wrong in a file of translations."""
    for message in catalogue:
        if not message.id:
            continue
        name = " / ".join(ids(message))
        if message.fuzzy:
            yield f"guessed: {name}"
        if not messages.translated(message.string):
            yield f"not translated: {name}"
            continue
        if message.pluralizable and len(strings(message)) != catalogue.num_plurals:
            yield f"not {catalogue.num_plurals} forms: {name}"
        usual = [places(one) for one in ids(message)]
        for form in strings(message):
            # The form for one may leave the number out ("one stamp"), as the singular does.
            if places(form) not in usual:
                yield f"other places to fill in: {name}: {form}"
            if form.strip() == "" or form[0].isspace() != name[0].isspace():
                yield f"other space around it: {name}: {form}"


def test_there_is_a_file_for_each_language() -> None:
    assert sorted(made.catalogues()) == TRANSLATED
    assert len(TRANSLATED) >= 5


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_files_hold_the_texts_of_today(language: str) -> None:
    """`make messages` makes it so."""
    path = made.catalogues()[language]
    catalogue = messages.read(path)
    assert keys(catalogue) == keys(wanted())
    assert not catalogue.obsolete
    assert path.read_bytes() == messages.updated(catalogue, wanted())


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated(language: str) -> None:
    assert list(faults(messages.read(made.catalogues()[language]))) == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_what_is_compiled_is_what_is_written(language: str) -> None:
    path = made.catalogues()[language]
    with path.with_suffix(".mo").open("rb") as compiled:
        read = gettext.GNUTranslations(compiled)
    for message in messages.read(path):
        if message.id and isinstance(message.id, str) and message.string:
            found = (
                read.pgettext(message.context, message.id) if message.context else read.gettext(message.id)
            )
            assert found == message.string, "run `make install`"
    assert read.info()["content-type"] == "text/plain; charset=utf-8"


def test_the_texts_of_templates_are_found() -> None:
    assert list(texts_of_template(TEMPLATE)) == [
        Text("Hi 'you'", None),
        Text("May", "month", ("Translators: a month",)),
        Text("Title", None),
        Text("nobody", None),
        Text(("One stamp for %(name)s", '%(n)s stamps, 100 %% "sure", for %(name)s'), None),
        Text("a %(a)s", "x"),
    ]


def test_the_texts_of_code_are_found(tmp_path: Path) -> None:
    (tmp_path / "room" / "templates" / "room").mkdir(parents=True)
    (tmp_path / "room" / "pages.py").write_text(CODE)
    (tmp_path / "room" / "templates" / "room" / "page.html").write_text(TEMPLATE)
    found = messages.extracted(tmp_path)
    assert len(keys(found)) == 8  # May is one
    assert (None, ("%(n)d stamp", "%(n)d stamps")) in keys(found)
    assert found["Good morning"].auto_comments == ["Translators: how a day begins"]


def translated_as(text: str, string: str | tuple[str, ...], *, fuzzy: bool = False) -> Catalog:
    catalogue = Catalog(locale="de", charset="utf-8", fuzzy=False)
    both = (text, f"{text}s") if isinstance(string, tuple) else text
    catalogue.add(both, string, flags=["fuzzy"] if fuzzy else [])
    return catalogue


@pytest.mark.parametrize(
    ("catalogue", "fault"),
    [
        (translated_as("Hello", ""), "not translated"),
        (translated_as("Hello", "Hallo", fuzzy=True), "guessed"),
        (translated_as("Hello %(name)s", "Hallo %(nane)s"), "other places"),
        (translated_as("Hello {name}", "Hallo"), "other places"),
        (translated_as("100 %%", "100 %"), "other places"),
        (translated_as("%(n)s stamp", ("%(n)s Stempel", "")), "not translated"),
        (translated_as("%(n)s stamp", ("%(n)s", "%(n)s", "%(n)s")), "not 2 forms"),
        (translated_as("Hello", " Hallo"), "other space"),
    ],
)
def test_a_bad_translation_is_seen(catalogue: Catalog, fault: str) -> None:
    assert [one.partition(":")[0][: len(fault)] for one in faults(catalogue)] == [fault]


def test_an_update_keeps_what_is_translated_and_drops_what_is_gone() -> None:
    old = translated_as("Hello", "Hallo")
    old.add("Gone", "Weg")
    texts = Catalog()
    texts.add("Hello")
    texts.add("A new one")
    new = messages.updated(old, texts).decode()
    assert re.findall('msgid "(.+)"\nmsgstr "(.*)"', new) == [("A new one", ""), ("Hello", "Hallo")]
    assert "Gone" not in new
    assert re.search(r"\d{4}-\d\d|^#:", new, re.MULTILINE) is None  # no times, no lines that move


# For machines: attributes and addresses.
FIXED = {"c", "Y-m-d", "Y-m"}


def test_days_are_written_as_each_language_has_them() -> None:
    pages = list(messages.PACKAGE.rglob("templates/**/*.html"))
    forms = {
        form for page in pages for form in re.findall(r'\|(?:date|time):"([^"]*)"', page.read_text("utf-8"))
    }
    assert {form for form in forms if not form.endswith("_FORMAT")} == FIXED, "see regulars/formats"
