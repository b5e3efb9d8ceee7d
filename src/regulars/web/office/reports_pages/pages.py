"""The part of the table of pages."""

from regulars.web.office.pages import Page
from regulars.web.office.reports_pages import comparing, overview, people, rewards

_VIEW = "reports.view"

PAGES = (
    Page("reports/", "reports", overview.page, _VIEW),
    Page("reports/retention/", "report-retention", people.retention, _VIEW),
    Page("reports/visits/", "report-visits", people.visits, _VIEW),
    Page("reports/rewards/", "report-rewards", rewards.page, _VIEW),
    Page(
        "reports/rewards/cost/",
        "report-rewards-cost",
        rewards.set_cost,
        "programme.edit",
        methods=("GET", "POST"),
        whole_business=True,
    ),
    Page("reports/branches/", "report-branches", comparing.branches, _VIEW, whole_business=True),
    Page("reports/team/", "report-team", comparing.team, _VIEW),
    Page("reports/points/", "report-points", rewards.points, _VIEW, whole_business=True),
)
