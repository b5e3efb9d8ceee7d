from regulars.settings import *  # noqa: F403
from regulars.settings import INSTALLED_APPS as EARLIER

INSTALLED_APPS = [*EARLIER, "tests.cli.later"]
