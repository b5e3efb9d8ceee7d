"""Addresses of signing in."""

from django.urls import include, path

urlpatterns = [
    path("sessions/", include("allauth.usersessions.urls")),
    path("2fa/", include("allauth.mfa.urls")),
    path("", include("allauth.account.urls")),
]
