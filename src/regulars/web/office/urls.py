"""Addresses of the back office: the table of all its pages."""

urlpatterns: list[object] = []
