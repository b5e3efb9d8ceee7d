"""The data folder: private, and safe when several processes start at once."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from regulars import private, storage

pytestmark = pytest.mark.once


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_secret_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "data"
    assert storage.kept_secret_key(folder) is None
    key = storage.ensure_secret_key(folder)
    assert len(key) >= 50
    assert storage.ensure_secret_key(folder) == storage.kept_secret_key(folder) == key
    assert (mode(folder), mode(folder / "secret_key")) == (0o700, 0o600)
    assert [one.name for one in folder.iterdir()] == ["secret_key"]


def test_processes_that_start_together_get_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(32) as pool:
        keys = set(pool.map(lambda _: storage.ensure_secret_key(tmp_path), range(64)))
    assert keys == {storage.kept_secret_key(tmp_path)}


def test_a_private_file_is_replaced_whole_or_kept(tmp_path: Path) -> None:
    file = tmp_path / "notes"
    file.write_text("old")
    file.chmod(0o644)
    storage.write_private(file, "other", overwrite=False)
    assert file.read_text() == "old"
    storage.write_private(file, "new")
    assert (file.read_text(), mode(file)) == ("new", 0o600)
    assert list(tmp_path.iterdir()) == [file]


def test_what_is_made_beside_the_data_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        folder = private.folder(tmp_path / "run" / "sending")
        for text in (b"one", b"two"):
            with private.open_file(folder / "file") as file:
                file.write(text)
            with private.open_file(folder / "lines", append=True) as file:
                file.write(text)
    finally:
        os.umask(before)
    assert {mode(tmp_path / "run"), mode(folder)} == {0o700}
    assert {mode(path) for path in folder.iterdir()} == {0o600}
    assert ((folder / "file").read_text(), (folder / "lines").read_text()) == ("two", "onetwo")
