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
    for name in ("Makefile", "pyproject.toml", "requirements"):
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
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "installed").touch()
    done = make(tmp_path, "/usr/bin:/bin", "install")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Installing" not in done.stdout
