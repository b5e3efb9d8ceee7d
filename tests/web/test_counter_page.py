"""The counter's page as it comes over the wire: its policy, its files, its worker, its languages."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

import pytest
from django.test import Client

from regulars import __version__
from regulars.rules import languages
from regulars.web.counter import page

pytestmark = [pytest.mark.once, pytest.mark.django_db]


def get(path: str, **headers: str) -> Any:
    return read(Client().get(path, secure=True, headers=headers))


def read(response: Any) -> Any:
    """An answer whose file is read and closed."""
    response.whole = response.getvalue()
    response.close()
    return response


def body(response: Any) -> str:
    content = response.whole
    packed = response.headers.get("Content-Encoding") == "gzip"
    return (gzip.decompress(content) if packed else content).decode()


def kept_files() -> list[str]:
    """What the worker keeps on the device."""
    found = re.search(r"const FILES = (\[.*?\]);", body(get("/scan/sw.js")))
    assert found
    return list(json.loads(found[1]))


def test_the_page_holds_to_its_policy_and_to_nobody() -> None:
    response = get("/scan/")
    policy = response.headers["Content-Security-Policy"]
    assert "script-src 'self' 'wasm-unsafe-eval';" in policy
    assert "unsafe-inline" not in policy
    assert "http" not in policy
    text = body(response)
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", text)
    assert " style=" not in text
    assert response.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "camera=(self)" in response.headers["Permissions-Policy"]


def test_all_that_the_page_and_the_worker_name_is_there() -> None:
    named = re.findall(r'(?:href|src)="(/[^"#]+)"', body(get("/scan/")))
    for address in {*named, *kept_files()} - {"/password/forgot", "/scan/print/"}:
        assert get(address).status_code == 200, address
    assert {name for name in named if "/scan/app/" in name} <= set(kept_files())


def test_the_reader_of_codes_is_fetched_only_when_it_is_used() -> None:
    whole = body(get("/scan/")) + " ".join(kept_files())
    for name in page.DETECTOR:
        assert name not in whole
        assert get(f"/scan/app/{page.digest()}/{name}").status_code == 200


def test_files_are_kept_for_good_under_the_address_of_their_content() -> None:
    fresh = get(f"/scan/app/{page.digest()}/main.js")
    assert fresh.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert get("/scan/app/older/main.js").headers["Cache-Control"] == "no-store"
    assert get(f"/scan/app/{page.digest()}/sw.js").status_code == 404
    assert get(f"/scan/app/{page.digest()}/page.py").status_code == 404


def test_scripts_come_without_their_comments_and_with_all_else() -> None:
    for path in page._OWN.glob("*.js"):
        if path.name != "sw.js":
            lines = [line for line in path.read_text().splitlines() if line.strip()]
            sent = [line for line in body(get(f"/scan/app/{page.digest()}/{path.name}")).splitlines() if line]
            left_out = [line.strip() for line in lines if line not in sent]
            assert sent == [line for line in lines if line in sent]
            assert all(line.startswith(("//", "/**", "*")) for line in left_out), path.name


@pytest.mark.parametrize("name", ["main.js", "alpine-csp.min.js", "counter.css"])
def test_files_come_packed_to_those_who_can_unpack(name: str) -> None:
    address = f"/scan/app/{page.digest()}/{name}"
    packed, plain = get(address, accept_encoding="gzip"), get(address)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert body(packed) == body(plain)
    assert "Accept-Encoding" in packed.headers["Vary"]


def test_the_worker_asks_again_for_itself_and_names_its_version() -> None:
    response = get("/scan/sw.js")
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["Content-Type"].startswith("text/javascript")
    assert f"regulars-counter-{page.digest()}" in body(response)
    assert f"?v={__version__}" in body(response)


def test_the_manifest_makes_an_app_of_it() -> None:
    manifest = json.loads(get("/scan/manifest.webmanifest").whole)
    assert manifest["start_url"] == manifest["scope"] == "/scan/"
    assert manifest["display"] == "standalone"
    assert {icon["sizes"] for icon in manifest["icons"]} == {"192x192", "512x512"}
    for icon in manifest["icons"]:
        assert get(icon["src"]).headers["Content-Type"] == "image/png"


@pytest.mark.parametrize("language", languages.LANGUAGES)
def test_texts_come_in_the_language_that_is_asked_for(language: str) -> None:
    text = body(get("/scan/", accept_language=language))
    assert f'<html lang="{language}">' in text
    found = re.search(r'<script id="texts" type="application/json">(.*?)</script>', text, re.DOTALL)
    assert found
    texts = json.loads(found[1])
    for key, said in texts.items():
        forms = [said] if isinstance(said, str) else [said["one"], said["other"]]
        assert all(forms), key


def test_a_chosen_language_is_remembered() -> None:
    client = Client()
    client.get("/scan/?language=de", secure=True)
    assert '<html lang="de">' in body(read(client.get("/scan/", secure=True)))


def test_every_text_that_the_scripts_use_is_there_and_every_text_is_used() -> None:
    folder = page._OWN
    scripts = "".join(path.read_text() for path in folder.glob("*.js"))
    pages = "".join(path.read_text() for path in (page._TEMPLATES / "counter").glob("*.html"))
    found = re.search(r'<script id="texts" type="application/json">(.*?)</script>', body(get("/scan/")))
    assert found
    known = set(json.loads(found[1]))
    used = set(re.findall(r"\btext\(\s*\"([a-z_]+)\"", scripts)) | set(
        re.findall(r"\bt\(['\"]([a-z_]+)['\"]", pages + scripts)
    )
    assert used <= known
    assert {key for key in known if f'"{key}"' not in scripts and f"'{key}'" not in pages} == set()


def test_no_name_stands_in_two_parts_of_the_component() -> None:
    """The parts become one object, in which the later would silently replace the earlier."""
    names: list[str] = []
    for part in ("base", "entering", "scanning", "member", "doing", "waiting", "lists"):
        _, _, text = (page._OWN / f"{part}.js").read_text().partition("=> ({\n")
        names += re.findall(r"^  (?:async |get )?(\w+)[(:,]", text, re.MULTILINE)
    assert len(names) > 100
    assert sorted({name for name in names if names.count(name) > 1}) == []
