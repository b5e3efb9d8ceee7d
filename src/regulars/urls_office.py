"""Addresses of the back office and of signing in, beside all others: its pages lead to those, too."""

from django.urls import include, path

from regulars import urls
from regulars.web.operator import visiting

urlpatterns = [
    *urls.urlpatterns,
    path("account/leave", visiting.leave, name="operator-leave"),
    path("office/", include("regulars.web.office.urls")),
    path("account/", include("regulars.web.account.urls")),
]

handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500
