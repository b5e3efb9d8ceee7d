"""The django-tasks interface in front of the table of jobs."""

from __future__ import annotations

from typing import Any

from django_tasks.backends.base import BaseTaskBackend


class LeasedJobs(BaseTaskBackend):
    """Keeps jobs in the database, in the transaction of whoever enqueues them."""

    supports_defer = True
    supports_get_result = True
    supports_priority = True

    def enqueue(self, task: Any, args: Any, kwargs: Any) -> Any:
        """Write the job down."""
        raise NotImplementedError
