"""What a person sees when the server is ready."""

import shlex
from typing import TYPE_CHECKING, Any

from regulars.commands.console import say

if TYPE_CHECKING:
    from regulars.tls import Files


def show_certificate(files: "Files", url: str) -> None:
    """Where the authority's certificate is and how a phone comes to trust it."""
    from regulars.tls import fingerprint  # noqa: PLC0415 - cryptography takes its time to load

    say()
    say(f"Certificate authority: {files.ca_certificate}")
    say(f"  SHA-256 {fingerprint(files.ca_certificate)}")
    say(f"  On a phone open {url}/regulars-ca.crt once, install it and switch its trust on:")
    say("  iPhone: Settings > General > VPN & Device Management, then About > Certificate Trust Settings.")
    say("  Android: Settings > Security > Encryption & credentials > Install a certificate > CA certificate.")


def show_demo(shop: dict[str, Any], url: str, files: "Files | None") -> None:
    """Logins and keys of the demo shop, and calls of both dialects that work when pasted."""
    say()
    say("Demo logins:")
    for login in shop["logins"]:
        say(f"  {login['email']}  {login['password']}  ({login['role']}, PIN {login['pin']})")
    for business in shop["businesses"]:
        say(f"API key of {business['name']}: {business['api_key']}")
    first = shop["businesses"][0]
    say()
    say(f"In the browser, for {first['name']}:")
    if code := first.get("join_code"):
        say(f"  join          {url}/join/{code}")
    say(f"  a card        {url}/card/{first['qr_code']}  ({first['member_name']})")
    say(f"  the counter   {url}/scan/  (sign in as one of the above)")
    say(f"  back office   {url}/office/  (sign in as the owner, the manager or one of the staff)")
    say(f"  micro-site    {url}/m/{first['slug']}/")
    if token := first.get("scratch_token"):
        say(f"  a scratch card, still covered  {url}/scratch/{token}")
    say()
    trust = f" --cacert {shlex.quote(str(files.ca_certificate))}" if files else ""
    key = f"-H 'X-Api-Key: {first['api_key']}'"
    body = f'\'{{"qr_code": "{first["qr_code"]}", "count": 1}}\''
    time = "--data-urlencode \"global[api_time]=$(date -u '+%Y-%m-%d %H:%M:%S')\""
    form = {
        "api_key": first["api_key"],
        "api_method": "get_members",
        "fields][code": first["member_code"],
    }
    fields = " ".join(f"-d 'global[{name}]={value}'" for name, value in form.items())
    say(f"Try (the second gives {first['member_name']} a stamp, the last shows the same card over RPC):")
    say(f"  curl -s{trust} {key} {url}/api/business")
    say(f"  curl -s{trust} {key} -H 'Content-Type: application/json' -d {body} {url}/api/stamps/add")
    say(f"  curl -s{trust} {key} {url}/api/stats")
    say(f"  curl -s{trust} {time} {fields} {url}/rpc")
