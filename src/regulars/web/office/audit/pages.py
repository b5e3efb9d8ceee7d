"""The part of the table of pages."""

from regulars.web.office.audit import exported, log
from regulars.web.office.pages import Page

PAGES = (
    Page("audit/", "audit", log.records, "audit.view", whole_business=True),
    Page("audit/<int:record_id>/", "audit-record", log.record, "audit.view", whole_business=True),
    Page("exports/<int:job_id>/", "export", exported.page, "data.export"),
    Page("exports/<int:job_id>/now", "export-now", exported.now, "data.export"),
    Page("exports/<int:job_id>/file", "export-file", exported.file, "data.export"),
)
