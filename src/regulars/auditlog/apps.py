"""The room as a Django application."""

from django.apps import AppConfig


class AuditLog(AppConfig):
    """What people did in the back office: who, when, what it was before and what after."""

    name = "regulars.auditlog"
