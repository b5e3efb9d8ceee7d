"""What may not be in the tree, and what the documents must say."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import typer

from regulars.commands.app import app
from tests.tidy.source import PACKAGE, ROOT, name_of, tree

pytestmark = pytest.mark.once

# Written in pieces, so that this file does not find itself.
PLACES = {
    "a machine's own path": r"(?<![\w.])/(?:wor" + r"k|roo" + r"t|home/\w+|Users/\w+|opt/pypi)/",
    "a package registry": r"pypi\.(?:org|python)|python" + r"hosted|registry\.(?:npmjs|yarn)",
    "an index option": r"--(?:extra-)?index-" + r"url[ =]\S|--find-" + r"links[ =]\S|file:" + r"//",
}
LOCK_ADDRESS = re.compile(r"https?://|file:/|@ |--index|--extra-index|--find-links|--trusted-host")


def texts() -> dict[str, str]:
    found = {}
    for path in tree():
        try:
            found[name_of(path)] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


@pytest.mark.parametrize("what", PLACES)
def test_the_tree_names_no_machine_and_no_registry(what: str) -> None:
    pattern = re.compile(PLACES[what])
    found = {name: match[0] for name, text in texts().items() if (match := pattern.search(text))}
    assert found == {}


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a machine's own path", "cd /wor" + "k/main"),
        ("a package registry", "https://files.python" + "hosted.org/x"),
        ("an index option", "pip install --index-" + "url https://x"),
    ],
)
def test_such_a_place_is_seen(what: str, text: str) -> None:
    assert re.search(PLACES[what], text)


def test_what_a_browser_waits_for_is_a_function() -> None:
    """An expression is evaluated anew each time: a page whose policy forbids eval allows only the first."""
    waits = re.compile(r"wait_for_function" + r"\(\s*\"{1,3}\s*(?!\(\w*\) =>)(.{0,40})")
    assert waits.search("page.wait_for_function" + '("window.ready")')
    assert not waits.search("page.wait_for_function" + '("() => window.ready")')
    assert {name: found for name, text in texts().items() if (found := waits.findall(text))} == {}


def test_the_locks_hold_versions_and_hashes_and_no_addresses() -> None:
    locks = sorted((ROOT / "requirements").glob("*.txt"))
    assert [lock.name for lock in locks] == ["base.txt", "build.txt", "dev.txt", "node.txt"]
    for lock in locks:
        packages = re.split(
            r"\n(?=\S)", re.sub(r"(?m)^\s*#.*\n?", "", lock.read_text(encoding="utf-8")).strip()
        )
        assert packages
        for package in packages:
            assert re.match(r"[a-z0-9._-]+==\S+", package), package
            assert "--hash=sha256:" in package, package
        assert not LOCK_ADDRESS.search(lock.read_text(encoding="utf-8")), lock


def test_the_lock_of_the_scripts_holds_hashes_and_no_addresses() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    wanted = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    ours = packages.pop("")
    assert {kind: ours[kind] for kind in ("dependencies", "devDependencies")} == {
        kind: wanted[kind] for kind in ("dependencies", "devDependencies")
    }
    assert len(packages) >= 5
    for name, package in packages.items():
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name
    assert "omit-lockfile-registry-resolved=true" in (ROOT / ".npmrc").read_text(encoding="utf-8").split()


def test_every_product_requirement_is_locked() -> None:
    for kind in ("base", "build", "dev", "node"):
        wanted = re.findall(
            r"(?m)^([A-Za-z][\w.-]*)", (ROOT / "requirements" / f"{kind}.in").read_text(encoding="utf-8")
        )
        locked = (ROOT / "requirements" / f"{kind}.txt").read_text(encoding="utf-8")
        assert wanted
        for name in wanted:
            assert re.search(rf"(?m)^{re.escape(name.lower())}==", locked), name


def test_every_setting_is_documented_and_every_documented_setting_exists() -> None:
    code = "".join((PACKAGE / name).read_text(encoding="utf-8") for name in ("environment.py", "settings.py"))
    known = set(re.findall(r"\bREGULARS_[A-Z_]+\b", code))
    documented = set(
        re.findall(r"\bREGULARS_[A-Z_]+\b", (ROOT / "docs" / "settings.md").read_text(encoding="utf-8"))
    )
    assert len(known) >= 10
    assert documented == known


def test_the_wheel_carries_every_file_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["regulars"]
    carried = {path for pattern in patterns for path in PACKAGE.glob(pattern)}
    others = {path for path in tree() if PACKAGE in path.parents and path.suffix != ".py"}
    assert len(others) > 3
    assert others - carried == set()
    # A folder without __init__.py would be left out with all that is in it.
    folders = {path.parent for path in tree() if PACKAGE in path.parents and path.suffix == ".py"}
    assert {folder for folder in folders if not (folder / "__init__.py").exists()} == set()


def commands(command: object, path: tuple[str, ...] = ()) -> list[tuple[str, object]]:
    children = getattr(command, "commands", None)
    if children is None:
        return [(" ".join(path), command)]
    return [found for name, child in children.items() for found in commands(child, (*path, name))]


def test_every_command_and_option_is_documented() -> None:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    found = commands(typer.main.get_command(app))
    assert len(found) >= 9
    for name, command in found:
        assert f"regulars {name}" in page, name
        for parameter in command.params:  # type: ignore[attr-defined]
            for option in parameter.opts:
                if option.startswith("--") and option != "--help":
                    assert f"`{option}" in page, f"{name} {option}"


def test_make_knows_what_people_are_told() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("install", "run", "test", "lint", "bench", "messages", "lock", "clean"):
        assert re.search(rf"(?m)^{target}:", makefile), target


def test_the_licence_is_whole() -> None:
    licence = Path(ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in licence
    assert "END OF TERMS AND CONDITIONS" in licence
