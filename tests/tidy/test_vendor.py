"""Other people's scripts and styles: all there, whole, under the names that pages use."""

import gzip
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tidy.source import PACKAGE, ROOT, tree
from tools import vendor

NAMED = re.compile(r"vendor/([\w.-]+)")


def named(text: str) -> set[str]:
    """Files of the vendor folder that a text names."""
    return set(NAMED.findall(text))


def test_what_pages_name_is_there() -> None:
    sources = [path for path in tree() if PACKAGE in path.parents and path.suffix in {".html", ".js", ".py"}]
    assert len(sources) > 100
    wanted = {name for path in sources for name in named(path.read_text(encoding="utf-8"))}
    assert wanted - set(vendor.names()) == set()
    assert vendor.missing() == []
    assert named("""<script src="{% static 'vendor/htmx.min.js' %}">""") == {"htmx.min.js"}


def test_the_copies_are_those_of_the_locked_packages(tmp_path: Path) -> None:
    vendor.copy(folder=tmp_path / "vendor")
    made = {path.name: path.read_bytes() for path in (tmp_path / "vendor").iterdir()}
    assert sorted(made) == vendor.names()
    assert made == {path.name: path.read_bytes() for path in vendor.VENDOR.iterdir()}


def test_each_is_packed_and_has_its_licence() -> None:
    packed = [name for name in vendor.names() if name.endswith(".gz")]
    assert len(packed) >= 6
    for name in packed:
        content = (vendor.VENDOR / name.removesuffix(".gz")).read_bytes()
        assert gzip.decompress((vendor.VENDOR / name).read_bytes()) == content
    for name in vendor.names():
        if name.endswith(".LICENSE.txt"):
            assert re.search(
                "Permission (is hereby granted|to use)", (vendor.VENDOR / name).read_text(encoding="utf-8")
            )


def test_a_missing_file_is_seen(tmp_path: Path) -> None:
    shutil.copytree(vendor.VENDOR, tmp_path / "vendor")
    (tmp_path / "vendor" / "zxing_reader.wasm").unlink()
    assert vendor.missing(tmp_path / "vendor") == ["zxing_reader.wasm"]


@pytest.mark.parametrize("lacking", ["static/vendor/htmx.min.js", "locale/de/LC_MESSAGES/django.mo"])
def test_a_package_that_is_not_whole_is_not_built(tmp_path: Path, lacking: str) -> None:
    package = tmp_path / "src" / "regulars"
    package.mkdir(parents=True)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("requirements", "tools", "src/regulars/locale", "src/regulars/static"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(PACKAGE / "__init__.py", package)
    build = "from setuptools import build_meta; build_meta.build_wheel('made')"
    (package / lacking).unlink()
    done = subprocess.run(
        [sys.executable, "-c", build], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode
    last = done.stderr.strip().splitlines()[-1]
    assert last == f"Run `make install` before you build Regulars; it makes {lacking}"
