"""The operator's admin: a site of Django's admin, dressed by Unfold, that is loaded when first asked for.

Signing in is the back office's. Tables are shown and never edited: what can be done is a deed (`deeds.py`),
which calls an action and is written down.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Final

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_scopes import scopes_disabled
from unfold.sites import UnfoldAdminSite

from regulars import __version__, policies
from regulars.web.operator import health

View = Callable[..., HttpResponseBase]

# Unfold's scripts read expressions out of the page's attributes, and it writes its colours into the page.
POLICY: Final = policies.of_page(
    script_src="'self' 'unsafe-eval'",
    style_src="'self' 'unsafe-inline'",
    font_src="'self'",
    manifest_src="",
    worker_src="",
)


class Site(UnfoldAdminSite):  # type: ignore[misc]
    """Open to people who operate the installation."""

    site_title = gettext_lazy("Operator")
    site_header = gettext_lazy("Regulars")
    index_title = gettext_lazy("Health")
    index_template = "operator/index.html"
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        """Only operators come in."""
        user: Any = request.user
        return bool(user.is_active and user.is_staff)

    def admin_view(self, view: View, cacheable: bool = False) -> View:  # noqa: FBT001, FBT002 - Django's signature
        """Let operators see all businesses; others are led to sign in, or told that this is not for them."""
        usual: View = super().admin_view(view, cacheable)

        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not self.has_permission(request):
                from regulars.web.errors import forbidden  # noqa: PLC0415 - only for strangers

                return forbidden(request, PermissionError())
            # The one place where pages are about all businesses; what a template reads, it reads in here.
            with scopes_disabled():
                response = usual(request, *args, **kwargs)
                render = getattr(response, "render", None)
                if callable(render):
                    response = render()
            response.headers.setdefault("Content-Security-Policy", POLICY)
            response.headers["Cache-Control"] = "no-store"
            response.headers["X-Robots-Tag"] = "noindex, nofollow"
            return response

        return update_wrapper(inner, usual)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Signing in is at one place for everybody."""
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """So is signing out."""
        return HttpResponseRedirect(reverse("account_logout"))

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """So is changing one's password."""
        return HttpResponseRedirect(reverse("account_change_password"))

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """How the installation is doing."""
        # What is not well comes first.
        checks = sorted(health.checks(), key=lambda check: health.STATES.index(check.state))
        context = {
            "checks": checks,
            "troubles": [check for check in checks if check.state != health.OK],
            "counts": health.counts(),
            "version": __version__,
            "subtitle": _("How this installation is doing"),
        }
        response: HttpResponse = super().index(request, {**context, **(extra_context or {})})
        return response


site = Site(name="admin")
