"""The counter's page, which a phone or tablet keeps: its shell, service worker, manifest and files.

The shell holds nothing of any business, only texts in a language; everything else comes from the JSON under
`/scan/api/`. Its files stand under an address made from their content, so that a device never runs parts of
two versions, and keeps them for good.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import mimetypes
import re
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Final

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.templatetags.static import static
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from regulars import __version__, policies
from regulars.rules import languages
from regulars.web import language
from regulars.web.counter.page_texts import texts

_STATIC: Final = Path(__file__).resolve().parents[2] / "static"
_OWN: Final = _STATIC / "regulars" / "counter"
_VENDOR: Final = _STATIC / "vendor"
_TEMPLATES: Final = Path(__file__).resolve().parents[1] / "templates" / "web"
_WORKER: Final = "sw.js"
_WORTH_PACKING: Final = 500  # bytes
# Read only by browsers that cannot read QR codes by themselves, when the camera is used.
DETECTOR: Final = ("barcode-detector.js", "zxing_reader.wasm")
_SHARED: Final = ("theme.js", "tokens.css", "base.css")
_PRELOADED: Final = (
    "base.js", "entering.js", "scanning.js", "member.js", "doing.js", "waiting.js", "lists.js",
    "api.js", "store.js", "queue.js", "texts.js", "feel.js",
)  # fmt: skip
# Lines of our scripts that are for people who read them, and not sent to phones.
_COMMENT: Final = re.compile(rb"^ *(?://[^\n]*|/\*\*.*?\*/)\n", re.MULTILINE | re.DOTALL)
# Our reader of QR codes is WebAssembly, which this lets run; the pictures of QR codes that answers bring are
# data addresses.
POLICY: Final = policies.of_page(script_src="'self' 'wasm-unsafe-eval'", media_src="'self' blob:")
_PERMISSIONS: Final = "camera=(self), geolocation=(self), screen-wake-lock=(self), microphone=()"


def _files() -> dict[str, Path]:
    own = {path.name: path for path in sorted(_OWN.iterdir()) if path.name != _WORKER}
    vendor = {name: _VENDOR / name for name in ("alpine-csp.min.js", *DETECTOR)}
    return {**own, **vendor, "icon.svg": _STATIC / "regulars" / "icon.svg"}


@lru_cache(maxsize=1)
def digest() -> str:
    """What the page is made of, as 12 hex digits."""
    sum_ = hashlib.sha256(__version__.encode())
    shared = [_STATIC / "regulars" / name for name in _SHARED]
    pages = sorted((_TEMPLATES / "counter").glob("*.html"))
    for path in (*_files().values(), _OWN / _WORKER, *shared, *pages, _TEMPLATES / "page.html"):
        sum_.update(path.name.encode() + path.read_bytes())
    return sum_.hexdigest()[:12]


def _folder() -> str:
    return f"/scan/app/{digest()}"


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The shell, in the language of whoever asks; `?code=` is read by its script."""
    with language.speaking(request) as spoken:
        context = {
            "version": __version__,
            "files": _folder(),
            "modules": _PRELOADED,
            "texts": texts(),
            "languages": languages.LANGUAGES.items(),
            "spoken": spoken,
        }
        response = render(request, "web/counter/page.html", context)
    language.remember(response, request)
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Permissions-Policy"] = _PERMISSIONS
    response.headers["Cache-Control"] = "no-cache"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    patch_vary_headers(response, ("Accept-Language", "Cookie"))
    return _smaller(request, response)


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker, with the list of what it keeps. The detector comes when it is used."""
    shared = [f"{static(f'regulars/{name}')}?v={__version__}" for name in _SHARED]
    own = [f"{_folder()}/{name}" for name in _files() if name not in DETECTOR]
    head = f"const CACHE = {json.dumps(f'regulars-counter-{digest()}')};\n"
    head += f"const FILES = {json.dumps(shared + own)};\n\n"
    text = head + (_OWN / _WORKER).read_text(encoding="utf-8")
    response = HttpResponse(text, content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    return _smaller(request, response)


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """What makes the page an app on a phone's or tablet's home screen."""
    with language.speaking(request):
        name, about = _("Counter"), _("Scan cards, give stamps and points, redeem rewards")
        icons = [
            {"src": f"{_folder()}/icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png", **more}
            for size, more in ((192, {}), (512, {}), (512, {"purpose": "maskable"}))
        ]
        content = {
            "id": "/scan/", "name": name, "short_name": name, "description": about, "lang": get_language(),
            "start_url": "/scan/", "scope": "/scan/", "display": "standalone", "orientation": "any",
            "background_color": "#171412", "theme_color": "#171412", "icons": icons,
        }  # fmt: skip
    response = HttpResponse(json.dumps(content), content_type="application/manifest+json")
    response.headers["Cache-Control"] = "no-cache"
    patch_vary_headers(response, ("Accept-Language", "Cookie"))
    return response


@require_safe
def file(request: HttpRequest, version: str, name: str) -> HttpResponseBase:
    """A file of the page. Under an older address, too, but then it is not kept."""
    path = _files().get(name)
    if path is None:
        raise Http404
    kind = "application/wasm" if path.suffix == ".wasm" else mimetypes.guess_type(name)[0]
    small = path.with_name(f"{path.name}.gz")
    response: HttpResponseBase
    if small.is_file() and _takes_gzip(request):
        response = FileResponse(small.open("rb"), content_type=kind)
        response.headers["Content-Encoding"] = "gzip"
        response.headers.pop("Content-Disposition", None)
        patch_vary_headers(response, ("Accept-Encoding",))
    else:
        response = _smaller(request, HttpResponse(_content(path), content_type=kind))
    fresh = version == digest()
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if fresh else "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'"  # a file does nothing by itself
    return response


def _content(path: Path) -> bytes:
    content = path.read_bytes()
    return _COMMENT.sub(b"", content) if path.parent == _OWN and path.suffix == ".js" else content


def _takes_gzip(request: HttpRequest) -> bool:
    return "gzip" in request.headers.get("Accept-Encoding", "")


def _smaller(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Packed, where the browser takes that: nothing in these answers is secret."""
    patch_vary_headers(response, ("Accept-Encoding",))
    if (
        _takes_gzip(request)
        and response.status_code == HTTPStatus.OK
        and len(response.content) > _WORTH_PACKING
    ):
        response.content = gzip.compress(response.content, compresslevel=9, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Content-Length"] = str(len(response.content))
    return response
