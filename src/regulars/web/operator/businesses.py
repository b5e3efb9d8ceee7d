"""Businesses as operators see them: plan, limits, closed or open, and signing in as one."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django.contrib.admin import EmptyFieldListFilter, SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.analytics.models import Total
from regulars.ledger.models import Entry
from regulars.tenants import actions, operators
from regulars.tenants.actions import NewBusiness
from regulars.tenants.models import ApiKey, Branch, Business, Staff
from regulars.tenants.plans import PLANS
from regulars.web.operator import forms, visiting
from regulars.web.operator.deeds import Deed, Values, perform
from regulars.web.operator.site import site
from regulars.web.operator.tables import NOTHING, Table, column, link, moment, page

_STATES: Final = {"open": "success", "closed": "danger"}


class OnPlan(SimpleListFilter):
    """Those on one plan; all plans are offered, so that nothing has to be looked for in all rows."""

    title = gettext_lazy("plan")
    parameter_name = "plan"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The plans."""
        return [(plan.name, plan.label) for plan in PLANS.values()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Business]) -> QuerySet[Business]:
        """Those on the chosen one."""
        return queryset.filter(plan=self.value()) if self.value() else queryset


class Businesses(Table):
    """All businesses of the installation."""

    called = gettext_lazy("Businesses")
    list_display = ("shown", "slug", "plan", "own_limits", "is_open", "country", "since")
    list_filter = (OnPlan, ("suspended_at", EmptyFieldListFilter))
    search_fields = ("name", "slug", "city")
    ordering = ("-id",)
    actions_list = ("new",)
    actions_detail = ("limits", "enter", "close", "reopen")
    offered: ClassVar[dict[str, Any]] = {
        "enter": bool,
        "limits": bool,
        "close": lambda business: business.suspended_at is None,
        "reopen": lambda business: business.suspended_at is not None,
    }
    fieldsets = (
        (None, {"fields": ("name", "slug", "state_told", "closed_since", "plan", "own_limits", "since")}),
        (
            gettext_lazy("What there is"),
            {"fields": ("owners", "members", "branches", "people", "keys", "last_entry")},
        ),
        (
            gettext_lazy("Where it is"),
            {"fields": ("address", "city", "country", "timezone", "currency", "language")},
        ),
    )

    @column(gettext_lazy("Name"), ordering="name")
    def shown(self, business: Business) -> str:
        """Its name."""
        return business.name

    @column(gettext_lazy("State"), label=_STATES)
    def is_open(self, business: Business) -> tuple[str, str]:
        """Whether its operator keeps it closed."""
        return ("open", _("Open")) if business.suspended_at is None else ("closed", _("Closed"))

    @column(gettext_lazy("State"))
    def state_told(self, business: Business) -> str:
        """The same in a word."""
        return self.is_open(business)[1]

    @column(gettext_lazy("Closed since (UTC)"))
    def closed_since(self, business: Business) -> str:
        """Since when it is kept closed."""
        return moment(business.suspended_at)

    @column(gettext_lazy("Since (UTC)"), ordering="created_at")
    def since(self, business: Business) -> str:
        """When it was made."""
        return moment(business.created_at)

    @column(gettext_lazy("Own limits"))
    def own_limits(self, business: Business) -> str:
        """What was decided about it alone, in a line."""
        said = []
        told = {None: _("no limit"), True: _("allowed"), False: _("not allowed")}
        for name, label in forms.LIMIT_LABELS.items():
            if name in business.plan_limits:
                value = business.plan_limits[name]
                text = told[value] if value is None or isinstance(value, bool) else str(value)
                said.append(f"{label}: {text}")
        return "; ".join(said) or NOTHING

    @column(gettext_lazy("Owners"))
    def owners(self, business: Business) -> SafeString:
        """Who owns it."""
        rows = Staff.objects.filter(business=business, role=Staff.Role.OWNER).select_related("user")[:20]
        shown = (
            (link(reverse("admin:tenants_user_change", args=[row.user_id]), row.user.email),) for row in rows
        )
        return format_html_join(", ", "{}", shown)

    @column(gettext_lazy("Members"))
    def members(self, business: Business) -> int:
        """How many have joined, as the roll-up counted them: a count of its own would go through all."""
        return Total.objects.filter(business=business).values_list("members", flat=True).first() or 0

    @column(gettext_lazy("Branches"))
    def branches(self, business: Business) -> int:
        """How many places it has."""
        return Branch.objects.filter(business=business).count()

    @column(gettext_lazy("Team"))
    def people(self, business: Business) -> int:
        """How many work there."""
        return Staff.objects.filter(business=business, is_active=True).count()

    @column(gettext_lazy("API keys in use"))
    def keys(self, business: Business) -> int:
        """How many keys work."""
        return ApiKey.objects.filter(business=business, revoked_at=None).count()

    @column(gettext_lazy("Last entry of its ledger (UTC)"))
    def last_entry(self, business: Business) -> str:
        """When something was last given or taken."""
        rows = Entry.objects.filter(business=business).order_by("-id")
        return moment(rows.values_list("recorded_at", flat=True).first())

    @page(gettext_lazy("New business"), path="new", icon="add")
    def new(self, request: HttpRequest) -> HttpResponse:
        """Make a business with its owner."""

        def made(new: NewBusiness) -> HttpResponse:
            return _made(request, new)

        return perform(
            request,
            Deed(
                name="operator.new",
                thing=Business(name=_("New business")),
                title=_("New business"),
                text=_("It gets a stamp programme, which its owner changes as they like, and an owner."),
                button=_("Make the business"),
                done="",
                back=self.address(),
                do=lambda values: actions.create_business(**values),
                made_thing=lambda new: new.business,
                form=forms.NewBusiness,
                initial={"plan": "self_hosted"},
                answer=made,
            ),
        )

    @page(gettext_lazy("Plan and limits"), path="limits", icon="tune")
    def limits(self, request: HttpRequest, object_id: Any) -> HttpResponse:
        """Put it on a plan."""
        business: Business = self.row(request, object_id)

        def do(values: Values) -> Business:
            return operators.set_limits(business_id=business.pk, plan=values["plan"], limits=values["limits"])

        text = _("What the business has already stays, also where it is more than it may have from now on.")
        deed = Deed(
            name="operator.limits",
            thing=business,
            title=_("Plan and limits of %(name)s") % {"name": business.name},
            text=text,
            button=_("Save"),
            done=_("Saved. Keys notice within five seconds."),
            back=self.address(business.pk),
            do=do,
            business_id=business.pk,
            form=forms.Limits,
            initial=forms.Limits.of(business),
        )
        return perform(request, deed)

    @page(gettext_lazy("Close"), path="close", icon="lock")
    def close(self, request: HttpRequest, object_id: Any) -> HttpResponse:
        """Keep it closed."""
        business: Business = self.row(request, object_id)
        text = _(
            "Its API keys, its counters, its back office and its customers' pages say that it is closed, and "
            "customers get no messages. Nothing is lost: opened again, it goes on where it was."
        )
        deed = Deed(
            name="operator.close",
            thing=business,
            title=_("Close %(name)s") % {"name": business.name},
            text=text,
            button=_("Close it"),
            done=_("%(name)s is closed.") % {"name": business.name},
            back=self.address(business.pk),
            do=lambda _values: operators.close_business(business_id=business.pk),
            business_id=business.pk,
            form=forms.Reason,
            danger=True,
        )
        return perform(request, deed)

    @page(gettext_lazy("Open again"), path="reopen", icon="lock_open")
    def reopen(self, request: HttpRequest, object_id: Any) -> HttpResponse:
        """Let it go on."""
        business: Business = self.row(request, object_id)
        deed = Deed(
            name="operator.open",
            thing=business,
            title=_("Open %(name)s again") % {"name": business.name},
            text=_("It goes on where it was. Campaigns whose time has passed are sent now."),
            button=_("Open it"),
            done=_("%(name)s is open.") % {"name": business.name},
            back=self.address(business.pk),
            do=lambda _values: operators.open_business(business_id=business.pk),
            business_id=business.pk,
            form=forms.Reason,
        )
        return perform(request, deed)

    @page(gettext_lazy("Sign in as"), path="enter", icon="login")
    def enter(self, request: HttpRequest, object_id: Any) -> HttpResponse:
        """Sit down at its owner's place."""
        business: Business = self.row(request, object_id)
        text = _(
            "You see and do what its owner can, and each page says so until you end it. That you came, why, "
            "and what you did is in the business's audit log."
        )
        deed = Deed(
            name="operator.enter",
            thing=business,
            title=_("Sign in as %(name)s") % {"name": business.name},
            text=text,
            button=_("Sign in as this business"),
            done="",
            back=self.address(business.pk),
            do=lambda _values: visiting.begin(request, business),
            business_id=business.pk,
            form=forms.Reason,
            answer=lambda _made: HttpResponseRedirect(
                reverse("office-home", kwargs={"slug": business.slug}), status=303
            ),
        )
        return perform(request, deed)


def _made(request: HttpRequest, new: NewBusiness) -> HttpResponse:
    """What is shown of a new business, once."""
    context = {
        **site.each_context(request),
        "title": _("%(name)s is there") % {"name": new.business.name},
        "text": _("Note these down now. They are not kept, and cannot be shown again."),
        "shown": [
            (_("Owner"), new.owner.user.email),
            (_("Temporary password, for seven days"), new.temp_password),
            (_("API key"), new.api_key),
        ],
        "way_on": reverse("admin:tenants_business_change", args=[new.business.pk]),
        "opts": Business._meta,  # noqa: SLF001 - Django's name for it
    }
    return render(request, "operator/shown_once.html", context)


TABLES: Final = ((Business, Businesses),)
