"""Which address leads where."""

from django.urls import path

from regulars import ca, pages
from regulars.api.rest.api import api

urlpatterns = [
    path("api/", api.urls),
    path("", pages.start, name="start"),
    path("healthz", pages.health, name="health"),
    path("regulars-ca.crt", ca.ca_certificate, name="ca-certificate"),
]

handler400 = "regulars.pages.bad_request"
handler403 = "regulars.pages.forbidden"
handler404 = "regulars.pages.not_found"
handler500 = "regulars.pages.server_error"
