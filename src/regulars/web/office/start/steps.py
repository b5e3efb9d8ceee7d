"""The first two steps: what customers collect, and how their card looks."""

from __future__ import annotations

from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars import __version__, policies
from regulars.promotions import actions as promotions
from regulars.promotions.models import Promotion
from regulars.rules import colours
from regulars.rules import stamps as stamp_rules
from regulars.rules.errors import InvalidInput
from regulars.tenants import actions, logos, microsites, setup
from regulars.tenants.models import Business
from regulars.web import look as looks
from regulars.web.member import picture
from regulars.web.office import framed
from regulars.web.office.desk import Desk
from regulars.web.office.forms import ColourField, OfficeForm, WholeField, answer

STAMPS, POINTS, BOTH = "stamps", "points", "both"
_MOST_POINTS: Final = 10_000
# Promotions count per hundred of spend, owners per whole unit.
_PER_UNIT: Final = 100
# The code of the promotion that these steps make. What sales earn otherwise is left to whoever made it.
_EVERY_SALE: Final = "EVERY-SALE"
_IN_FRAME: Final = policies.of_frame()
_HERE = "home"
# What the card is called after what it collects, and how long its name may be to fit on a phone.
_WORDS: Final = {STAMPS: "Stamps", POINTS: "Points", BOTH: "Card"}
_FITS: Final = 16


def start(desk: Desk) -> HttpResponse:
    """Lead to the step at which the owner is."""
    name = {setup.LOOK: "start-look", setup.POSTER: "start-poster"}.get(desk.business.setup_step)
    return desk.to(name or "start-programme")


def shown(desk: Desk, step: int) -> list[dict[str, Any]]:
    """The three steps, as the head of each page shows them."""
    labels = (
        (setup.PROGRAMME, _("Programme"), "start-programme"),
        (setup.LOOK, _("Look"), "start-look"),
        (setup.POSTER, _("First scan"), "start-poster"),
    )
    return [
        {
            "number": number,
            "label": label,
            "url": desk.url(name),
            "current": number == step,
            "past": number < step,
        }
        for number, label, name in labels
    ]


class ProgrammeForm(OfficeForm):
    """What customers collect."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What do your customers collect?"),
        choices=(
            (STAMPS, gettext_lazy("Stamps: one for each visit or cup, the full card is a reward")),
            (POINTS, gettext_lazy("Points: for what they spend, to be turned into vouchers")),
            (BOTH, gettext_lazy("Both on one card")),
        ),
        widget=forms.RadioSelect,
    )
    stamps_required = WholeField(
        stamp_rules.MIN_GOAL,
        stamp_rules.MAX_GOAL,
        label=gettext_lazy("Stamps for a reward"),
        help_text=gettext_lazy("Eight to ten suit most cafés. What is on a card already never gets lost."),
        required=False,
    )
    reward_description = forms.CharField(
        label=gettext_lazy("The reward"),
        help_text=gettext_lazy("As you would say it: A free coffee."),
        max_length=300,
        required=False,
    )
    points_per_unit = WholeField(
        1,
        _MOST_POINTS,
        label=gettext_lazy("Points for each whole unit of your currency"),
        help_text=gettext_lazy("10 points for each 1.00 spent make a sale of 4.50 worth 45 points."),
        required=False,
    )

    def __init__(self, *args: Any, others: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if others:
            del self.fields["points_per_unit"]
            told = _("What a sale earns is in your promotion “%(name)s”, and stays as it is.")
            self.fields["kind"].help_text = told % {"name": others}

    def clean(self) -> dict[str, Any]:
        """What is needed for the kind that was chosen."""
        given = super().clean() or {}
        needed = {
            STAMPS: ("stamps_required", "reward_description"),
            POINTS: ("points_per_unit",),
            BOTH: ("stamps_required", "reward_description", "points_per_unit"),
        }.get(str(given.get("kind")), ())
        for name in needed:
            if name in self.fields and name not in self.errors and not given.get(name):
                self.add_error(name, _("This is needed."))
        return given


def programme(desk: Desk) -> HttpResponse:
    """The first step."""
    program, business = desk.business.program, desk.business
    kind = (
        BOTH if program.is_active and business.points_active else POINTS if business.points_active else STAMPS
    )
    rate, others = _rate()
    had_points = business.points_active
    initial = {
        "kind": kind,
        "stamps_required": program.stamps_required,
        "reward_description": program.reward_description,
        "points_per_unit": _per_unit(rate) or 10,
    }

    def save(given: dict[str, Any]) -> HttpResponse:
        with desk.changing("programme.edit", program) as change:
            _set(desk, given)
            setup.reach(business_id=business.pk, step=setup.LOOK)
            change.note(collects=given["kind"])
            change.turned(
                points_active=(had_points, given["kind"] in (POINTS, BOTH)),
                points_per_unit=(_per_unit(rate), _per_unit(_rate()[0])),
            )
        return desk.to("start-look")

    return answer(
        desk,
        ProgrammeForm,
        title=_("Your programme"),
        initial=initial,
        save=save,
        button=_("Go on"),
        template="start/programme",
        here=_HERE,
        context={"steps": shown(desk, setup.PROGRAMME)},
        others=others,
    )


def _rate() -> tuple[Promotion | None, str]:
    """The promotion of these steps, if there is one that is as they made it, and otherwise the name of one
    that says already what sales earn.
    """
    made = Promotion.objects.filter(code__iexact=_EVERY_SALE).first()
    if made is not None:
        return (made, "") if _is_as_made(made) else (None, str(made))
    everywhere = {"group": None, "sku": None, "category": None, "branch": None}
    other = Promotion.objects.filter(**everywhere, date_from=None, date_to=None).order_by("pk").first()
    return None, "" if other is None else str(other)


def _per_unit(rate: Promotion | None) -> int | None:
    """What a promotion of these steps gives for a whole unit of currency."""
    return None if rate is None else int(rate.percent_of_spend) // _PER_UNIT


def _is_as_made(row: Promotion) -> bool:
    """Whether the question of these steps says all of a promotion: points for a whole unit, for everybody."""
    conditions = (row.group_id, row.sku_id, row.category_id, row.branch_id, row.date_from, row.date_to)
    percent = row.percent_of_spend
    in_range = _PER_UNIT <= percent <= _MOST_POINTS * _PER_UNIT and percent % _PER_UNIT == 0
    return in_range and not row.fixed_points_value and not any(conditions)


def _set(desk: Desk, given: dict[str, Any]) -> None:
    business_id = desk.business.pk
    stamps, points = given["kind"] in (STAMPS, BOTH), given["kind"] in (POINTS, BOTH)
    changes: dict[str, Any] = {"is_active": stamps}
    if stamps:
        changes |= {name: given[name] for name in ("stamps_required", "reward_description")}
    if (name := _fitting_name(desk.business, given["kind"])) is not None:
        changes["program_name"] = name
    actions.update_program(business_id=business_id, **changes)
    microsites.update_microsite(business_id=business_id, points_active=points)
    rate, others = _rate()
    if not points or others:
        return
    percent = Decimal(given["points_per_unit"]) * _PER_UNIT
    if rate is None:
        promotions.add_promotion(
            business_id=business_id,
            code=_EVERY_SALE,
            name=_("Points for every sale"),
            percent_of_spend=percent,
        )
    else:
        promotions.edit_promotion(business_id=business_id, pk=rate.pk, percent_of_spend=percent)


def _fitting_name(business: Business, kind: str) -> str | None:
    """A name for the card that says what is collected, and fits on it; None where somebody has chosen one."""
    names = {kind: _usual_name(business.name, word) for kind, word in _WORDS.items()}
    made = {*names.values(), f"{business.name} {_WORDS[STAMPS]}"}
    if business.setup_step == setup.DONE or business.program.program_name not in made:
        return None
    return names[kind]


def _usual_name(name: str, word: str) -> str:
    """With the business's name where there is room; that stands above the card, too."""
    both = f"{name} {word}"
    return both if len(both) <= _FITS else word


