"""A campaign once more: the words are the same, nothing of what became of the first one is."""

import pytest

from regulars.campaigns import actions
from regulars.campaigns.copies import copy_campaign
from regulars.campaigns.models import Campaign
from regulars.members import segments
from regulars.rules.errors import Conflict, NotFound
from tests.factories import make_shop

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "again"),
    [("Spring", "Spring 2"), ("Spring 2", "Spring 3"), ("2", "2 2"), ("S" * 200, "S" * 198 + " 2")],
)
def test_a_copy_is_a_draft_with_the_next_number(name: str, again: str) -> None:
    shop = make_shop()
    shop.enrol("Nora", email="nora@mail.example")
    first = actions.create_campaign(
        business_id=shop.id, name=name, subject="Hi", message="Hello", rate_per_minute=5
    )
    actions.send_campaign(business_id=shop.id, pk=first.pk)
    made = copy_campaign(business_id=shop.id, pk=first.pk)
    assert (made.name, made.subject, made.message, made.rate_per_minute) == (again, "Hi", "Hello", 5)
    assert (made.status, made.sent_at, made.total_recipients) == (Campaign.Status.DRAFT, None, 0)


def test_a_copy_goes_to_the_same_saved_segment_while_there_is_one() -> None:
    shop = make_shop()
    saved = segments.add_segment(business_id=shop.id, name="Noras", given={"name": "Nora"})
    first = actions.create_campaign(
        business_id=shop.id, name="A", subject="Hi", message="Hello", segment_id=saved.pk
    )
    assert copy_campaign(business_id=shop.id, pk=first.pk).segment_id == saved.pk
    segments.delete_segment(business_id=shop.id, pk=saved.pk)
    orphan = copy_campaign(business_id=shop.id, pk=first.pk)
    assert (orphan.segment_filter, orphan.segment_id) == ("saved", None)
    with pytest.raises(Conflict, match="was deleted"):
        actions.send_campaign(business_id=shop.id, pk=orphan.pk)


def test_a_campaign_of_another_business_is_not_copied() -> None:
    shop, other = make_shop(), make_shop("Charlie's")
    first = actions.create_campaign(business_id=shop.id, name="A", subject="Hi", message="Hello")
    with pytest.raises(NotFound):
        copy_campaign(business_id=other.id, pk=first.pk)
