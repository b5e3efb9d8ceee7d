"""People as operators see them: everybody who can sign in."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.tenants import operators
from regulars.tenants.models import Staff, User
from regulars.web.operator import forms
from regulars.web.operator.deeds import Deed, perform
from regulars.web.operator.site import site
from regulars.web.operator.tables import NOTHING, Table, choice, column, link, moment, page


class People(Table):
    """Everybody who can sign in, and for which businesses they work."""

    list_display = ("email", "name", "works_for", "operates", "may_sign_in", "signed_in", "since")
    list_filter = (
        choice(
            gettext_lazy("operator"),
            "operator",
            {"yes": (gettext_lazy("Yes"), Q(is_staff=True)), "no": (gettext_lazy("No"), Q(is_staff=False))},
        ),
        choice(
            gettext_lazy("account"),
            "account",
            {
                "open": (gettext_lazy("Open"), Q(is_active=True)),
                "closed": (gettext_lazy("Closed"), Q(is_active=False)),
            },
        ),
    )
    called = gettext_lazy("People")
    search_fields = ("email", "name")
    ordering = ("-id",)
    actions_list = ("new",)
    actions_detail = ("close", "reopen", "promote", "demote")
    offered: ClassVar[dict[str, Any]] = {
        "close": lambda user: user.is_active and not user.is_staff,
        "reopen": lambda user: not user.is_active,
        "promote": lambda user: not user.is_staff,
        "demote": lambda user: user.is_staff,
    }
    fieldsets = (
        (
            None,
            {"fields": ("email", "name", "may_sign_in", "operates", "has_password", "signed_in", "since")},
        ),
        (gettext_lazy("Works for"), {"fields": ("places",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """With one business that they work for, and how many those are."""
        at_work = Staff.objects.filter(user=OuterRef("pk"), is_active=True).order_by("pk")
        number = at_work.order_by().values("user").annotate(number=Count("pk")).values("number")
        found: QuerySet[User] = super().get_queryset(request)
        return found.annotate(
            first_business=Subquery(at_work.values("business__name")[:1]), businesses=Subquery(number)
        )

    @column(gettext_lazy("Works for"))
    def works_for(self, user: Any) -> str:
        """The business where they began, and how many others there are."""
        if not user.first_business:
            return NOTHING
        others = user.businesses - 1
        return f"{user.first_business} +{others}" if others else str(user.first_business)

    @column(gettext_lazy("Operator"), ordering="is_staff")
    def operates(self, user: User) -> str:
        """Whether they run the installation. It is no fault of others that they do not."""
        return _("Yes") if user.is_staff else NOTHING

    @column(gettext_lazy("May sign in"), boolean=True, ordering="is_active")
    def may_sign_in(self, user: User) -> bool:
        """Whether their account is open."""
        return user.is_active

    @column(gettext_lazy("Last sign-in (UTC)"), ordering="last_login")
    def signed_in(self, user: User) -> str:
        """When they last signed in to the back office."""
        return moment(user.last_login)

    @column(gettext_lazy("Since (UTC)"), ordering="created_at")
    def since(self, user: User) -> str:
        """When the account was made."""
        return moment(user.created_at)

    @column(gettext_lazy("Password of their own"), boolean=True)
    def has_password(self, user: User) -> bool:
        """Whether they have chosen one; others have an invitation that they did not accept yet."""
        return user.has_usable_password()

    @column(gettext_lazy("Businesses"))
    def places(self, user: User) -> SafeString | str:
        """Where they work, and as what."""
        rows = Staff.objects.filter(user=user).select_related("business").order_by("business__name")[:50]
        shown = [
            (
                link(reverse("admin:tenants_business_change", args=[row.business_id]), row.business.name),
                row.get_role_display(),
                "" if row.is_active else _(", not any more"),
            )
            for row in rows
        ]
        return format_html_join("; ", "{} ({}{})", shown) or NOTHING

    @page(gettext_lazy("New operator"), path="new", icon="add")
    def new(self, request: HttpRequest) -> HttpResponse:
        """Let somebody else run the installation, too."""
        deed = Deed(
            name="operator.add",
            thing=User(email=_("New operator")),
            title=_("New operator"),
            text=_(
                "They may do all that you may do here. Who has no password of their own, or never confirmed "
                "the address, gets one."
            ),
            button=_("Add operator"),
            done="",
            back=self.address(),
            do=lambda values: operators.add_operator(**values),
            made_thing=lambda made: made.user,
            form=forms.NewOperator,
            answer=lambda made: _made(request, made),
        )
        return perform(request, deed)

    @page(gettext_lazy("Make an operator"), path="promote", icon="shield_person")
    def promote(self, request: HttpRequest, object_id: Any) -> HttpResponse:
        """Let them run the installation, too."""
        user: User = self.row(request, object_id)
        deed = Deed(
            name="operator.add",
            thing=user,
            title=_("Make %(email)s an operator") % {"email": user.email},
            text=_(
                "They may do all that you may do here, to all businesses. If they never confirmed their "
                "address, they get a new password, because anybody may have registered with it."
            ),
            button=_("Make an operator"),
            done="",
            back=self.address(user.pk),
            do=lambda _values: operators.add_operator(email=user.email),
            answer=lambda made: _made(request, made),
        )
        return perform(request, deed)

    @page(gettext_lazy("No operator any more"), path="demote", icon="remove_moderator")
    def demote(self, request: HttpRequest, object_id: Any) -> HttpResponse:
        """Take the operator's admin from them."""
        user: User = self.row(request, object_id)
        deed = Deed(
            name="operator.remove",
            thing=user,
            title=_("Take the operator's admin from %(email)s?") % {"email": user.email},
            text=_("Their account and their places on teams stay."),
            button=_("Take the admin away"),
            done=_("%(email)s is no operator any more.") % {"email": user.email},
            back=self.address(user.pk),
            do=lambda _values: operators.remove_operator(email=user.email),
            danger=True,
        )
        return perform(request, deed)

    @page(gettext_lazy("Close account"), path="close", icon="lock")
    def close(self, request: HttpRequest, object_id: Any) -> HttpResponse:
        """Let them sign in nowhere."""
        user: User = self.row(request, object_id)
        deed = Deed(
            name="operator.account_close",
            thing=user,
            title=_("Close the account of %(email)s") % {"email": user.email},
            text=_("They are signed out everywhere and cannot sign in, at no business. What they did stays."),
            button=_("Close account"),
            done=_("The account is closed."),
            back=self.address(user.pk),
            do=lambda _values: operators.close_account(user_id=user.pk),
            businesses=lambda: _teams(user),
            form=forms.Reason,
            danger=True,
        )
        return perform(request, deed)

    @page(gettext_lazy("Open account"), path="reopen", icon="lock_open")
    def reopen(self, request: HttpRequest, object_id: Any) -> HttpResponse:
        """Let them sign in again."""
        user: User = self.row(request, object_id)
        deed = Deed(
            name="operator.account_open",
            thing=user,
            title=_("Open the account of %(email)s") % {"email": user.email},
            text=_("They sign in again with the password that they had."),
            button=_("Open account"),
            done=_("The account is open."),
            back=self.address(user.pk),
            do=lambda _values: operators.open_account(user_id=user.pk),
            businesses=lambda: _teams(user),
        )
        return perform(request, deed)


def _teams(user: User) -> list[int]:
    """The businesses that somebody works for."""
    rows = Staff.objects.filter(user=user, is_active=True).order_by("business_id")
    return list(rows.values_list("business_id", flat=True))


def _made(request: HttpRequest, made: operators.NewOperator) -> HttpResponse:
    """What is shown of a new operator, once."""
    text = (
        _("Note the password down now. It is not kept, and cannot be shown again.")
        if made.password
        else _("They sign in with the password that they have.")
    )
    shown = [(_("E-mail address"), made.user.email)]
    if made.password:
        shown.append((_("Password"), made.password))
    if made.opened:
        shown.append((_("Opens, too, instead of the temporary password"), ", ".join(made.opened)))
    context = {
        **site.each_context(request),
        "title": _("%(email)s is an operator") % {"email": made.user.email},
        "text": text,
        "shown": shown,
        "way_on": reverse("admin:tenants_user_change", args=[made.user.pk]),
        "opts": User._meta,  # noqa: SLF001 - Django's name for it
    }
    return render(request, "operator/shown_once.html", context)


TABLES: Final = ((User, People),)
