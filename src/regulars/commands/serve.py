"""`regulars serve`: what does not fit is said in one line before the first request."""

import errno
import os
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from regulars import __version__
from regulars.addresses import in_url, lan_addresses
from regulars.apart import apart
from regulars.commands import banner, database, demo
from regulars.commands.console import FAILED, UNUSABLE_INPUT, Stop, say, warn
from regulars.commands.setup import read_environment, start_django
from regulars.environment import Environment

if TYPE_CHECKING:
    from regulars.server import Plan
    from regulars.tls import Files

T = TypeVar("T")

MAX_DEFAULT_WORKERS = 8
ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - recognised, not bound


def serve(
    *,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 for the whole network.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8000,
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="Processes. SQLite takes 1. [default: by processors]")
    ] = None,
    threads: Annotated[
        int, typer.Option(min=1, max=64, help="Requests worked on at once in each process.")
    ] = 2,
    secure: Annotated[
        bool, typer.Option("--tls", help="HTTPS with a certificate authority of this installation's own.")
    ] = False,
    with_worker: Annotated[
        bool,
        typer.Option("--worker/--no-worker", help="Do in this server, too, what `regulars worker` does."),
    ] = True,
    with_demo: Annotated[bool, typer.Option("--demo", help="Load the demo shop first, once.")] = False,
    show_banner: Annotated[
        bool, typer.Option("--banner", help="Show the demo shop's logins, key and first calls.")
    ] = False,
) -> None:
    """Serve until stopped. Makes the database when there is none."""
    address, port = _free_address(host, port)
    scheme = "https" if secure else "http"
    # Links need an address before anybody says one; the processes of the server inherit it.
    if not os.environ.get("REGULARS_PUBLIC_URL", "").strip():
        os.environ["REGULARS_PUBLIC_URL"] = f"{scheme}://{in_url(_reachable(address, host))}:{port}"
    settings = read_environment()
    sqlite = settings.database.engine == "sqlite"
    if sqlite and workers is not None and workers > 1:
        raise Stop("--workers: an SQLite database takes 1; use PostgreSQL for more.", status=UNUSABLE_INPUT)
    start_django(settings, writes=True)
    lock = database.lock_for_serving(settings) if sqlite else None
    _warn(settings, secure=secure)
    _apart(
        partial(database.make_or_check, settings, upgrade=sqlite)
    )  # thousands of classes nobody needs later
    shop = _shop(settings, load=with_demo) if with_demo or show_banner else None
    files = _certificates(settings) if secure else None
    from regulars import server  # noqa: PLC0415 - needs Django

    plan = server.Plan(
        address=address,
        port=port,
        workers=workers or (1 if sqlite else min(os.cpu_count() or 1, MAX_DEFAULT_WORKERS)),
        threads=threads,
        tls=files,
        with_worker=with_worker,
    )
    status = server.run(plan, when_ready=lambda: _welcome(plan, settings, shop))
    del lock  # held until here
    if status:
        raise typer.Exit(FAILED)


def _shop(settings: Environment, *, load: bool) -> dict[str, Any] | None:
    return _apart(partial(demo.load_once if load else demo.kept_now, settings))


def _apart(work: Callable[[], T]) -> T:
    try:
        return apart(work)
    except ChildProcessError as error:
        raise Stop(f"A process that prepares the start {error}.") from error


def _warn(settings: Environment, *, secure: bool) -> None:
    if settings.database.engine == "sqlite":
        database.warn_about_sqlite()
    if not secure and settings.allow_http == "never" and not settings.trusted_proxies:
        warn(
            "API requests over plain HTTP are refused; use --tls, a proxy (REGULARS_TRUSTED_PROXIES) or, on "
            "this machine only, REGULARS_ALLOW_HTTP=loopback."
        )


def _welcome(plan: "Plan", settings: Environment, shop: dict[str, Any] | None) -> None:
    local = [plan.address] if plan.address not in ANY_ADDRESS else ["127.0.0.1", *lan_addresses()]
    urls = [f"{'https' if plan.tls else 'http'}://{in_url(one)}:{plan.port}" for one in local]
    shown = dict.fromkeys([settings.public_url, *urls])
    say(f"Regulars {__version__} serves {', '.join(shown)} (stop with Ctrl-C)")
    say(f"API pages: {urls[0]}/api/docs (REST), {urls[0]}/rpc/docs (RPC)")
    if plan.tls:
        banner.show_certificate(plan.tls, urls[-1])
    if shop:
        banner.show_demo(shop, urls[0], plan.tls)


def _free_address(host: str, port: int) -> tuple[str, int]:
    """The numeric address and the port, after trying whether they can be had."""
    try:
        family, kind, protocol, _, target = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError):
        raise Stop(f"--host: {host} is not an address of this machine", status=UNUSABLE_INPUT) from None
    with socket.socket(family, kind, protocol) as probe:
        # Connections of the last run that are still closing do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(target)
            probe.listen(1)
        except OSError as error:
            raise _refused(error, host, port) from error
        found = probe.getsockname()
    return str(found[0]), int(found[1])


def _refused(error: OSError, host: str, port: int) -> Stop:
    if error.errno == errno.EADDRINUSE:
        return Stop(f"Port {port} on {host} is taken; choose another with --port (make run: PORT=8001).")
    if error.errno == errno.EACCES:
        return Stop(f"Port {port} needs a permission that this user does not have; choose one above 1023.")
    return Stop(f"--host: {host} is not an address of this machine", status=UNUSABLE_INPUT)


def _reachable(address: str, host: str) -> str:
    if address in ANY_ADDRESS:
        return next(iter(lan_addresses()), "127.0.0.1")
    return host


def _certificates(settings: Environment) -> "Files":
    from regulars import tls  # noqa: PLC0415 - cryptography takes its time to load

    folder: Path = settings.data_dir / "tls"
    try:
        return tls.ensure(folder, tls.server_names(settings.public_host))
    except OSError as error:
        raise Stop(f"Cannot write certificates to {folder}: {error.strerror}") from error
