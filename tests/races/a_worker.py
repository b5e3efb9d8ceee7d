"""A worker with short leases, as a process of its own: `python a_worker.py NAME LEASE`."""

import sys
import threading

import django


def main() -> None:
    django.setup()
    from regulars.jobs.worker import Worker  # noqa: PLC0415 - models need Django

    Worker(name=sys.argv[1], lease=float(sys.argv[2])).run(threading.Event())


if __name__ == "__main__":
    main()
