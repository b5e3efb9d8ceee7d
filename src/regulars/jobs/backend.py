"""The django-tasks interface in front of the table of jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.module_loading import import_string
from django_tasks import TaskResultStatus
from django_tasks.backends.base import BaseTaskBackend
from django_tasks.base import Task, TaskError, TaskResult
from django_tasks.exceptions import TaskResultDoesNotExist

if TYPE_CHECKING:
    from regulars.jobs.models import Job

_STATUS = {
    "ready": TaskResultStatus.READY,
    "running": TaskResultStatus.RUNNING,
    "succeeded": TaskResultStatus.SUCCESSFUL,
    "failed": TaskResultStatus.FAILED,
}


class LeasedJobs(BaseTaskBackend):
    """Keeps jobs in the database, in the transaction of whoever enqueues them."""

    supports_defer = True
    supports_get_result = True
    supports_priority = True

    def enqueue(self, task: Task[Any, Any], args: Any, kwargs: Any) -> TaskResult[Any]:
        """Write the job down; a worker runs it after the caller's transaction has committed."""
        from regulars.jobs import actions  # noqa: PLC0415 - tasks may be declared before models are loaded

        self.validate_task(task)
        return as_result(actions.enqueue(task, args=args, kwargs=kwargs), task)

    def get_result(self, result_id: str) -> TaskResult[Any]:
        """What has become of a job.

        Raises:
            TaskResultDoesNotExist: there is no such job, or it was forgotten some time after it finished.
        """
        from regulars.jobs.models import Job  # noqa: PLC0415 - tasks may be declared before models are loaded

        job = Job.objects.filter(uid=result_id).first()
        if job is None:
            raise TaskResultDoesNotExist(result_id)
        return as_result(job, task_of(job))


def task_of(job: Job) -> Task[Any, Any]:
    """The task that a job calls, with the job's priority and time.

    Raises:
        ImportError: it is not there, as when the job was enqueued by another version.
    """
    found = import_string(job.task)
    if not isinstance(found, Task):
        raise ImportError(f"{job.task} is not a task")  # noqa: TRY004 - it was not found, which is what matters
    return found.using(priority=job.priority, queue_name=job.queue, run_after=job.run_after)


def as_result(job: Job, task: Task[Any, Any]) -> TaskResult[Any]:
    """A job as django-tasks sees it."""
    errors = [TaskError(exception_class_path=job.error_class, traceback=job.error)] if job.error_class else []
    result: TaskResult[Any] = TaskResult(
        task=task,
        id=job.uid,
        status=_STATUS[job.status],
        enqueued_at=job.enqueued_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        last_attempted_at=job.last_attempted_at,
        args=job.args,
        kwargs=job.kwargs,
        backend=task.backend,
        errors=errors,
        worker_ids=list(job.worker_ids),
    )
    object.__setattr__(result, "_return_value", job.result)  # as the library's own backends do
    return result
