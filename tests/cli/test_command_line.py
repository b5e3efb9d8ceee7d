"""What the command line says when something does not fit: one line, no trace, the right status."""

import ast
import errno
import socket
import sys
from pathlib import Path

import pytest
from django.db import OperationalError

import regulars as package
from regulars import cli
from regulars.commands import serve, upkeep
from regulars.commands.app import run
from regulars.commands.console import one_line
from tests.cli.conftest import Regulars

pytestmark = pytest.mark.once


def test_version(regulars: Regulars) -> None:
    done = regulars("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"regulars {package.__version__}\n", "")


def test_without_a_command_it_shows_what_there_is(regulars: Regulars) -> None:
    done = regulars()
    assert done.returncode == 2
    for command in ("serve", "demo", "createbusiness", "apikey", "migrate", "audit", "rollup"):
        assert command in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["serve", "--port", "99999"], "--port"),
        (["serve", "--port", "http"], "--port"),
        (["serve", "--threads", "0"], "--threads"),
        (["serve", "--workers", "0"], "--workers"),
        (["serve", "--host", "not a host"], "--host"),
        (["serve", "--host", "192.0.2.77"], "--host"),
        (["serve", "--nonsense"], "--nonsense"),
        (["createbusiness", "Bean"], "--owner-email"),
        (["nonsense"], "nonsense"),
    ],
)
def test_a_bad_option_is_named(arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("regulars: ")
    assert said.err.count("\n") == 1
    assert named in said.err


def test_a_bad_setting_is_named_and_changes_nothing(regulars: Regulars) -> None:
    line = regulars.refused("migrate", status=2, REGULARS_ALLOW_HTTP="always")
    assert line == "REGULARS_ALLOW_HTTP: always is not one of never, loopback"
    assert not regulars.data_dir.exists()


def test_a_taken_port(regulars: Regulars) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = regulars.refused("serve", "--port", str(port), status=1)
    assert line.startswith(f"Port {port} on 127.0.0.1 is taken")
    assert not regulars.data_dir.exists()


def test_a_port_that_needs_a_permission() -> None:
    refusal = serve._refused(PermissionError(errno.EACCES, "Permission denied"), "127.0.0.1", 80)
    assert "Port 80 needs a permission" in str(refusal)


@pytest.mark.parametrize("command", ["serve", "demo", "migrate", "createbusiness"])
def test_a_data_folder_that_cannot_be_written(regulars: Regulars, command: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    arguments = (
        [command, "Bean", "--owner-email", "a@bean.example"] if command == "createbusiness" else [command]
    )
    if command == "serve":
        arguments += ["--port", "0"]
    line = regulars.refused(*arguments, status=1, REGULARS_DATA_DIR=str(tmp_path / "file" / "data"))
    assert line.startswith(f"Cannot write to the data folder {tmp_path / 'file' / 'data'} (Not a directory)")


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["migrate"]])
def test_a_database_that_cannot_be_written(regulars: Regulars, command: list[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    line = regulars.refused(*command, status=1, REGULARS_DATABASE_URL="sqlite:///file/shop.sqlite3")
    assert line.startswith("The database cannot be used: ")
    assert line.endswith(str(tmp_path / "file"))


def test_an_old_python_gets_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Path(cli.__file__).read_text()
    ast.parse(source, feature_version=(3, 7))  # so that it can say so at all
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == "Regulars needs Python 3.11 or newer; this is 3.10."


def test_a_database_that_is_lost_on_the_way_gets_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lose() -> None:
        raise OperationalError("the connection is lost\nDETAIL: and more")

    monkeypatch.setattr(upkeep, "read_environment", lose)
    assert run(["audit"]) == 1
    assert capsys.readouterr().err == "regulars: The database cannot be used: the connection is lost\n"


def test_only_the_first_line_of_an_error_is_told() -> None:
    assert one_line(ValueError("\n  first\nsecond")) == "first"
    assert one_line(ValueError()) == "ValueError"
