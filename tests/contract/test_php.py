"""The description's own programs, run by a real PHP over HTTPS, and a whole programme built on it."""

from __future__ import annotations

import json
import os
import re
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import blank

pytestmark = pytest.mark.once

HERE = Path(__file__).parent
COMMAND = str(Path(sys.executable).parent / "regulars")
KEY_PLACE = "-your-key-would-go-here-"
HOST_PLACE = "https://HOST"

# The two programs of the description, but for the host and the key.
WITHOUT_DATA = """$curl=curl_init();
curl_setopt_array($curl, array(
	CURLOPT_RETURNTRANSFER => 1,
	CURLOPT_URL => 'https://HOST',
	CURLOPT_POST => 1,
	CURLOPT_POSTFIELDS => array(
		'global[api_key]' => '-your-key-would-go-here-',
		'global[api_time]' => gmdate("Y-m-d H:i:s"),
		'global[api_method]' => 'verify_api',
		),
	));
$response=curl_exec($curl);
curl_close($curl);
"""
WITH_DATA = """$curl=curl_init();
curl_setopt_array($curl, array(
	CURLOPT_RETURNTRANSFER => 1,
	CURLOPT_URL => 'https://HOST',
	CURLOPT_POST => 1,
	CURLOPT_POSTFIELDS => array(
		'global[api_key]' => '-your-key-would-go-here-',
		'global[api_time]' => gmdate("Y-m-d H:i:s"),
		'global[api_method]' => 'get_members',
		'global[fields][code]' => 'M000001',
		),
	));
$response=curl_exec($curl);
curl_close($curl);
"""

# What both programmes see. 20 points for signing up; 25 of 255.99; 5 and no more for a coffee of 3.80.
PROGRAMME: dict[str, Any] = {
    "verify": "API call succeeded",
    "sku": "FW-1",
    "user": "Ann",
    "members": ["O'Neill & <Söhne>", "Jones"],
    "search": True,
    "wildcard": ["CARD-7"],
    "signup": 20,
    "missing": "005",
    "duplicate": "008",
    "edited": "Smith-Jones",
    "recoded": "NEW-9",
    "sale": 45,
    "coffee": 50,
    "corrected": 40,
    "undone": "API call succeeded",
    "after": 35,
    "points": 65,
    "transactions": 1,
    "unknown": "007",
    "issued": 1,
    "printed": True,
    "paid": 15,
    "poor": "009",
    "value": "5.00",
    "again": "009",
    "retry": True,
    "mary": 31,
    "deleted": "API call succeeded",
    "left": ["NEW-9"],
}


@dataclass(frozen=True)
class Server:
    """An installation that serves over HTTPS with a certificate of its own."""

    folder: Path
    env: dict[str, str]
    url: str

    @property
    def authority(self) -> Path:
        return self.folder / "data" / "tls" / "ca.crt"

    def run(self, *arguments: str) -> Any:
        """A command of the installation; the object that it printed."""
        return json.loads(
            subprocess.run(
                [COMMAND, *arguments],
                env=self.env,
                cwd=self.folder,
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )

    def new_key(self, name: str) -> str:
        """The key of a new business."""
        made = self.run(
            "createbusiness", name, "--owner-email", f"{name}@shop.example", "--owner-name", "Ann"
        )
        return str(made["api_key"])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("php")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("REGULARS_", "DJANGO_"))}
    env["REGULARS_DATA_DIR"] = str(folder / "data")
    blank.copy_into(env)
    with subprocess.Popen(
        [COMMAND, "serve", "--tls", "--port", "0"],
        env=env,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            found = next(filter(None, (re.search(r"serves (\S+?)[, ]", line) for line in process.stdout)))
            yield Server(folder, env, found[1])
        finally:
            process.terminate()
            process.wait(40)


def php(server: Server, *arguments: str) -> str:
    """What a PHP program prints. PHP must be there: see .ci/run."""
    program = shutil.which("php")
    assert program is not None, "these tests need Debian's php-cli and php-curl"
    done = subprocess.run(
        [program, "-d", f"curl.cainfo={server.authority}", "-d", "display_errors=stderr", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def run_sample(server: Server, sample: str, key: str) -> str:
    """What the sample's $response holds."""
    assert sample.count(HOST_PLACE) == sample.count(KEY_PLACE) == 1
    file = server.folder / "sample.php"
    code = sample.replace(HOST_PLACE, server.url).replace(KEY_PLACE, key)
    file.write_text(f"<?php\n{code}echo $response;\n")
    return php(server, str(file))


def test_the_sample_without_data(server: Server) -> None:
    key = server.new_key("Sample")
    assert run_sample(server, WITHOUT_DATA, key) == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<status>API call succeeded</status>\n'
    )
    assert run_sample(server, WITHOUT_DATA, "rk_wrong").startswith(
        '<?xml version="1.0" encoding="UTF-8"?>\n<error>002: '
    )


def test_the_sample_with_data(server: Server) -> None:
    key = server.new_key("Data")
    empty = run_sample(server, WITH_DATA, key)
    assert empty == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<status>0 results found</status>\n<data>\n</data>\n'
    )
    trusting = ssl.create_default_context(cafile=str(server.authority))
    enrolled = httpx.post(
        f"{server.url}/api/customers",
        json={"name": "Bob Smith", "email": "bob@example.com"},
        headers={"X-Api-Key": key},
        verify=trusting,
    )
    assert enrolled.status_code == 201  # over REST; RPC shows the same member
    found = run_sample(server, WITH_DATA, key)
    assert found.startswith(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        "<status>1 results found</status>\n"
        "<data>\n"
        "\t<row>\n"
        "\t   <first_name>Bob</first_name>\n"
        "\t   <last_name>Smith</last_name>\n"
    )
    assert "\t   <code>M000001</code>\n" in found
    assert found.endswith("\t</row>\n</data>\n")


def test_a_whole_programme_in_php_and_in_python(server: Server) -> None:
    in_php = php(server, str(HERE / "programme.php"), server.url, server.new_key("Php"))
    assert json.loads(in_php) == PROGRAMME
    done = subprocess.run(
        [sys.executable, HERE / "programme.py", server.url, server.new_key("Python"), server.authority],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    assert json.loads(done.stdout) == PROGRAMME
    report = server.run("audit")
    assert report["ok"], report
