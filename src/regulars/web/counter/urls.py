"""Addresses below /scan/api/."""

from __future__ import annotations

from django.urls import path

from regulars.web.counter import api, calls, devices

urlpatterns = [
    path("session", api.session, name="counter-session"),
    path("sign-in", api.sign_in, name="counter-sign-in"),
    path("pair", api.pair, name="counter-pair"),
    path("pin", api.pin, name="counter-pin"),
    path("sign-out", api.sign_out, name="counter-sign-out"),
    path("branch", api.branch, name="counter-branch"),
    path("scan", api.scan, name="counter-scan"),
    path("confirm", api.confirm, name="counter-confirm"),
    path("act", api.act, name="counter-act"),
    path("enrol", api.enrol, name="counter-enrol"),
    path("sync", api.sync, name="counter-sync"),
    path("undo", api.undo, name="counter-undo"),
    path("recent", api.recent, name="counter-recent"),
    path("preview", api.preview, name="counter-preview"),
    path("devices", devices.listed, name="counter-devices"),
    path("devices/pairing", devices.pairing, name="counter-devices-pairing"),
    path("devices/end", devices.end, name="counter-devices-end"),
    path("<path:_address>", calls.nothing),
]
