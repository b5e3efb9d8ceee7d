"""The names of the months, in our own catalogues: Django's are in capitals in Portuguese, misspelt in Hindi.

Our catalogues come before Django's, so its dates have these names, too.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _lazy

# By number, as they stand in a date (CLDR: wide, format).
MONTHS: Final = {
    1: _lazy("January"),
    2: _lazy("February"),
    3: _lazy("March"),
    4: _lazy("April"),
    5: _lazy("May"),
    6: _lazy("June"),
    7: _lazy("July"),
    8: _lazy("August"),
    9: _lazy("September"),
    10: _lazy("October"),
    11: _lazy("November"),
    12: _lazy("December"),
}
