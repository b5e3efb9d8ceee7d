"""The texts that people read, and their translations: gettext's files, without gettext on the machine.

``python -m tools.messages update`` collects the texts of the code and of the templates and puts them into
the .po files; ``compile`` makes the .mo files that Django reads. An update that finds nothing new changes
no byte.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from babel.messages import extract
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from tools.made import LOCALE, catalogues
from tools.template_texts import texts_of_template

PACKAGE = LOCALE.parent
HEADER = """\
# Texts of Regulars. `make messages` adds what is new and drops what is gone; people write what stands
# after msgstr. What is between %( and )s or between { and } stays as it is.
"""
# The back office and the operator's admin speak English alone for now (docs/office.md): their texts are
# marked, and not collected yet. Some are said by rooms that only the back office asks.
ENGLISH = (
    "web/office/", "web/account/", "web/operator/", "web/templates/office/", "web/templates/account/",
    "web/templates/allauth/", "web/templates/mfa/", "web/templates/operator/",
    "members/filters.py", "members/filter_values.py",
)  # fmt: skip
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "_lazy": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


def extracted(package: Path = PACKAGE) -> Catalog:
    """Every text that is marked to be translated."""
    found = Catalog(charset="utf-8")
    for path in sorted(package.rglob("*.py")):
        if _in_english(package, path):
            continue
        with path.open("rb") as source:
            for _, text, comments, context in extract.extract(
                "python", source, KEYWORDS, comment_tags=("Translators",)
            ):
                found.add(text, auto_comments=comments, context=context)
    for path in sorted(package.rglob("templates/**/*")):
        if path.is_file() and not _in_english(package, path):
            for one in texts_of_template(path.read_text(encoding="utf-8")):
                found.add(one.id, auto_comments=one.comments, context=one.context)
    return found


def _in_english(package: Path, path: Path) -> bool:
    return path.relative_to(package).as_posix().startswith(ENGLISH)


def read(path: Path) -> Catalog:
    """A .po file."""
    with path.open("rb") as source:
        return read_po(source, locale=path.parts[-3], charset="utf-8", abort_invalid=True)


def updated(old: Catalog, texts: Catalog) -> bytes:
    """A .po file with exactly these texts. What is translated stays; nothing is guessed."""
    new = Catalog(locale=old.locale, charset="utf-8", fuzzy=False)
    for message in texts:
        if not message.id:
            continue
        before = old.get(message.id, message.context)
        string = before.string if before is not None and type(before.id) is type(message.id) else None
        new.add(
            message.id, string or None, context=message.context, auto_comments=message.auto_comments,
            user_comments=before.user_comments if before is not None else (),
            flags=before.flags & {"fuzzy"} if before is not None else (),
        )  # fmt: skip
    body = io.BytesIO()
    write_po(body, new, omit_header=True, sort_output=True, width=110)
    fields = {
        "Language": str(old.locale_identifier),
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": new.plural_forms,
    }
    lines = "".join(f'"{name}: {value}\\n"\n' for name, value in fields.items())
    whole = f'{HEADER}msgid ""\nmsgstr ""\n{lines}\n'.encode() + body.getvalue()
    return whole.rstrip(b"\n") + b"\n"


def compile_one(path: Path) -> None:
    """Write the .mo file beside a .po file."""
    target = path.with_suffix(".mo")
    with target.open("wb") as compiled:
        write_mo(compiled, read(path))


def main(words: list[str]) -> int:
    """The command line."""
    match words:
        case ["update"]:
            texts = extracted()
            for language, path in catalogues().items():
                path.write_bytes(updated(read(path), texts))
                compile_one(path)
                left = sum(1 for message in read(path) if message.id and not translated(message.string))
                print(f"{language}: {left or 'nothing'} left to translate")
        case ["compile", *paths]:
            for path in map(Path, paths):
                compile_one(path.resolve())
        case _:
            print("Say `update`, or `compile` and the .po files.", file=sys.stderr)
            return 2
    return 0


def translated(string: object) -> bool:
    """Whether a msgstr, with all its plural forms, is there."""
    return all(string) if isinstance(string, tuple | list) else bool(string)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
