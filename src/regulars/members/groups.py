"""Groups of members."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django_scopes import scope

from regulars.members.models import MemberGroup
from regulars.rules.errors import Conflict
from regulars.rules.text import clean_line, clean_text
from regulars.tenants.models import Business
from regulars.tenants.queries import same_code


def ensure_group(*, business: Business, code: str) -> MemberGroup:
    """The group with this code, without regard to case. An unknown one is made, named like its code.

    Raises:
        InvalidInput: the code is empty or too long.
    """
    code = _clean_code(code)
    with scope(business=business):
        known = MemberGroup.objects.filter(same_code(code)).first()
        if known is not None:
            return known
        try:
            with transaction.atomic():
                return MemberGroup.objects.create(business=business, code=code, name=code)
        except IntegrityError:  # somebody made it at this moment
            return MemberGroup.objects.get(same_code(code))


def add_group(*, business: Business, code: str, name: str = "") -> MemberGroup:
    """A new group, named like its code unless said otherwise.

    Raises:
        InvalidInput: the code is empty, or a text too long.
        Conflict: the business has a group with this code.
    """
    code = _clean_code(code)
    name = clean_line(name, field="name", max_length=100) or code
    taken = Conflict(f"There is a group with code {code}.", fields={"code": "belongs to another group"})
    with scope(business=business):
        if MemberGroup.objects.filter(same_code(code)).exists():
            raise taken
        try:
            with transaction.atomic():
                return MemberGroup.objects.create(business=business, code=code, name=name)
        except IntegrityError as error:  # somebody made it at this moment
            raise taken from error


def _clean_code(code: str) -> str:
    return clean_text(code, field="group", max_length=50, required=True)
