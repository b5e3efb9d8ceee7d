"""Which address leads where."""

from django.urls import include, path

from regulars import ca, pages
from regulars.api.rest.api import api
from regulars.api.rpc import pages as rpc_pages
from regulars.api.rpc import view as rpc
from regulars.web import look, passwords, reports
from regulars.web.counter import page as counter_page
from regulars.web.counter import printing as counter_printing
from regulars.web.member import card, choosing, icons, join, keeping, links, sample, scratch, unsubscribe
from regulars.web.microsite import balance, entering

urlpatterns = [
    path("api/", api.urls),
    # A call may come to the bare address, which is otherwise the start page's.
    path("", rpc.beside(pages.start), name="start"),
    path("rpc/docs", rpc_pages.docs, name="rpc-docs"),
    path("rpc", rpc.rpc, name="rpc"),
    path("rpc/", rpc.rpc),
    path("scratch/<str:token>", scratch.page, name="scratch"),
    path("scratch/<str:token>/reveal", scratch.reveal, name="scratch-reveal"),
    path("card/sw.js", keeping.worker, name="card-sw"),
    path("card/<str:qr_code>", card.page, name="card"),
    path("card/<str:qr_code>/now", card.now, name="card-now"),
    path("card/<str:qr_code>/history", card.history, name="card-history"),
    path("card/<str:qr_code>/settings", card.settings, name="card-settings"),
    path("card/<str:qr_code>/vouchers/<int:voucher_id>", choosing.voucher, name="card-voucher"),
    path("card/<str:qr_code>/away", keeping.away, name="card-away"),
    path("card/<str:qr_code>/forget", keeping.forget, name="card-forget"),
    path("card/<str:qr_code>/manifest.webmanifest", keeping.manifest, name="card-manifest"),
    path("join/<str:join_code>", join.page, name="join"),
    path("l/<str:token>", links.page, name="link"),
    path("look/<str:colour>.css", look.look, name="look"),
    path("look/icon/<str:colour>/<str:letter>-<int:size>.png", icons.letter_icon, name="icon"),
    path("look/icon/<slug:digest>-<int:size>.png", icons.logo_icon, name="icon-logo"),
    path("look/logo/<slug:digest>.png", look.logo, name="logo"),
    path("look/logo/<slug:digest>-<int:size>.webp", look.logo, name="logo-small"),
    path("u/<str:token>", unsubscribe.page, name="unsubscribe"),
    path("sample/<slug:what>", sample.page, name="sample"),
    path("m/<slug:slug>", entering.with_slash),
    path("m/<slug:slug>/", include("regulars.web.microsite.urls")),
    path("embed.js", balance.embed, name="embed"),
    path("password/forgot", passwords.forgot, name="password-forgot"),
    path("password/reset/<str:uid>/<str:token>", passwords.reset, name="password-reset"),
    path("mail/reports/<str:secret>", reports.reports, name="mail-reports"),
    path("scan/api/", include("regulars.web.counter.urls")),
    path("scan/", counter_page.page, name="counter-page"),
    path("scan/sw.js", counter_page.worker, name="counter-worker"),
    path("scan/manifest.webmanifest", counter_page.manifest, name="counter-manifest"),
    path("scan/app/<slug:version>/<str:name>", counter_page.file, name="counter-file"),
    path("scan/print/", counter_printing.page, name="counter-print"),
    path("scan/print/poster.pdf", counter_printing.printed_poster, name="counter-print-poster"),
    path("scan/print/tent.pdf", counter_printing.printed_tent, name="counter-print-tent"),
    path("scan/print/cards.pdf", counter_printing.printed_cards, name="counter-print-cards"),
    path("scan/print/cards", counter_printing.new_cards, name="counter-print-new"),
    path("scan/print/logo", counter_printing.new_logo, name="counter-print-logo"),
    path("healthz", pages.health, name="health"),
    path("regulars-ca.crt", ca.ca_certificate, name="ca-certificate"),
]

handler400 = "regulars.web.errors.bad_request"
handler403 = "regulars.web.errors.forbidden"
handler404 = "regulars.web.errors.not_found"
handler500 = "regulars.web.errors.server_error"
