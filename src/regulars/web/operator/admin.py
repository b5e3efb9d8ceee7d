"""The operator's admin with all its tables."""

from __future__ import annotations

from regulars.web.operator import businesses, keys, log, people, work
from regulars.web.operator.site import site

__all__ = ["site"]

for _module in (businesses, people, keys, work, log):
    for _model, _table in _module.TABLES:
        site.register(_model, _table)
