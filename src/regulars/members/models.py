"""Members and their groups. The fields are those of the RPC dialect, shared by both dialects."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now, Upper
from django_scopes import ScopedManager

from regulars.tenants.models import Branch, Business


class MemberGroup(models.Model):
    """A named set of members, such as "Gold"."""

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    code = models.CharField(max_length=50)
    name = models.CharField(max_length=100)

    objects: ClassVar[models.Manager[MemberGroup]] = ScopedManager(business="business")

    class Meta:
        constraints = (models.UniqueConstraint("business", Upper("code"), name="member_group_code_unique"),)

    def __str__(self) -> str:
        return self.name


class Member(models.Model):
    """A customer in a programme. `name` is kept as given; first and last name are its two parts."""

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    code = models.CharField(max_length=50)
    secondary_code = models.CharField(max_length=50, blank=True)
    name = models.CharField(max_length=200)
    first_name = models.CharField(max_length=200, blank=True)
    last_name = models.CharField(max_length=200, blank=True)
    company_name = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True)
    cell = models.CharField(max_length=20, blank=True, help_text="E.164")
    telephone = models.CharField(max_length=40, blank=True)
    date_of_birth = models.DateField(null=True, blank=True)
    street_address = models.CharField(max_length=300, blank=True)
    street_address2 = models.CharField(max_length=300, blank=True)
    street_suburb = models.CharField(max_length=100, blank=True)
    street_city = models.CharField(max_length=100, blank=True)
    street_zipcode = models.CharField(max_length=20, blank=True)
    street_state = models.CharField(max_length=100, blank=True)
    optout_email = models.BooleanField(default=False)
    optout_text = models.BooleanField(default=False)
    optout_post = models.BooleanField(default=False)
    group = models.ForeignKey(MemberGroup, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    subscription_date_from = models.DateField(null=True, blank=True)
    subscription_date_to = models.DateField(null=True, blank=True)
    branch = models.ForeignKey(Branch, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    suspended = models.BooleanField(default=False)
    metadata01 = models.CharField(max_length=500, blank=True)
    metadata02 = models.CharField(max_length=500, blank=True)
    metadata03 = models.CharField(max_length=500, blank=True)
    metadata04 = models.CharField(max_length=500, blank=True)
    metadata05 = models.CharField(max_length=500, blank=True)
    metadata06 = models.CharField(max_length=500, blank=True)
    metadata07 = models.CharField(max_length=500, blank=True)
    metadata08 = models.CharField(max_length=500, blank=True)
    metadata09 = models.CharField(max_length=500, blank=True)
    # Lower-case name, e-mail and phone in one column: what a search looks through.
    search_text = models.CharField(max_length=700, blank=True)
    joined_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())
    modified_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager[Member]] = ScopedManager(business="business")

    class Meta:
        constraints = (models.UniqueConstraint("business", Upper("code"), name="member_code_unique"),)
        indexes = (
            models.Index(fields=("business", "id"), name="member_business_id"),
            models.Index(fields=("business", "cell"), name="member_cell", condition=~Q(cell="")),
            models.Index(fields=("business", "email"), name="member_email", condition=~Q(email="")),
            models.Index(
                "business",
                Upper("secondary_code"),
                name="member_secondary_code",
                condition=~Q(secondary_code=""),
            ),
        )

    def __str__(self) -> str:
        return self.name
