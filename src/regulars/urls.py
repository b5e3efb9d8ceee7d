"""Which address leads where."""

from django.urls import path

from regulars import ca, pages
from regulars.api.rest.api import api
from regulars.api.rpc import pages as rpc_pages
from regulars.api.rpc import view as rpc
from regulars.web import look, passwords, reports
from regulars.web.member import scratch, unsubscribe

urlpatterns = [
    path("api/", api.urls),
    # A call may come to the bare address, which is otherwise the start page's.
    path("", rpc.beside(pages.start), name="start"),
    path("rpc/docs", rpc_pages.docs, name="rpc-docs"),
    path("rpc", rpc.rpc, name="rpc"),
    path("rpc/", rpc.rpc),
    path("scratch/<str:token>", scratch.page, name="scratch"),
    path("scratch/<str:token>/reveal", scratch.reveal, name="scratch-reveal"),
    path("look/<str:colour>.css", look.look, name="look"),
    path("look/logo/<slug:digest>.png", look.logo, name="logo"),
    path("look/logo/<slug:digest>-<int:size>.webp", look.logo, name="logo-small"),
    path("u/<str:token>", unsubscribe.page, name="unsubscribe"),
    path("password/forgot", passwords.forgot, name="password-forgot"),
    path("password/reset/<str:uid>/<str:token>", passwords.reset, name="password-reset"),
    path("mail/reports/<str:secret>", reports.reports, name="mail-reports"),
    path("healthz", pages.health, name="health"),
    path("regulars-ca.crt", ca.ca_certificate, name="ca-certificate"),
]

handler400 = "regulars.pages.bad_request"
handler403 = "regulars.pages.forbidden"
handler404 = "regulars.pages.not_found"
handler500 = "regulars.pages.server_error"
