"""`make` where something is missing."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.tidy.source import ROOT

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed"),
]


def make(folder: Path, path: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    for name in ("Makefile", "package-lock.json", "pyproject.toml", "requirements", "tools"):
        if not (folder / name).exists():
            (folder / name).symlink_to(ROOT / name)
    found = shutil.which("make")
    assert found
    return subprocess.run(
        [found, *arguments], cwd=folder, env={"PATH": path}, capture_output=True, text=True, check=False
    )


def test_an_old_or_missing_python_gets_one_line(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("python3", "python", "python3.11"):
        old = tools / name
        old.write_text("#!/bin/sh\nexit 1\n")  # as any interpreter that is too old
        old.chmod(0o755)
    done = make(tmp_path, str(tools), "install")
    assert done.returncode
    lines = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert len(lines) == 1
    assert lines[0].startswith("Regulars needs Python 3.11 or newer with the venv module; none was found.")
    assert not (tmp_path / ".venv").exists()


def test_nothing_is_installed_twice(tmp_path: Path) -> None:
    for name in (".venv/installed", "src/regulars/static/vendor/versions.txt"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    done = make(tmp_path, "/usr/bin:/bin", "install")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Installing" not in done.stdout
    assert "Fetching" not in done.stdout


@pytest.mark.parametrize("machine", ["none", "an old one", "one without npm"])
def test_a_machine_without_a_good_node_gets_one_from_a_package(tmp_path: Path, machine: str) -> None:
    home, programs = tmp_path / ".venv" / "bin", tmp_path / "programs"
    for folder in (home, programs, tmp_path / "src/regulars"):
        folder.mkdir(parents=True)
    for name in ("echo", "sh", "touch", "make"):
        (programs / name).symlink_to(str(shutil.which(name)))
    if machine != "none":
        script(programs / "node", f"exit {int(machine == 'an old one')}")
    if machine == "an old one":
        script(programs / "npm", "echo this is the wrong npm >&2")
    # Installs npm when asked for Node, and answers whatever else it is asked.
    npm = f"echo '#!/bin/sh\necho npm \"$@\"' > {home}/npm; {shutil.which('chmod')} 755 {home}/npm"
    script(home / "python", f'echo python "$@"; case "$*" in *requirements/node.txt) {npm};; esac')
    (tmp_path / ".venv" / "installed").touch()
    done = make(tmp_path, str(programs), "install")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line for line in done.stdout.splitlines() if line.startswith(("Fetching", "npm", "python"))] == [
        "Fetching what pages need",
        "Fetching Node, which this machine lacks",
        "python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/node.txt",
        "npm ci --omit=dev --silent",
        "python -m tools.vendor",
    ]


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
