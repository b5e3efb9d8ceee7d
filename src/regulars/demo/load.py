"""Writes the demo shop through the same actions that everybody uses, in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from regulars import db
from regulars.analytics import rollup
from regulars.demo.backdate import backdate
from regulars.demo.happenings import (
    AsksForReward,
    AtCounter,
    AtTill,
    Buys,
    ChoosesVoucher,
    Closes,
    Collects,
    Happening,
    HasBirthday,
    Joins,
    MonthBegins,
    Night,
    Retires,
    RewardChanges,
    SellsGiftCard,
    TakesGiftCard,
    UsesVoucher,
)
from regulars.demo.office import furnish
from regulars.demo.outreach import reach_out
from regulars.demo.people import Person
from regulars.demo.programme import Programme, Till
from regulars.demo.shops import SHOPS, Shop
from regulars.demo.shown import DemoBusiness, describe
from regulars.demo.storefront import has_doors, open_doors
from regulars.demo.year import Year, draw_year
from regulars.ledger import actions as ledger
from regulars.ledger import points
from regulars.members import groups
from regulars.rules.errors import Conflict
from regulars.tenants import actions as tenants
from regulars.tenants.models import Branch, Business, Staff, User

Progress = Callable[[str, int, int], None]

_STEPS_BETWEEN_REPORTS = 50
_FIGURES = "Adding up the figures"


class DemoExists(Conflict):
    """The demo shop is in this database already, or something else has its names."""

    code = "demo_exists"


@dataclass(frozen=True, slots=True)
class DemoShop:
    """What to show after loading: (email, password, role, PIN) of everybody, and the businesses."""

    logins: list[tuple[str, str, str, str]]
    businesses: list[DemoBusiness]


def load_demo(progress: Progress | None = None) -> DemoShop:
    """Make the two demo businesses and the year that ends now.

    All of it is one transaction: a load that is interrupted leaves nothing, and can be started again.
    `progress` is told each stage, with how much of it is done and how much there is to do.

    Raises:
        DemoExists: it was loaded before.
    """
    now = timezone.now()
    report = progress or _be_silent
    with transaction.atomic():
        # A second load waits here for the first, and then finds it.
        db.serialise("demo")
        _check_absent()
        businesses = [_Loader(draw_year(shop, now)).load(report) for shop in SHOPS]
    report(_FIGURES, 0, 1)
    rollup.roll_up_all()
    report(_FIGURES, 1, 1)
    return DemoShop(_logins(), businesses)


def reopen_demo() -> DemoShop | None:
    """The demo that was loaded before, with a new API key for each business; None when there is none.

    For when what `load_demo` returned was lost: keys are not stored. The logins are as they were loaded. One
    that an earlier version loaded gets the pages and the counter that it lacks.
    """
    # Both name and owner: another business may have asked a demo's owner into its team.
    ours = Q()
    for shop in SHOPS:
        ours |= Q(business__name=shop.name, user__email=shop.team[0].email, role=Staff.Role.OWNER)
    with transaction.atomic():
        with scopes_disabled():  # which businesses they are, is the question
            staff = Staff.objects.select_related("business").filter(ours).order_by("business_id")
            found = [owner.business for owner in staff]
        for business in found:
            _open_doors_again(business)
        businesses = [
            describe(business, tenants.create_api_key(business=business, name="Demo")[1])
            for business in found
        ]
    return DemoShop(_logins(), businesses) if businesses else None


def _open_doors_again(business: Business) -> None:
    shop = next(shop for shop in SHOPS if shop.name == business.name)
    emails = [colleague.email for colleague in shop.team]
    with scope(business=business):
        staff = {one.user.email: one for one in Staff.objects.select_related("user").all()}
    team = [staff[email] for email in emails if email in staff]
    if len(team) == len(emails) and not any(one.pin for one in team) and not has_doors(business.pk):
        open_doors(business_id=business.pk, storefront=shop.storefront, team=team)


def _be_silent(_stage: str, _done: int, _total: int) -> None:
    """Progress that nobody asked for."""


def _logins() -> list[tuple[str, str, str, str]]:
    return [
        (person.email, person.password, person.role, pin)
        for shop in SHOPS
        for person, pin in zip(shop.team, shop.storefront.pins, strict=True)
    ]


def _check_absent() -> None:
    emails = [colleague.email for shop in SHOPS for colleague in shop.team]
    user = User.objects.filter(email__in=emails).order_by("email").first()
    if user is not None:
        raise DemoExists(f"The demo shop is in this database already: {user.email} has an account.")
    business = Business.objects.filter(name__in=[shop.name for shop in SHOPS]).order_by("id").first()
    if business is not None:
        raise DemoExists(f"The demo shop is in this database already: {business.name} ({business.slug}).")


@dataclass(slots=True)
class _Holder:
    """A member's card, as far as the load needs to know it."""

    member_id: int
    qr_code: str
    group: str | None
    pending_rewards: int = 0


