"""What every command does first: read the settings, start Django."""

import os
from collections.abc import Mapping

import django

from regulars import environment, storage
from regulars.commands.console import Stop


def read_environment(variables: Mapping[str, str] | None = None) -> environment.Environment:
    """Read the settings. Raises SettingsError, which the command line prints as one line."""
    return environment.read(os.environ if variables is None else variables)


def start_django(settings: environment.Environment, *, writes: bool) -> None:
    """Make Django ready. A command that ``writes`` first makes the data folder and the secret key."""
    if writes:
        try:
            storage.prepare_data_dir(settings.data_dir)
            if settings.secret_key is None:
                storage.ensure_secret_key(settings.data_dir)
        except OSError as error:
            raise Stop(
                f"Cannot write to the data folder {settings.data_dir} ({error.strerror or error}); "
                "make it writable or name another in REGULARS_DATA_DIR."
            ) from error
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.settings")
    django.setup()
