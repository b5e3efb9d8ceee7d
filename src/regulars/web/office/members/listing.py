"""The list of members: search, filters, saved segments, what is done with many at once."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.members import groups, labels
from regulars.members.actions import edit_member
from regulars.members.filters import condition
from regulars.members.models import Member
from regulars.members.queries import has
from regulars.members.segments import saved_segments
from regulars.web.office import exports, forms
from regulars.web.office.desk import Desk
from regulars.web.office.lists import Action, Bulk, Column, Empty, Listing, Rows, ticked
from regulars.web.office.members import searches


def members(desk: Desk) -> HttpResponseBase:
    """The list, newest first."""
    return _listing(desk).answer()


def _listing(desk: Desk) -> Listing:
    query = desk.get.copy()
    for name in ("page", "sort", "export"):
        query.pop(name, None)
    context: dict[str, Any] = {}
    if not desk.is_htmx:
        context["segments"] = _segments(desk)
    if desk.may("members.manage"):
        context["chips_end"] = "office/members/_keep.html"
        context["keep_url"] = f"{desk.url('segment-new')}?{query.urlencode()}"
    return Listing(
        desk,
        title=_("Members"),
        here="members",
        rows=Member.objects.select_related("group", "branch", "card"),
        columns=_columns(desk),
        search=lambda rows, q: _searched(desk, rows, q),
        search_label=_("Name, e-mail, phone or code"),
        filters=searches.chips(desk),
        order=("-pk",),
        empty=Empty(
            _("Nobody has joined yet. Members come by the poster, or you add them here."),
            _("Add a member") if desk.may("members.edit") else "",
            desk.url("member-new"),
        ),
        actions=(Action(_("Add a member"), desk.url("member-new")),) if desk.may("members.edit") else (),
        bulk=_bulk(desk),
        export="members",
        template="members/list",
        context=context,
    )


def _searched(desk: Desk, rows: Rows, q: str) -> Rows:
    """Whoever has a whole e-mail address is found by its index; all else is looked for in everybody."""
    whole = rows.filter(has(email=q.lower())) if "@" in q else rows.none()
    return whole if whole.exists() else rows.filter(condition(desk.business, {"q": q}))


def _segments(desk: Desk) -> list[dict[str, str]]:
    return [
        {"name": one.name, "url": f"{desk.url('members')}?{searches.query_of(one.filters)}"}
        for one in saved_segments(business_id=desk.business.pk)
    ]


def _bulk(desk: Desk) -> tuple[Bulk, ...]:
    found = []
    if desk.may("members.manage"):
        asks = _("Suspend them? They can neither collect nor redeem until you let them again.")
        found += [
            Bulk("group", _("Put into a group"), desk.url("members-group")),
            Bulk("suspend", _("Suspend"), desk.url("members-suspend"), confirm=asks, danger=True),
        ]
    if desk.may("data.export"):
        found.append(Bulk("export", _("Export"), desk.url("members-export")))
    return tuple(found)


def _columns(desk: Desk) -> tuple[Column, ...]:
    own = {field: name for field, name in labels.labels(business_id=desk.business.pk).items() if name}
    return (
        Column(
            "name",
            _("Name"),
            lambda row: row.name,
            sort="name",
            link=lambda row: desk.url("member", member_id=row.pk),
        ),
        Column("contact", _("Contact"), lambda row: row.email or row.cell),
        Column("state", _("Group"), _state, kind="badge"),
        Column(
            "stamps",
            _("Stamps"),
            lambda row: row.card.stamps,
            kind="number",
            sort="card__stamps",
            indexed=False,
        ),
        Column("rewards", _("Rewards"), lambda row: row.card.pending_rewards or None, kind="number"),
        Column(
            "points",
            _("Points"),
            lambda row: row.card.points,
            kind="number",
            sort="card__points",
            indexed=False,
        ),
        Column(
            "visits",
            _("Visits"),
            lambda row: row.card.total_visits,
            kind="number",
            sort="card__total_visits",
            indexed=False,
            narrow=False,
        ),
        Column(
            "seen",
            _("Last visit"),
            lambda row: _day(row.card.last_visit_at),
            kind="day",
            sort="card__last_visit_at",
            indexed=False,
        ),
        Column(
            "joined",
            _("Joined"),
            lambda row: _day(row.joined_at),
            kind="day",
            sort="joined_at",
            narrow=False,
        ),
        *_exported(own),
    )


def _day(at: dt.datetime | None) -> dt.date | None:
    return timezone.localtime(at).date() if at else None


def _state(row: Member) -> tuple[str, str] | None:
    if row.suspended:
        return _("Suspended"), "danger"
    return (row.group.name, "primary") if row.group else None


def _exported(own: dict[str, str]) -> list[Column]:
    """What an export tells beside what the list shows."""
    labelled = {
        "code": _("Code"),
        "secondary_code": _("Second code"),
        "first_name": _("First name"),
        "last_name": _("Last name"),
        "company_name": _("Company"),
        "email": _("E-mail"),
        "cell": _("Mobile phone"),
        "telephone": _("Telephone"),
        "date_of_birth": _("Date of birth"),
        "street_address": _("Street"),
        "street_address2": _("Street, second line"),
        "street_suburb": _("Suburb"),
        "street_city": _("City"),
        "street_zipcode": _("Postcode"),
        "street_state": _("State"),
        "language": _("Language"),
        "optout_email": _("Wants no e-mail"),
        "optout_text": _("Wants no text messages"),
        "optout_post": _("Wants no post"),
        "subscription_date_from": _("Subscription begins"),
        "subscription_date_to": _("Subscription ends"),
        "suspended": _("Suspended"),
        **own,
    }
    plain = [
        Column(name, label, lambda row, name=name: getattr(row, name), only_exported=True)  # type: ignore[misc]
        for name, label in labelled.items()
    ]
    branch = Column(
        "branch", _("Branch"), lambda row: row.branch.name if row.branch else "", only_exported=True
    )
    return [*plain, branch]


def _chosen(desk: Desk) -> Rows:
    """The members who are ticked, whom the business must have."""
    return Member.objects.filter(pk__in=ticked(desk)).order_by("pk")


def suspend(desk: Desk) -> HttpResponse:
    """Suspend the members who are ticked."""
    number = 0
    if not _chosen(desk).exists():
        return desk.sorry(_("These members are not here any more."), "members")
    for member in _chosen(desk).filter(suspended=False):
        with desk.changing("member.suspended", member):
            edit_member(business_id=desk.business.pk, pk=member.pk, suspended=True)
        number += 1
    if not number:
        return desk.sorry(_("They are suspended already."), "members")
    told = ngettext("%(number)s member is suspended", "%(number)s members are suspended", number)
    return desk.done(told % {"number": number}, "members")


class GroupForm(forms.OfficeForm):
    """Into which group."""

    group_id = forms.GroupField(none=_("In no group"))


def group(desk: Desk) -> HttpResponse:
    """Ask for a group, and put the members who are ticked into it."""
    ids = list(_chosen(desk).values_list("pk", flat=True))
    form = GroupForm(desk.post if "do" in desk.post else None)
    if form.is_valid():
        chosen = form.cleaned_data["group_id"]
        with desk.changing("members.group-changed") as change:
            moved = groups.set_group(business_id=desk.business.pk, member_ids=ids, group_id=chosen)
            change.note(members=ids, group_id=chosen)
        told = ngettext(
            "%(number)s member has another group now", "%(number)s members have another group now", moved
        )
        return desk.done(told % {"number": moved}, "members")
    number = len(ids)
    title = ngettext("Put %(number)s member into a group", "Put %(number)s members into a group", number)
    context = {
        "title": title % {"number": number},
        "here": "members",
        "form": form,
        "ids": ids,
        "button": _("Put them there"),
        "cancel": desk.url("members"),
        "back": {"url": desk.url("members"), "label": _("Members")},
    }
    return desk.page("members/group_chosen", context)


def export(desk: Desk) -> HttpResponseBase:
    """The members who are ticked, as a table."""
    listing = _listing(desk)
    rows = _chosen(desk).select_related("group", "branch", "card")
    values = ([column.value(row) for column in listing.columns] for row in rows)
    plain = ([one[0] if isinstance(one, tuple) else one for one in row] for row in values)
    with desk.changing("members.exported") as change:
        change.note(members=rows.count())
    return exports.answer("csv", "members", listing.heading, plain)
