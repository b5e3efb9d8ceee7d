"""The limit on PostgreSQL: pgbench with the recorded statements."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bench import members
from bench.recording import ASKED, Joined, Listed, Step
from bench.statements import Recorded, Ref, Statement

THREADS = 2
_PREFIX = "s_"


@dataclass(frozen=True, slots=True)
class Script:
    """A pgbench script and the variables that it needs from the command line."""

    text: str
    variables: dict[str, str]


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run of pgbench measured."""

    transactions: int
    per_second: float
    latency_ms: float


def write_script(recorded: Recorded, *, member_count: int) -> Script:
    """A script whose every transaction gives one stamp to a random card, as the product would.

    Placeholders become pgbench variables, one for each, so that the server prepares the same statement with
    as many parameters. The card's state is read first and feeds the posting, and a card that gets its last
    stamp takes the branch with the reward.
    """
    variables: dict[str, str] = {}
    goes_full = f":{_PREFIX}stamps + 1 >= :{_PREFIX}stamps_required"
    postings = (recorded.rewarded, recorded.plain)
    if any(len(posting) != 1 for posting in postings):
        raise ValueError("on PostgreSQL a posting is one statement")
    rewarded, plain = (_substitute(posting[0], variables) for posting in postings)
    lines = [
        f"\\set member random(1, {member_count})",
        f"\\set qr_code {members.qr_expression(':member')}",
        f"{_substitute(recorded.state, variables)} \\gset {_PREFIX}",
        f"\\if {goes_full}",
        f"{rewarded};",
        "\\else",
        f"{plain};",
        "\\endif",
    ]
    return Script("\n".join(lines) + "\n", variables)


def write_steps(steps: Sequence[Step], *, number: int, asked: str, sequential: bool) -> Script:
    """A script whose every transaction executes the statements of one request.

    `asked` is the value that is asked for, computed from :number. That is a random one up to `number` or,
    when `sequential`, the next one of this client of so many. A request whose write meets another one on
    the same row is rolled back.
    """
    variables: dict[str, str] = {}
    lines = [f"\\set number random(1, {number})"]
    if sequential:
        lines = ["\\set turn :turn + 1", f"\\set number :start + :client_id + {number} * :turn"]
    lines.append(f"\\set {ASKED} {asked}")
    nested = 0
    began = False
    for place, step in enumerate(steps):
        text = _substitute(step, variables)
        if step.looked_at and step.renamed:
            text = f"SELECT * FROM ({text}) AS found ({', '.join(step.columns)})"
        began = began or step.sql.startswith("BEGIN")
        writes = re.match(r"\s*(WITH|INSERT|UPDATE)\b", step.sql) is not None
        if began and writes and step.rows == 1:
            column = f"s{place}_{step.columns[0]}"
            lines += [f"\\set {column} 0", f"{text} \\aset s{place}_", f"\\if :{column} > 0"]
            nested += 1
        else:
            lines.append(f"{text} \\gset s{place}_" if step.looked_at else f"{text};")
        if step.sql == "COMMIT":
            lines += ["\\else", "ROLLBACK;", "\\endif"] * nested
            nested, began = 0, False
    return Script("\n".join(lines) + "\n", variables)


def _substitute(statement: Statement, variables: dict[str, str]) -> str:
    """The statement with a pgbench variable for each placeholder; adds the constant ones to `variables`."""
    pieces = [piece.replace("%%", "%") for piece in statement.sql.strip().split("%s")]
    if len(pieces) != len(statement.params) + 1:
        raise ValueError(f"{len(pieces) - 1} placeholders but {len(statement.params)} parameters")
    text = pieces[0]
    for piece, value in zip(pieces[1:], statement.params, strict=True):
        text += _variable(value, variables) + piece
    return text


def _variable(value: Any, variables: dict[str, str]) -> str:
    if value is None:
        return "NULL"  # a pgbench variable can be neither null
    if value == "":
        return "''"  # nor empty
    if isinstance(value, Ref):
        return ":" + value.name.replace("state.", _PREFIX)
    if isinstance(value, Joined):
        return f"('{value.before}' || {_variable(value.ref, variables)} || '{value.after}')"
    if isinstance(value, Listed):
        return f"ARRAY[{_variable(value.ref, variables)}::bigint]"
    name = f"c{len(variables)}"
    variables[name] = _literal(value)
    return f":{name}"


def _literal(value: Any) -> str:
    """A value in PostgreSQL's text form."""
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()
    if isinstance(value, list):
        return "{" + ",".join('"' + re.sub(r'(["\\])', r"\\\1", _literal(one)) + '"' for one in value) + "}"
    return str(value)


@dataclass(frozen=True, slots=True)
class Target:
    """What to run where: the folder of the server's socket, a database, a script file and its variables."""

    socket: Path
    database: str
    script: Path
    variables: dict[str, str]


def run(
    program: Path,
    target: Target,
    *,
    clients: int,
    seconds: int,
    more: Mapping[str, str] = MappingProxyType({}),
) -> Figures:
    """Run the script for some seconds, with `more` variables than the script says.

    Raises:
        RuntimeError: pgbench reports an error, or transactions that failed.
    """
    command = [str(program), "--host", str(target.socket), "--username", "postgres", "--no-vacuum"]
    command += ["--protocol", "prepared", "--client", str(clients), "--jobs", str(THREADS)]
    command += ["--time", str(seconds)]
    for name, value in {**target.variables, **more}.items():
        command += ["--define", f"{name}={value}"]
    command += ["--file", str(target.script), target.database]
    done = subprocess.run(command, capture_output=True, text=True, check=False, start_new_session=True)
    if done.returncode or "error" in done.stderr.lower():
        raise RuntimeError(f"pgbench failed: {done.stderr[-2000:]}")
    return read_report(done.stdout)


def read_report(report: str) -> Figures:
    """The figures in pgbench's report."""

    def number(pattern: str) -> float:
        found = re.search(pattern, report)
        if found is None:
            raise RuntimeError(f"pgbench's report does not say {pattern!r}: {report}")
        return float(found[1])

    if number(r"number of failed transactions: (\d+)"):
        raise RuntimeError(f"pgbench had failed transactions: {report}")
    return Figures(
        transactions=int(number(r"number of transactions actually processed: (\d+)")),
        per_second=number(r"tps = ([\d.]+)"),
        latency_ms=number(r"latency average = ([\d.]+) ms"),
    )
