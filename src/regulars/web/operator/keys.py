"""API keys of all businesses: when each was used, and ending one."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.tenants import actions
from regulars.tenants.models import ApiKey
from regulars.web.operator import forms
from regulars.web.operator.deeds import Deed, perform
from regulars.web.operator.tables import Table, choice, column, link, moment, page


class Keys(Table):
    """The beginning of each key; the keys themselves are not kept."""

    list_display = ("prefix", "name", "of", "in_use", "used", "since")
    list_display_links = ("prefix",)
    list_filter = (
        choice(
            gettext_lazy("state"),
            "state",
            {
                "used": (gettext_lazy("In use"), Q(revoked_at=None)),
                "revoked": (gettext_lazy("Revoked"), Q(revoked_at__isnull=False)),
            },
        ),
    )
    called = gettext_lazy("API keys")
    search_fields = ("prefix", "name", "business__name", "business__slug")
    ordering = ("-id",)
    actions_detail = ("revoke",)
    offered: ClassVar[dict[str, Any]] = {"revoke": lambda key: key.revoked_at is None}
    fieldsets = (
        (None, {"fields": ("prefix", "name", "of", "state_told", "may", "rpc_format")}),
        (gettext_lazy("When (UTC)"), {"fields": ("since", "used", "revoked")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        """With their businesses."""
        found: QuerySet[ApiKey] = super().get_queryset(request).select_related("business")
        return found

    @column(gettext_lazy("Business"), ordering="business__name")
    def of(self, key: ApiKey) -> SafeString:
        """Whose it is."""
        return link(reverse("admin:tenants_business_change", args=[key.business_id]), key.business.name)

    @column(gettext_lazy("State"), label={"used": "success", "revoked": "danger"})
    def in_use(self, key: ApiKey) -> tuple[str, str]:
        """Whether it works."""
        return ("used", _("In use")) if key.revoked_at is None else ("revoked", _("Revoked"))

    @column(gettext_lazy("State"))
    def state_told(self, key: ApiKey) -> str:
        """The same in a word."""
        return self.in_use(key)[1]

    @column(gettext_lazy("May"))
    def may(self, key: ApiKey) -> str:
        """What it may be used for."""
        return ", ".join(key.scopes) or _("Everything")

    @column(gettext_lazy("Last used"), ordering="last_used_at")
    def used(self, key: ApiKey) -> str:
        """When it was last used, to the minute."""
        return moment(key.last_used_at)

    @column(gettext_lazy("Made"), ordering="created_at")
    def since(self, key: ApiKey) -> str:
        """When it was made."""
        return moment(key.created_at)

    @column(gettext_lazy("Revoked"))
    def revoked(self, key: ApiKey) -> str:
        """When it was ended."""
        return moment(key.revoked_at)

    @page(gettext_lazy("Revoke"), path="revoke", icon="key_off")
    def revoke(self, request: HttpRequest, object_id: Any) -> HttpResponse:
        """End it."""
        key: ApiKey = self.row(request, object_id)
        deed = Deed(
            name="operator.key_revoke",
            thing=key,
            title=_("Revoke the key %(name)s of %(business)s")
            % {"name": key.name, "business": key.business.name},
            text=_("Whatever uses it is refused within five seconds. This cannot be undone."),
            button=_("Revoke the key"),
            done=_("The key is revoked."),
            back=self.address(key.pk),
            do=lambda _values: actions.revoke_api_key(business=key.business, prefix=key.prefix),
            business_id=key.business_id,
            form=forms.Reason,
            danger=True,
        )
        return perform(request, deed)


TABLES: Final = ((ApiKey, Keys),)
