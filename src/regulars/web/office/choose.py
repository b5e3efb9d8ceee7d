"""`/office/`: leads to the business that was open last, or asks which."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django_scopes import scopes_disabled

from regulars import __version__
from regulars.tenants.models import Staff
from regulars.web.office.desk import LAST


@login_required
def choose(request: HttpRequest) -> HttpResponse:
    """Lead on, or let somebody choose who works for several businesses.

    An operator who works for none is led to the admin.
    """
    with scopes_disabled():
        places = list(
            Staff.objects.select_related("business")
            .filter(user=request.user.pk, is_active=True, disable_backoffice_access=False, temp_password="")
            .order_by("business__name", "pk")
        )
    slugs = [place.business.slug for place in places]
    last = request.session.get(LAST)
    if "all" not in request.GET and (last in slugs or len(slugs) == 1):
        return HttpResponseRedirect(
            reverse("office-home", kwargs={"slug": last if last in slugs else slugs[0]})
        )
    if not places and "all" not in request.GET and getattr(request.user, "is_staff", False):
        return HttpResponseRedirect("/admin/")  # which has addresses of its own
    with scopes_disabled():
        counters = Staff.objects.filter(user=request.user.pk, is_active=True, temp_password="").exists()
    context = {"version": __version__, "places": places, "counter_only": counters and not places}
    return render(request, "office/choose.html", context)
