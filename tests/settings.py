"""The product's settings, with what makes tests quick and leaves no trace."""

from regulars.settings import *  # noqa: F403
from regulars.settings import DATABASES, REGULARS_DATA_DIR

# Argon2 is slow by design.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Tests write the request log by hand: no thread of its own comes between them.
REQUEST_LOG_WRITER = False

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file as in production, not Django's database in memory: threads get connections of their own.
    DATABASES["default"]["TEST"] = {"NAME": str(REGULARS_DATA_DIR / "test.sqlite3")}
