"""The command line. Everything it can do is in ``regulars.commands``."""

import sys


def main() -> None:
    """Run one command and exit with its status."""
    # This module must be readable for old interpreters, so that they get this line and not a syntax error.
    if sys.version_info < (3, 11):  # noqa: UP036 - nobody stops an old Python from running a source tree
        sys.exit("Regulars needs Python 3.11 or newer; this is %d.%d." % sys.version_info[:2])  # noqa: UP031
    from regulars.commands.app import run  # noqa: PLC0415 - see above

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
