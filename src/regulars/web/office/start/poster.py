"""The third step: the poster at the counter, the first customer and the first stamp."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from regulars.ledger.models import Entry
from regulars.members.models import Member
from regulars.printing import poster
from regulars.printing.sizes import paper_of
from regulars.tenants import setup
from regulars.tenants.queries import join_url
from regulars.web.member import picture
from regulars.web.office.desk import Desk
from regulars.web.office.start.steps import shown

_GIVEN = (Entry.Kind.STAMP_ADD, Entry.Kind.POINTS_EARN)


def page(desk: Desk) -> HttpResponse:
    """The third step."""
    url = join_url(desk.business)
    context = {
        "title": _("Poster and first scan"),
        "here": "home",
        "steps": shown(desk, setup.POSTER),
        "join_url": url,
        "qr_code": picture.qr_code(url),
        "counter_url": f"{settings.REGULARS_PUBLIC_URL}{reverse('counter-page')}",
        "counter_qr": picture.qr_code(f"{settings.REGULARS_PUBLIC_URL}{reverse('counter-page')}"),
        **_reached(),
    }
    return desk.page("start/poster", context)


def first(desk: Desk) -> HttpResponse:
    """How far it has come, asked for again and again by the page."""
    return desk.page("start/_first", _reached())


def _reached() -> dict[str, object]:
    member = Member.objects.order_by("pk").first()
    return {
        "member": member,
        "stamped": member is not None and Entry.objects.filter(kind__in=_GIVEN).exists(),
    }


def file(desk: Desk) -> HttpResponse:
    """The poster as PDF."""
    business = desk.business
    paper = paper_of("", country=business.country)
    with translation.override(business.language):
        data = poster.poster(business_id=business.pk, language=business.language, paper=paper)
    response = HttpResponse(data, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="poster-{business.slug}.pdf"'
    return response


def done(desk: Desk) -> HttpResponse:
    """The steps are done, or left out: the back office begins with its home page."""
    with desk.changing("business.started", desk.business):
        setup.reach(business_id=desk.business.pk, step=setup.DONE)
    return desk.on(reverse("office"))