class LookForm(OfficeForm):
    """How the card looks."""

    program_name = forms.CharField(
        label=gettext_lazy("Name of the programme"),
        help_text=gettext_lazy("It stands on the card."),
        max_length=200,
    )
    accent_color = ColourField(
        label=gettext_lazy("Your colour"),
        help_text=gettext_lazy("What is written on it stays readable by itself, by day and by night."),
    )
    logo = forms.FileField(
        label=gettext_lazy("Logo"),
        help_text=gettext_lazy(
            "PNG, JPEG, WebP or GIF, at most 2 MB. Without one the card has your initial."
        ),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp,image/gif"}),
    )


def look(desk: Desk) -> HttpResponse:
    """The second step, with the card beside it."""
    business = desk.business

    def save(given: dict[str, Any]) -> HttpResponse:
        with desk.changing("business.look", business) as change:
            actions.update_look(business_id=business.pk, accent_color=given["accent_color"])
            called = business.program.program_name
            program = actions.update_program(business_id=business.pk, program_name=given["program_name"])
            change.turned(program_name=(called, program.program_name))
            if given["logo"] is not None:
                data = given["logo"].read(logos.MOST_BYTES + 1)
                try:
                    logos.set_logo(business_id=business.pk, data=data)
                except InvalidInput as refusal:
                    raise InvalidInput(refusal.message, fields={"logo": refusal.message}) from refusal
                change.note(logo=True)
            setup.reach(business_id=business.pk, step=setup.POSTER)
        return desk.to("start-poster")

    response = answer(
        desk,
        LookForm,
        title=_("How your card looks"),
        initial={"program_name": business.program.program_name, "accent_color": business.accent_color},
        save=save,
        button=_("Go on"),
        template="start/look",
        here=_HERE,
        context={"steps": shown(desk, setup.LOOK), "preview": True},
    )
    return framed.around(response)


def card(desk: Desk) -> HttpResponse:
    """A customer's card in a frame, as it looks with what is typed just now."""
    business, program = desk.business, desk.business.program
    given = desk.post if desk.is_post else desk.get
    try:
        accent = colours.check_colour(given.get("accent_color", ""), field="accent_color")
    except InvalidInput:
        accent = business.accent_color
    filled = max(1, program.stamps_required * 3 // 8)
    context = {
        "version": __version__,
        "business": business,
        "look": looks.address(accent),
        "logo": looks.logo_url(business),
        "initial": business.name.strip()[:1].upper(),
        "name": given.get("program_name", "").strip()[:200] or program.program_name,
        "grid": picture.slots(filled, program.stamps_required) if program.is_active else None,
        "filled": filled,
        "missing": program.stamps_required - filled,
        "goal": program.stamps_required,
        "points": 120 if business.points_active else None,
        "reward": program.reward_description,
    }
    response = render(desk.request, "office/start/card.html", context, status=HTTPStatus.OK)
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["Content-Security-Policy"] = _IN_FRAME
    return response
