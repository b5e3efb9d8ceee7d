"""A first call of each API, ready to be pasted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.conf import settings

# Stands where the reader's own key belongs. Scripts of our pages put it there.
PLACEHOLDER: Final = "YOUR_KEY"
OF_WEBHOOK: Final = "whsec_..."

_CURL: Final = 'curl "{url}/api/program" -H "X-Api-Key: {key}"'
_PYTHON: Final = """import json
import urllib.request

request = urllib.request.Request("{url}/api/program", headers={{"X-Api-Key": "{key}"}})
with urllib.request.urlopen(request) as answer:
    print(json.load(answer)["data"])"""
_PHP: Final = """<?php
$request = curl_init('{url}/api/program');
curl_setopt($request, CURLOPT_HTTPHEADER, ['X-Api-Key: {key}']);
curl_setopt($request, CURLOPT_RETURNTRANSFER, true);
print_r(json_decode(curl_exec($request), true)['data']);"""
_RPC_CURL: Final = """curl "{url}/rpc" \\
  -d 'global[api_key]={key}' \\
  -d "global[api_time]=$(date -u '+%F %T')" \\
  -d 'global[api_method]=verify_api' \\
  -d 'global[api_format]=json'"""
_RPC_PYTHON: Final = """import datetime as dt
import json
import urllib.parse
import urllib.request

call = {{
    "global[api_key]": "{key}",
    "global[api_time]": f"{{dt.datetime.now(dt.timezone.utc):%Y-%m-%d %H:%M:%S}}",
    "global[api_method]": "verify_api",
    "global[api_format]": "json",
}}
form = urllib.parse.urlencode(call).encode()
with urllib.request.urlopen("{url}/rpc", form) as answer:
    print(json.load(answer))"""
_RPC_PHP: Final = """<?php
$request = curl_init('{url}/rpc');
curl_setopt($request, CURLOPT_POSTFIELDS, http_build_query(['global' => [
    'api_key' => '{key}',
    'api_time' => gmdate('Y-m-d H:i:s'),
    'api_method' => 'verify_api',
    'api_format' => 'json',
]]));
curl_setopt($request, CURLOPT_RETURNTRANSFER, true);
print_r(json_decode(curl_exec($request), true));"""

_CHECK_PYTHON: Final = """import base64, hashlib, hmac, time

def is_ours(body: bytes, headers, secret="{secret}"):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    at = headers["webhook-timestamp"]
    signed = f"{{headers['webhook-id']}}.{{at}}.".encode() + body
    ours = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    theirs = [one.removeprefix("v1,") for one in headers["webhook-signature"].split()]
    return abs(time.time() - int(at)) < 300 and any(hmac.compare_digest(ours, one) for one in theirs)"""
_CHECK_PHP: Final = """function is_ours(string $body, array $headers, string $secret = '{secret}'): bool {{
    $key = base64_decode(substr($secret, strlen('whsec_')));
    $at = $headers['webhook-timestamp'];
    $ours = base64_encode(hash_hmac('sha256', "{{$headers['webhook-id']}}.$at.$body", $key, true));
    foreach (explode(' ', $headers['webhook-signature']) as $one) {{
        if (abs(time() - (int) $at) < 300 && hash_equals("v1,$ours", $one)) {{
            return true;
        }}
    }}
    return false;
}}"""

_TEMPLATES: Final = {
    "rest": (("curl", _CURL), ("Python", _PYTHON), ("PHP", _PHP)),
    "rpc": (("curl", _RPC_CURL), ("Python", _RPC_PYTHON), ("PHP", _RPC_PHP)),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """A program that makes a call."""

    key: str  # as an id of the page
    language: str
    text: str


def checks(secret: str) -> list[Sample]:
    """How a program checks that an event comes from here, in each language."""
    return [
        Sample(f"check-{language.lower()}", language, template.format(secret=secret))
        for language, template in (("Python", _CHECK_PYTHON), ("PHP", _CHECK_PHP))
    ]


def samples(dialect: str, key: str = PLACEHOLDER) -> list[Sample]:
    """The first call of an API, "rest" or "rpc", in each language."""
    return [
        Sample(
            f"{dialect}-{language.lower()}",
            language,
            template.format(url=settings.REGULARS_PUBLIC_URL, key=key),
        )
        for language, template in _TEMPLATES[dialect]
    ]
