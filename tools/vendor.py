"""Other people's scripts and styles for our pages: out of node_modules into the package, under plain names.

``python -m tools.vendor`` copies them, each with its licence, and packs each for browsers that take gzip. The
names are those that templates use, so that a new version changes no page.
"""

from __future__ import annotations

import gzip
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "src" / "regulars" / "static" / "vendor"
KEPT = Path(__file__).resolve().parent / "licences"  # texts that their packages lack
LIST = "versions.txt"  # written last: where it is, everything is


@dataclass(frozen=True, slots=True)
class Package:
    """What is taken from a package of node_modules, and the licences of all that is in it."""

    name: str
    short: str
    files: tuple[tuple[str, str], ...]  # (path in the package, our name)
    licences: tuple[Path, ...]


def _licence_of(name: str) -> Path:
    return Path(name) / "LICENSE"


PACKAGES = (
    Package("htmx.org", "htmx", (("dist/htmx.min.js", "htmx.min.js"),), (_licence_of("htmx.org"),)),
    Package(
        "@alpinejs/csp",
        "alpine",
        (("dist/cdn.min.js", "alpine-csp.min.js"),),
        (KEPT / "alpine.txt", _licence_of("@vue/reactivity")),  # the first is not in its package
    ),
    Package(
        "barcode-detector",
        "barcode-detector",
        (("dist/iife/ponyfill.js", "barcode-detector.js"),),
        (_licence_of("barcode-detector"), _licence_of("zxing-wasm")),
    ),
    Package(
        "zxing-wasm",
        "zxing-wasm",
        (("dist/reader/zxing_reader.wasm", "zxing_reader.wasm"),),
        (_licence_of("zxing-wasm"), KEPT / "zxing-cpp.txt"),
    ),
    Package(
        "@tabler/core",
        "tabler",
        (("dist/css/tabler.min.css", "tabler.min.css"),),
        (KEPT / "tabler.txt",),
    ),
    Package(
        "chart.js",
        "chart",
        (("dist/chart.umd.min.js", "chart.min.js"),),
        (Path("chart.js/LICENSE.md"), Path("@kurkle/color/LICENSE.md")),
    ),
)


def names() -> list[str]:
    """Every file that must be in the vendor folder."""
    ours = [ours for package in PACKAGES for _, ours in package.files]
    packed = [f"{name}.gz" for name in ours]
    return sorted([*ours, *packed, *(f"{package.short}.LICENSE.txt" for package in PACKAGES), LIST])


def missing(folder: Path = VENDOR) -> list[str]:
    """What of it is not there."""
    return [name for name in names() if not (folder / name).is_file()]


def copy(modules: Path = MODULES, folder: Path = VENDOR) -> None:
    """Fill the folder anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    lines = []
    for package in PACKAGES:
        home = modules / package.name
        about = json.loads((home / "package.json").read_text(encoding="utf-8"))
        lines.append(f"{package.name} {about['version']} ({about['license']})\n")
        for theirs, ours in package.files:
            content = (home / theirs).read_bytes()
            (folder / ours).write_bytes(content)
            # Without a time, so that the same file is packed into the same bytes.
            (folder / f"{ours}.gz").write_bytes(gzip.compress(content, 9, mtime=0))
        texts = [(modules / licence).read_text(encoding="utf-8").strip() for licence in package.licences]
        (folder / f"{package.short}.LICENSE.txt").write_text(
            "\n\n---\n\n".join(texts) + "\n", encoding="utf-8"
        )
    (folder / LIST).write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    copy()
