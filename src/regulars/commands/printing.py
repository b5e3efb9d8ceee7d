"""Commands that print, and the logo that is on what they print."""

from pathlib import Path
from typing import Annotated, Any

import typer

from regulars.commands.business import Slug, as_stop, business_of
from regulars.commands.console import FAILED, UNUSABLE_INPUT, Stop, say_json
from regulars.rules.errors import Refusal

printing = typer.Typer(name="print", help="Posters, table tents and cards as PDF.", no_args_is_help=True)

Output = Annotated[Path, typer.Option(help="The PDF file to write.")]
Language = Annotated[str, typer.Option(help="Such as de; by default the business's.")]
Size = Annotated[str, typer.Option(help="A4 or Letter; by default the country's.")]


@printing.command("poster")
def print_poster(business: Slug, output: Output, *, language: Language = "", size: Size = "") -> None:
    """A poster with the QR code for joining."""
    owner = business_of(business)
    from regulars.printing import poster  # noqa: PLC0415 - models need Django

    _write(output, lambda: poster.poster(**_sheet(owner, language, size)))


@printing.command("tent")
def print_tent(business: Slug, output: Output, *, language: Language = "", size: Size = "") -> None:
    """A tent for tables and the counter, to be folded."""
    owner = business_of(business)
    from regulars.printing import poster  # noqa: PLC0415 - models need Django

    _write(output, lambda: poster.table_tent(**_sheet(owner, language, size)))


@printing.command("cards")
def print_cards(
    business: Slug,
    output: Output,
    *,
    count: Annotated[int, typer.Option(help="Make so many new cards that belong to nobody yet.")] = 0,
    first: Annotated[int, typer.Option(help="Print cards again, from this number.")] = 0,
    last: Annotated[int, typer.Option(help="Up to this number.")] = 0,
    member: Annotated[list[str] | None, typer.Option(help="Print the card of this member.")] = None,
    language: Language = "",
    size: Size = "",
) -> None:
    """Cards for the purse, ten on a sheet: new ones (--count), printed before (--first), or members' own."""
    if sum((bool(count), bool(first), bool(member))) != 1:
        raise Stop("Say one of --count, --first and --member.", status=UNUSABLE_INPUT)
    owner = business_of(business)
    from regulars.members import blank_cards  # noqa: PLC0415 - models need Django
    from regulars.members.queries import find_member  # noqa: PLC0415
    from regulars.printing import cards  # noqa: PLC0415

    def make() -> bytes:
        sheet = _sheet(owner, language, size)
        if member:
            ids = [find_member(business_id=owner.pk, reference=reference) for reference in member]
            return cards.member_cards(member_ids=ids, **sheet)
        numbers = (first, last or first)
        if count:
            made = blank_cards.make_blanks(business_id=owner.pk, count=count)
            numbers = (made[0].number, made[-1].number)
        return cards.blank_cards(first=numbers[0], last=numbers[1], **sheet)

    _write(output, make)


def logo(
    business: Slug,
    file: Annotated[Path | None, typer.Argument(help="A PNG, JPEG, WebP or GIF picture.")] = None,
    *,
    remove: Annotated[bool, typer.Option("--remove", help="Take the logo away.")] = False,
) -> None:
    """Set the logo of a business, which its pages and printed things show."""
    if (file is None) is not remove:
        raise Stop("Say the file of the logo, or --remove.", status=UNUSABLE_INPUT)
    owner = business_of(business)
    from regulars.tenants import logos  # noqa: PLC0415 - models need Django

    if file is None:
        logos.remove_logo(business_id=owner.pk)
        say_json({"logo": None})
        return
    try:
        with file.open("rb") as opened:
            data = opened.read(logos.MOST_BYTES + 1)
        made = logos.set_logo(business_id=owner.pk, data=data)
    except OSError as error:
        raise Stop(f"{file}: {error.strerror}", status=UNUSABLE_INPUT) from error
    except Refusal as refusal:
        raise as_stop(refusal, {"logo": str(file)}) from refusal
    say_json({"logo": f"/look/logo/{made.digest}.png", "width": made.width, "height": made.height})


def _sheet(owner: Any, language: str, size: str) -> dict[str, Any]:
    from regulars.printing.sizes import paper_of  # noqa: PLC0415
    from regulars.rules.languages import check_language  # noqa: PLC0415

    return {
        "business_id": owner.pk,
        "language": check_language(language) if language else owner.language,
        "paper": paper_of(size, country=owner.country),
    }


def _write(output: Path, make: Any) -> None:
    """Make first, write then: a refusal leaves an older file as it was."""
    if not output.parent.is_dir():  # before cards are numbered for nothing
        raise Stop(f"--output {output}: there is no such folder", status=UNUSABLE_INPUT)
    try:
        document = make()
        output.write_bytes(document)
    except Refusal as refusal:
        raise as_stop(refusal) from refusal
    except OSError as error:
        raise Stop(f"--output {output}: {error.strerror}", status=FAILED) from error
    say_json({"file": str(output), "bytes": len(document)})
