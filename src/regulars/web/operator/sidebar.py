"""What stands on the left of the operator's admin, and how it looks."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Where operators go to."""

    def entry(title: str, icon: str, name: str) -> dict[str, Any]:
        return {"title": title, "icon": icon, "link": reverse(f"admin:{name}")}

    return [
        {"items": [entry(_("Health"), "monitor_heart", "index")]},
        {
            "title": _("Who is here"),
            "items": [
                entry(_("Businesses"), "storefront", "tenants_business_changelist"),
                entry(_("People"), "group", "tenants_user_changelist"),
                entry(_("API keys"), "key", "tenants_apikey_changelist"),
            ],
        },
        {
            "title": _("What happens"),
            "items": [
                entry(_("Jobs"), "pending_actions", "jobs_job_changelist"),
                entry(_("Schedule"), "schedule", "jobs_scheduledrun_changelist"),
                entry(_("Operators' log"), "history", "admin_logentry_changelist"),
            ],
        },
    ]


def titles(request: HttpRequest) -> dict[str, str]:
    """What the menu calls each page, by its address."""
    return {item["link"]: item["title"] for group in navigation(request) for item in group["items"]}


def icon(request: HttpRequest) -> str:
    """The picture of the browser's tab."""
    return static("regulars/icon.svg")


def styles(request: HttpRequest) -> str:
    """What Unfold's own styles lack."""
    return static("regulars/operator.css")


def script(request: HttpRequest) -> str:
    """What copies what is shown once."""
    return static("regulars/operator.js")


def account(request: HttpRequest) -> list[dict[str, Any]]:
    """Where operators look after their own account."""
    return [
        {"title": _("Password"), "link": reverse("account_change_password")},
        {"title": _("Two steps"), "link": reverse("mfa_index")},
        {"title": _("Sign-ins"), "link": reverse("usersessions_list")},
    ]
