"""Somebody of a team in the back office, as far as requests go."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse
from django_scopes import scope

from regulars.auditlog.models import Record
from regulars.tenants import actions as tenants
from regulars.tenants.models import Staff, User
from tests.factories import Shop

URLS = "regulars.urls_office"


class Seat:
    """A browser in which somebody of a shop's team is signed in."""

    def __init__(self, shop: Shop, staff: Staff | None = None) -> None:
        self.shop = shop
        self.staff = staff or shop.owner
        self.client = Client()
        self.client.force_login(
            User.objects.get(pk=self.staff.user.pk), backend="regulars.tenants.backends.StaffBackend"
        )

    @classmethod
    def of(cls, shop: Shop, role: str, **more: Any) -> Seat:
        """One of a new person with a role."""
        number = User.objects.count()
        made = tenants.add_staff(
            business=shop.business,
            name=f"{role.title()} {number}",
            email=f"{role}{number}@shop.example",
            role=role,
            password="a long password",
            **more,
        )
        return cls(shop, made.staff)

    def url(self, name: str, **ids: Any) -> str:
        """The address of a page."""
        return reverse(f"office-{name}", URLS, kwargs={"slug": self.shop.business.slug, **ids})

    def get(self, name: str, data: dict[str, Any] | None = None, **ids: Any) -> Any:
        """Look at a page."""
        return self.client.get(self.url(name, **ids), data or {}, secure=True)

    def post(self, name: str, data: dict[str, Any] | None = None, **ids: Any) -> Any:
        """Send a form."""
        return self.client.post(self.url(name, **ids), data or {}, secure=True)

    def text(self, name: str, data: dict[str, Any] | None = None, **ids: Any) -> str:
        """What a page says, which must be there."""
        response = self.get(name, data, **ids)
        assert response.status_code == 200, response.content.decode()[:2000]
        return str(response.content.decode())


def records(shop: Shop) -> list[Record]:
    """The shop's audit log, newest first."""
    with scope(business=shop.business):
        return list(Record.objects.order_by("-id"))
