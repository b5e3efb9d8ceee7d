"""The page behind the poster's QR code: a name, a contact, one button, and then the card."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from regulars import __version__
from regulars.formats.months import MONTHS
from regulars.ledger.post import business_day
from regulars.members import blank_cards
from regulars.portal import freshness, joining, links, sites
from regulars.rules import codes
from regulars.rules.errors import Conflict, InvalidInput, NotFound, PlanLimit
from regulars.rules.languages import LANGUAGES
from regulars.tenants import ratelimit
from regulars.tenants.microsites import business_to_join, microsite
from regulars.tenants.models import Business
from regulars.web import language, look
from regulars.web.member.join_form import Form, card_code
from regulars.web.origin import same_origin
from regulars.web.private import private
from regulars.web.secure import cookies_are_secure

# Of one network in a minute: those who queue in front of a poster share the shop's.
SENDS_A_MINUTE: Final = 30
# So many stamps are drawn; of more, only the number is told.
MOST_DRAWN: Final = 12
# Which card was got in this browser here.
COOKIE: Final = "regulars_joined"
_YEAR: Final = 365 * 24 * 3600


@require_http_methods(["GET", "HEAD", "POST"])
@private
@same_origin
def page(request: HttpRequest, join_code: str) -> HttpResponse:
    """Ask who somebody is, and give them a card. The same for everybody, whoever is a member already."""
    try:
        business = business_to_join(join_code)
    except NotFound:
        raise Http404 from None
    form = Form.of(request.POST) if request.method == "POST" else None
    # A browser that keeps no cookie says in which language the page was by the form alone.
    shown = form.language if form else ""
    with language.speaking(request, member=shown, business=business.language) as spoken:
        visit = _Visit(request, business, spoken)
        response = visit.send(form) if form else visit.greet()
    language.remember(response, request)
    patch_vary_headers(response, ("Accept-Language", "Cookie"))
    return response


class _Visit:
    """One request to the joining page of a business."""

    def __init__(self, request: HttpRequest, business: Business, spoken: str) -> None:
        self.request = request
        self.business = business
        self.site = microsite(business.pk)
        self.spoken = spoken
        self.address = reverse("join", args=[business.join_code])

    def greet(self) -> HttpResponse:
        """The empty form."""
        if not self.site.join_open:
            return self._closed()
        asked = card_code(self.request.GET.get("card", ""))
        blank = (
            blank_cards.find_blank(business_id=self.business.pk, qr_code=asked) if _is_code(asked) else None
        )
        if asked and blank is None:
            if self._is_card(asked):
                return _to_card(asked)
            return self._unusable(asked)
        return self._ask(Form(token=joining.new_token(), card=asked))

    def send(self, form: Form) -> HttpResponse:
        """Let somebody join, or say what is wrong."""
        allowance = ratelimit.take(f"join:{self.request.META.get('REMOTE_ADDR', '')}", SENDS_A_MINUTE)
        if not allowance.allowed:
            return self._wait(allowance)
        if not self.site.join_open:
            return self._closed()
        return self._join(form)

    def _join(self, form: Form) -> HttpResponse:
        form.reworded = not constant_time_compare(form.words, self._words())
        words = {"programme": self._programme_words()}
        if form.offers:
            words |= dict.fromkeys(("email", "text"), self._offers_words())
        try:
            values = form.values(business=self.business, site=self.site)
            if form.reworded:  # nobody agrees to what they did not see
                return self._ask(form, HTTPStatus.CONFLICT)
            joined = joining.join(
                **values, consents=words, language=self.spoken, token=form.token, blank_code=form.card
            )
        except InvalidInput as refusal:
            form.wrong |= form.told(refusal, site=self.site)
            return self._ask(form, HTTPStatus.BAD_REQUEST)
        except joining.JoiningClosed:
            return self._closed()
        except PlanLimit:
            return self._full()
        except (NotFound, Conflict):
            return self._unusable(form.card)
        return self._welcome(joined.qr_code)

    def _welcome(self, qr_code: str) -> HttpResponse:
        response = _to_card(qr_code)
        # Whoever comes to the poster again with this phone is led to the card.
        response.set_cookie(
            COOKIE,
            qr_code,
            max_age=_YEAR,
            path=self.address,
            secure=cookies_are_secure(self.request),
            httponly=True,
            samesite="Lax",
        )
        return response

    def _ask(self, form: Form, status: HTTPStatus = HTTPStatus.OK) -> HttpResponse:
        program = self.business.program
        today = business_day(self.business.timezone, timezone.now())
        more = {
            "form": form,
            "site": self.site,
            "program": program,
            "stamps": range(program.stamps_required) if program.stamps_required <= MOST_DRAWN else (),
            "gift": freshness.gives_on_signup(business_id=self.business.pk, day=today),
            "months": MONTHS.items(),
            "consent": self._programme_words(),
            "offers": self._offers_words(),
            "words": self._words(),
            "card_here": "" if form.card else self._card_here(),
            "links_to_phones": links.reach_phones(),
            "languages": [(code, name, self._in(code, form)) for code, name in LANGUAGES.items()],
        }
        return self._render("web/join.html", status, **more)

    def _in(self, code: str, form: Form) -> str:
        return "?" + urlencode({"language": code} | ({"card": form.card} if form.card else {}))

    def _is_card(self, code: str) -> bool:
        return _is_code(code) and joining.joined_here(code, business_id=self.business.pk)

    def _card_here(self) -> str:
        """The address of the card that this browser got here; empty for none."""
        mine = self.request.COOKIES.get(COOKIE, "")
        return reverse("card", args=[mine]) if self._is_card(mine) else ""

    def _programme_words(self) -> str:
        """What somebody agrees to who joins."""
        if self.site.consent_text:
            return self.site.consent_text
        words = _(
            "When you join, %(shop)s keeps what you typed here, to run your card. "
            "You can see it and have it deleted at any time."
        )
        return words % {"shop": self.business.name}

    def _words(self) -> str:
        """What says which words the form shows, and in which language: nobody else can make it."""
        said = (self.business.pk, self.spoken, self._programme_words(), self._offers_words())
        signature = salted_hmac("regulars.web.member.join", repr(said), algorithm="sha256").hexdigest()
        return f"{self.spoken}.{signature}"

    def _offers_words(self) -> str:
        words = _("Yes, %(shop)s may send me offers and news. I can stop them at any time.")
        return words % {"shop": self.business.name}

    def _closed(self) -> HttpResponse:
        return self._notice(
            _("Please ask at the counter"),
            _("Nobody can join by themselves here. The people at the counter give you a card."),
            HTTPStatus.FORBIDDEN,
            **self._to_own_card(),
        )

    def _full(self) -> HttpResponse:
        return self._notice(
            _("There is no place right now"),
            _("This programme has as many members as it can have. Please ask at the counter."),
            HTTPStatus.FORBIDDEN,
            **self._to_own_card(),
        )

    def _to_own_card(self) -> dict[str, str]:
        card = self._card_here()
        if card:
            return {"way_on": card, "way_on_text": _("Open my card")}
        return {"way_on": f"{sites.address(self.business)}sign-in", "way_on_text": _("I have a card")}

    def _unusable(self, code: str) -> HttpResponse:
        was_printed = _is_code(code) and blank_cards.was_printed(business_id=self.business.pk, qr_code=code)
        return self._notice(
            _("This card cannot be used"),
            _("Somebody had this printed card before. You can join without one, or ask for another.")
            if was_printed
            else _("This shop has printed no card with this code. You can join without one."),
            HTTPStatus.CONFLICT if was_printed else HTTPStatus.NOT_FOUND,
            way_on=self.address,
            way_on_text=_("Join without it"),
        )

    def _wait(self, allowance: ratelimit.Allowance) -> HttpResponse:
        response = self._notice(
            _("Please wait a minute"),
            _("Many people are joining from this network just now. Then go back and press the button again."),
            HTTPStatus.TOO_MANY_REQUESTS,
        )
        response.headers["Retry-After"] = str(max(allowance.retry_after, 1))
        return response

    def _notice(self, title: str, text: str, status: HTTPStatus, **more: Any) -> HttpResponse:
        return self._render("web/small.html", status, title=title, text=text, **more)

    def _render(self, template: str, status: HTTPStatus, **more: Any) -> HttpResponse:
        return render(self.request, template, page_of(self.business) | more, status=status)


def page_of(business: Business) -> dict[str, Any]:
    """What every page of this kind shows of the business."""
    return {
        "version": __version__,
        "business": business,
        "look": look.address(business.accent_color),
        "logo": look.logo_url(business),
    }


def _to_card(qr_code: str) -> HttpResponseRedirect:
    response = HttpResponseRedirect(reverse("card", args=[qr_code]))
    response.status_code = HTTPStatus.SEE_OTHER
    return response


def _is_code(text: str) -> bool:
    return codes.is_qr_code(text)
