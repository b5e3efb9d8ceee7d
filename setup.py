"""What pyproject.toml cannot say: a package is whole or is not built."""

from __future__ import annotations

import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

sys.path.insert(0, str(Path(__file__).resolve().parent))

from tools import made


class WholePackage(build_py):  # type: ignore[misc]
    """Refuses to build a package whose pages would miss scripts or languages."""

    def run(self) -> None:
        """Build, or say what is missing."""
        if not self.editable_mode and (absent := made.absent()):
            sys.exit(f"Run `make install` before you build Regulars; it makes {', '.join(absent)}")
        super().run()


setup(cmdclass={"build_py": WholePackage})
