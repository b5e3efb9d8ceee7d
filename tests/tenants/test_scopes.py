"""Rows of a business are found inside its scope only. Which these are, the models themselves say."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django_scopes import scope
from django_scopes.exceptions import ScopeError

from regulars.tenants.models import Business, Staff, User
from tests.factories import make_shop

pytestmark = pytest.mark.django_db

OURS = {"tenants", "members", "ledger", "outbox", "analytics"}
# What belongs to no business: businesses and people themselves, and the one mark of the roll-up.
OF_NO_BUSINESS = {"Business", "User", "Watermark"}

ALL = [model for model in apps.get_models() if model._meta.app_label in OURS]
SCOPED = [model for model in ALL if model.__name__ not in OF_NO_BUSINESS]

ATTEMPTS: dict[str, Callable[[Any], object]] = {
    "all": lambda rows: list(rows.all()),
    "get": lambda rows: rows.get(pk=1),
    "filter": lambda rows: rows.filter(pk=1).exists(),
    "filter by the business": lambda rows: rows.filter(business_id=1).exists(),
    "count": lambda rows: rows.count(),
    "first": lambda rows: rows.first(),
    "values": lambda rows: list(rows.values_list("pk")),
    "update": lambda rows: rows.update(business_id=1),
    "delete": lambda rows: rows.filter(pk=1).delete(),
    "aggregate": lambda rows: rows.aggregate(models.Max("pk")),
}


def test_there_is_something_to_check() -> None:
    assert len(SCOPED) >= 15
    assert {"Member", "Card", "Entry", "ApiKey", "Event", "Total", "Staff"} <= {m.__name__ for m in SCOPED}


@pytest.mark.parametrize("model", SCOPED, ids=lambda model: model.__name__)
def test_every_model_belongs_to_a_business(model: type[models.Model]) -> None:
    field = model._meta.get_field("business")
    assert field.related_model is Business
    assert not field.null


@pytest.mark.parametrize("attempt", ATTEMPTS)
@pytest.mark.parametrize("model", SCOPED, ids=lambda model: model.__name__)
def test_outside_of_a_scope_every_question_raises(model: Any, attempt: str) -> None:
    with pytest.raises(ScopeError):
        ATTEMPTS[attempt](model.objects)


@pytest.mark.parametrize("model", SCOPED, ids=lambda model: model.__name__)
def test_a_scope_adds_its_business_to_every_question(model: Any) -> None:
    shop = make_shop()
    column = f'"{model._meta.db_table}"."business_id" = {shop.id}'
    with scope(business=shop.business):
        assert column in str(model.objects.all().query)
        assert column in str(model.objects.filter(pk=1).query)
        assert column in str(model.objects.exclude(pk=1).order_by("pk").query)


def test_inside_of_a_scope_the_others_are_not_there() -> None:
    alice, charlie = make_shop(), make_shop("Charlie's")
    with scope(business=alice.business):
        assert list(Staff.objects.all()) == [alice.owner]
        assert not Staff.objects.filter(pk=charlie.owner.pk).exists()
        assert Staff.objects.filter(pk=charlie.owner.pk).update(name="Mallory") == 0
        assert Staff.objects.filter(pk=charlie.owner.pk).delete()[0] == 0


def test_no_way_leads_from_a_business_or_a_person_around_the_scopes() -> None:
    # `business.members.all()` would not ask for a scope, so there is no such way.
    for model in (Business, User):
        ways = [
            relation.get_accessor_name()
            for relation in model._meta.related_objects
            if relation.related_model in SCOPED and not relation.one_to_one and not relation.hidden
        ]
        assert ways == []
