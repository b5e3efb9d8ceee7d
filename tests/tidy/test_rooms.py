"""The rules of the house that no import contract can see."""

import ast

import pytest

from tests.tidy.source import imports, parsed
from tests.tidy.writers import event_inserts, ledger_writes

pytestmark = pytest.mark.once

DOMAIN = (
    "rules/", "tenants/", "members/", "ledger/", "outbox/", "catalog/", "vouchers/", "promotions/", "sales/",
    "analytics/", "jobs/", "scratchcards/", "messages/", "campaigns/", "portal/",
    "auditlog/", "requestlog/", "counter/", "printing/", "db.py", "seal.py", "outbound.py",
)  # fmt: skip
NETWORK = {
    "aiohttp", "asyncio", "ftplib", "granian", "http.client", "httpcore", "httpx", "imaplib", "poplib",
    "redis", "requests", "smtplib", "socket", "socketserver", "ssl", "urllib.request", "urllib3", "xmlrpc",
}  # fmt: skip
# The doors through which a domain room reaches the network, outside every transaction, and for what.
DOORS = {
    "tenants/ratelimit.py": {"redis"},  # limits shared by several machines
    "outbound.py": {"httpcore", "socket", "ssl"},  # the one way to other people's servers
    "messages/smtp.py": {"smtplib", "socket", "ssl"},  # mail
}
GOOD_LEDGER_READS = """
from regulars.ledger.models import Card, Entry
def look(business):
    counts = {}
    counts.update(a=1)
    return Card.objects.filter(business=business).values(), run("SELECT 1 FROM ledger_card FOR UPDATE")
"""


def modules(*, but: str) -> list[str]:
    assert but in parsed()
    return [name for name in parsed() if name != but]


def test_only_post_changes_balances() -> None:
    found = {name: ledger_writes(parsed()[name]) for name in modules(but="ledger/post.py")}
    assert {name: what for name, what in found.items() if what} == {}
    assert ledger_writes(parsed()["ledger/post.py"])  # and it is seen there


@pytest.mark.parametrize(
    "code",
    [
        'run("UPDATE ledger_card SET points = 1")',
        'run("insert into  ledger_entry VALUES (1)")',
        'run(f"DELETE FROM ledger_{table}")',
        "Card.objects.filter(pk=1).update(points=1)",
        "Entry.objects.create(points=1)",
        "Lot(points=1)",
        "card = Card.objects.get()\ncard.points = 1\ncard.save()",
        "entry.delete()",
    ],
)
def test_a_change_of_a_balance_is_seen(code: str) -> None:
    assert ledger_writes(ast.parse(f"from regulars.ledger.models import Card, Entry, Lot\n{code}"))


def test_reading_balances_is_no_change() -> None:
    assert ledger_writes(ast.parse(GOOD_LEDGER_READS)) == []


def test_only_emit_inserts_events() -> None:
    found = {name: event_inserts(parsed()[name]) for name in modules(but="outbox/emit.py")}
    assert {name: what for name, what in found.items() if what} == {}
    assert event_inserts(parsed()["outbox/emit.py"])
    assert event_inserts(ast.parse("from regulars.outbox.models import Event\nEvent.objects.create()"))


def network_imports(module: ast.Module) -> set[str]:
    """Network libraries that a module imports, by their name in NETWORK."""
    found = set()
    for source, name in imports(module):
        for library in NETWORK:
            if source == library or source.startswith(f"{library}.") or f"{source}.{name}" == library:
                found.add(library)
    return found


def test_domain_rooms_stay_off_the_network() -> None:
    domain = [name for name in parsed() if name.startswith(DOMAIN)]
    assert len(domain) > 20
    found = {name: network_imports(parsed()[name]) for name in domain}
    assert {name: libraries for name, libraries in found.items() if libraries} == {
        name: libraries for name, libraries in DOORS.items() if name in parsed()
    }
    assert network_imports(ast.parse("from urllib import request")) == {"urllib.request"}
    assert network_imports(ast.parse("import http.client")) == {"http.client"}


def test_nothing_prints() -> None:
    """Commands speak through `commands/console.py`, everything else logs."""
    prints = [
        name
        for name, module in parsed().items()
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert prints == []


def test_no_signals_and_no_transaction_around_requests() -> None:
    for name, module in parsed().items():
        sources = {source for source, _ in imports(module)}
        assert not sources & {"django.db.models.signals", "django.core.signals"}, name
        assert not any(
            isinstance(node, ast.Name) and node.id == "ATOMIC_REQUESTS" for node in ast.walk(module)
        )


def public_functions(module: ast.Module) -> list[ast.FunctionDef]:
    return [
        node for node in module.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]


def test_every_action_and_query_says_what_it_does() -> None:
    rooms = [name for name in parsed() if name.endswith(("/actions.py", "/queries.py"))]
    assert len(rooms) >= 7
    silent = [
        f"{name}: {function.name}"
        for name in rooms
        for function in public_functions(parsed()[name])
        if len((ast.get_docstring(function) or "").split()) < 3
    ]
    assert silent == []


def test_actions_take_their_arguments_by_name() -> None:
    positional = [
        f"{name}: {function.name}"
        for name in parsed()
        if name.endswith("/actions.py")
        for function in public_functions(parsed()[name])
        if function.name.startswith(
            ("create", "update", "delete", "add", "remove", "enrol", "redeem", "revoke")
        )
        and function.args.args
    ]
    assert positional == []
