"""Groups of members."""

from __future__ import annotations

from django_scopes import scope

from regulars.members.models import MemberGroup
from regulars.rules.text import clean_text
from regulars.tenants.models import Business


def ensure_group(*, business: Business, code: str) -> MemberGroup:
    """The group with this code. One that is unknown is made, with its code as its name.

    Raises:
        InvalidInput: the code is empty or too long.
    """
    code = clean_text(code, field="group", max_length=50, required=True)
    with scope(business=business):
        group, _ = MemberGroup.objects.get_or_create(business=business, code=code, defaults={"name": code})
    return group
