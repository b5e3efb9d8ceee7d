"""Addresses of the operator's admin, beside those of the back office."""

from django.urls import path

from regulars import urls_office
from regulars.web.operator.admin import site

urlpatterns = [*urls_office.urlpatterns, path("admin/", site.urls)]

handler400, handler403 = urls_office.handler400, urls_office.handler403
handler404, handler500 = urls_office.handler404, urls_office.handler500
