"""Businesses and keys from the command line, on a database that is not there yet."""

import json
import stat

import pytest

from regulars.commands.business import as_stop
from regulars.rules.errors import InvalidInput, NotFound
from tests.cli.conftest import Regulars

NEW = ("createbusiness", "Café Zoë", "--owner-email", "Zoe@Cafe.example")


def test_createbusiness_makes_everything_and_prints_one_object(regulars: Regulars) -> None:
    done = regulars(
        *NEW, "--plan", "growth", "--country", "IN", "--timezone", "Asia/Kolkata", "--currency", "INR",
        "--owner-name", "Zoë", REGULARS_PUBLIC_URL="https://shop.example",
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1
    made = json.loads(done.stdout)
    assert list(made) == ["business_id", "slug", "join_url", "api_key", "owner_email", "temp_password"]
    assert isinstance(made["business_id"], int)
    assert (made["slug"], made["owner_email"]) == ("cafe-zoe", "zoe@cafe.example")
    assert made["join_url"].startswith("https://shop.example/join/")
    assert made["api_key"].startswith("rk_")
    assert len(made["temp_password"]) == 12
    assert stat.S_IMODE((regulars.data_dir / "secret_key").stat().st_mode) == 0o600
    for file in regulars.data_dir.glob("regulars.sqlite3*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    audit = regulars("audit")
    assert (audit.returncode, audit.stdout.count("\n")) == (0, 1)
    assert json.loads(audit.stdout)["ok"] is True
    assert regulars("rollup").stdout == "Rolled up 0 entries.\n"


@pytest.mark.once
@pytest.mark.usefixtures("tables")
def test_a_bad_value_names_its_option_and_makes_nothing(regulars: Regulars) -> None:
    line = regulars.refused(*NEW, "--plan", "platinum", status=2)
    assert line.startswith("--plan ")
    assert "platinum" in line
    assert regulars.refused("createbusiness", " ", "--owner-email", "a@b.example", status=2).startswith(
        "NAME "
    )
    assert regulars.refused("apikey", "list", "cafe-zoe", status=1) == "There is no business 'cafe-zoe'."


@pytest.mark.parametrize("field", ["owner_email", "plan", "country", "timezone", "currency"])
def test_every_field_has_its_option(field: str) -> None:
    stop = as_stop(InvalidInput.at(field, "is not good"))
    assert (str(stop), stop.status) == (f"--{field.replace('_', '-')} is not good", 2)
    assert str(as_stop(NotFound("There is nothing."))) == "There is nothing."


@pytest.mark.once  # the database sees no difference from the REST dialect's own tests
@pytest.mark.usefixtures("tables")
def test_keys_are_made_listed_and_revoked(regulars: Regulars) -> None:
    made = json.loads(regulars(*NEW).stdout)
    may = ("--scope", "read", "--scope", "counter")
    asked = ("apikey", "create", made["slug"], "--name", "Till", "--format", "json", *may)
    key = json.loads(regulars(*asked).stdout)
    assert (key["name"], key["format"], key["scopes"]) == ("Till", "json", ["read", "counter"])
    assert key["api_key"].startswith(key["prefix"])

    line = regulars.refused("apikey", "create", made["slug"], "--format", "yaml", status=2)
    assert line == "--format must be one of xml, xml_rooted, json"
    line = regulars.refused("apikey", "create", made["slug"], "--scope", "power", status=2)
    assert line.startswith("--scope must be a list of read, members, counter, campaigns, settings")
    revoked = json.loads(regulars("apikey", "revoke", made["slug"], key["prefix"]).stdout)
    assert revoked["prefix"] == key["prefix"]
    output = regulars("apikey", "list", made["slug"]).stdout
    listed = {one["name"]: one for one in map(json.loads, output.splitlines())}
    assert listed["First key"]["revoked_at"] is None
    assert (listed["First key"]["format"], listed["Till"]["format"]) == ("xml", "json")
    assert (listed["First key"]["scopes"], listed["Till"]["scopes"]) == ([], ["read", "counter"])
    assert listed["Till"]["revoked_at"] == revoked["revoked_at"]
    assert key["api_key"] not in output
    assert made["api_key"] not in output