class _Loader:
    """Makes one business and lets its year happen."""

    def __init__(self, year: Year) -> None:
        self._shop: Shop = year.shop
        self._people: list[Person] = year.people
        self._today = year.today
        self._zone = ZoneInfo(year.shop.timezone)
        self._happenings: list[Happening] = year.happenings
        self._holders: dict[int, _Holder] = {}
        # A week to put up the posters before the first customer joins.
        self._opened_at = year.happenings[0].at - dt.timedelta(days=7)

    def load(self, report: Progress) -> DemoBusiness:
        stage, total = f"{self._shop.name}: a year of visits", len(self._happenings)
        report(stage, 0, total)
        self._open_business()
        for done, happening in enumerate(self._happenings, start=1):
            self._happen(happening)
            if done % _STEPS_BETWEEN_REPORTS == 0 or done == total:
                report(stage, done, total)
        backdate(business_id=self._id, opened_at=self._opened_at)
        self._programme.put_right(self._today)
        open_doors(business_id=self._id, storefront=self._shop.storefront, team=self._team)
        furnish(business_id=self._id, office=self._shop.office)
        reach_out(business_id=self._id, outreach=self._shop.outreach, now=timezone.now())
        return describe(self._business, self._api_key)

    def _open_business(self) -> None:
        shop = self._shop
        owner = shop.team[0]
        new = tenants.create_business(
            name=shop.name,
            owner_email=owner.email,
            owner_name=owner.name,
            owner_password=owner.password,
            plan=shop.plan,
            country=shop.country,
            timezone=shop.timezone,
            currency=shop.currency,
            program_name=shop.program_name,
            stamps_required=shop.goal,
            reward_description=shop.reward,
            birthday_bonus_stamps=shop.birthday_bonus,
            opened_at=self._opened_at,
            business_type=shop.business_type,
            phone=shop.phone,
            address=shop.address,
            city=shop.city,
            state=shop.state,
            pincode=shop.pincode,
        )
        self._business: Business = new.business
        self._api_key = new.api_key
        self._id: int = new.business.pk
        tenants.update_program(business_id=self._id, terms_conditions=shop.terms)
        self._branches: list[Branch] = [
            tenants.create_branch(
                business=self._business,
                opened_at=self._opened_at,
                name=place.name,
                address=place.address,
                city=shop.city,
                state=shop.state,
                phone=place.phone,
                latitude=place.latitude,
                longitude=place.longitude,
            )
            for place in shop.places
        ]
        self._team: list[Staff] = [new.owner] + [
            tenants.add_staff(
                business=self._business,
                name=colleague.name,
                email=colleague.email,
                role=colleague.role,
                password=colleague.password,
            ).staff
            for colleague in shop.team[1:]
        ]
        self._groups: dict[str | None, int | None] = {None: None} | {
            name: groups.ensure_group(business=self._business, code=name).pk for name in shop.groups or ()
        }
        self._programme = Programme(
            self._id, shop.offer, branches=[branch.pk for branch in self._branches], groups=self._groups
        )
        self._programme.open(self._today)

    def _happen(self, happening: Happening) -> None:
        match happening:
            case Joins(at, number):
                self._join(at, number)
            case Collects():
                self._collect(happening)
            case AsksForReward():
                self._redeem(happening)
            case HasBirthday(at, number, year):
                self._birthday(at, number, year)
            case AtTill():
                self._pay(happening)
            case _:
                self._change(happening)

    def _pay(self, happening: AtTill) -> None:
        """What happens at a till and is about points."""
        programme, till = self._programme, self._till(happening)
        match happening:
            case Buys():
                programme.buy(self._member_id(happening), happening.item, happening.qty, till)
            case UsesVoucher(at):
                member_id, item, qty = self._member_id(happening), happening.item, happening.qty
                programme.use_voucher(member_id, item, qty, till, self._day(at))
            case ChoosesVoucher():
                programme.choose_voucher(self._member_id(happening), happening.voucher, till)
            case SellsGiftCard():
                programme.sell_gift_card(happening.voucher, till)
            case TakesGiftCard(at):
                programme.take_gift_card(happening.voucher, till, self._day(at))

    def _change(self, happening: Happening) -> None:
        """What the shop itself does."""
        match happening:
            case Night(at):
                points.expire_points(business_id=self._id, occurred_at=at)
            case MonthBegins(at):
                members = [(holder.member_id, holder.group) for holder in self._holders.values()]
                self._programme.begin_month(members, self._day(at), at)
            case RewardChanges(_, reward):
                tenants.update_program(business_id=self._id, reward_description=reward)
            case Retires(_, item):
                self._programme.retire(item)
            case Closes(_, place):
                branch_id = self._branches[place].pk
                tenants.update_branch(business_id=self._id, branch_id=branch_id, is_active=False)

    def _member_id(self, visit: AtCounter) -> int:
        return self._holders[visit.person].member_id

    def _join(self, at: dt.datetime, number: int) -> None:
        person = self._people[number]
        card = ledger.enrol(
            business=self._business,
            name=person.name,
            phone=person.phone,
            email=person.email,
            birthday=person.birthday,
            occurred_at=at,
            branch_id=self._branches[person.place].pk,
            group_id=self._groups[person.group],
            optout_email=person.optout_email,
            optout_text=person.optout_text,
            optout_post=person.optout_post,
            suspended=person.suspended,
        )
        self._holders[number] = _Holder(card.member_id, card.qr_code, person.group)

    def _till(self, happening: AtTill) -> Till:
        place, colleague = happening.place, happening.colleague
        return Till(
            branch_id=None if place is None else self._branches[place].pk,
            staff_id=None if colleague is None else self._team[colleague].pk,
            occurred_at=happening.at,
        )

    def _day(self, at: dt.datetime) -> dt.date:
        return at.astimezone(self._zone).date()

    def _collect(self, visit: Collects) -> None:
        holder = self._holders[visit.person]
        added = ledger.add_stamps(
            business_id=self._id,
            qr_code=holder.qr_code,
            count=visit.count,
            **self._till(visit).as_arguments(),
        )
        holder.pending_rewards = added.pending_rewards

    def _redeem(self, wish: AsksForReward) -> None:
        holder = self._holders[wish.person]
        if not holder.pending_rewards:
            return
        redeemed = ledger.redeem_reward(
            business_id=self._id,
            qr_code=holder.qr_code,
            **self._till(wish).as_arguments(),
        )
        holder.pending_rewards = redeemed.pending_rewards

    def _birthday(self, at: dt.datetime, number: int, year: int) -> None:
        holder = self._holders[number]
        self._programme.keep_birthday(holder.member_id, year, at)
        added = ledger.add_birthday_bonus(
            business_id=self._id, member_id=holder.member_id, year=year, occurred_at=at
        )
        if added is not None:
            holder.pending_rewards = added.pending_rewards
