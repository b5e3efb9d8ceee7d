"""Members and their groups. The fields are those of the RPC dialect, shared by both dialects."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now, Upper
from django_scopes import ScopedManager

from regulars.tenants.models import Branch, Business


class MemberGroup(models.Model):
    """A named set of members, such as "Gold". One with a measure is a tier, reached by itself."""

    class Measure(models.TextChoices):
        """What lifts members into a tier."""

        POINTS = "points", "Points earned"
        VISITS = "visits", "Visits"

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    code = models.CharField(max_length=50)
    name = models.CharField(max_length=100)
    # Empty: nobody comes in or leaves but by hand.
    measure = models.CharField(max_length=10, choices=Measure.choices, blank=True)
    # From how much of it, and within how many months; empty: ever.
    threshold = models.PositiveIntegerField(null=True, blank=True)
    window_months = models.PositiveSmallIntegerField(null=True, blank=True)
    # Whoever falls below keeps it.
    stays = models.BooleanField(default=False)

    objects: ClassVar[models.Manager[MemberGroup]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.UniqueConstraint("business", Upper("code"), name="member_group_code_unique"),
            models.CheckConstraint(
                condition=Q(measure="", threshold__isnull=True)
                | Q(measure__in=("points", "visits"), threshold__gte=1),
                name="member_group_measure",
            ),
        )

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
    # Somebody put them into their group, or took them out of all: no tier moves them.
    group_by_hand = models.BooleanField(default=False, db_default=False)
    subscription_date_from = models.DateField(null=True, blank=True)
    subscription_date_to = models.DateField(null=True, blank=True)
    branch = models.ForeignKey(Branch, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    suspended = models.BooleanField(default=False)
    # What their pages and messages speak: one of `rules.languages.LANGUAGES`; empty: the business's.
    language = models.CharField(max_length=5, blank=True)
    # When somebody with access to the mailbox opened a link sent to `email`; empty again when it changes.
    email_confirmed_at = models.DateTimeField(null=True, blank=True)
    # Nobody of the shop saw who typed the name and the address.
    joined_by_page = models.BooleanField(default=False, db_default=False)
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
            # In these orders members are listed.
            models.Index(fields=("business", "name", "id"), name="member_named"),
            models.Index(fields=("business", "joined_at", "id"), name="member_joined"),
            models.Index(fields=("business", "cell"), name="member_cell", condition=~Q(cell="")),
            models.Index(fields=("business", "email"), name="member_email", condition=~Q(email="")),
            models.Index(
                "business",
                Upper("secondary_code"),
                name="member_secondary_code",
                condition=~Q(secondary_code=""),
            ),
            # Who may be the same person: the same name on the same birthday.
            models.Index(
                "business",
                "date_of_birth",
                Upper("name"),
                name="member_born_and_named",
                condition=Q(date_of_birth__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.name

    def told_names(self, *, was_here: bool = False) -> dict[str, str]:
        """`first_name`, `last_name` and `name`, as messages to their contacts may tell them.

        Empty while a stranger may have typed them: whoever joins by the page types any name and anybody's
        address, and that name goes nowhere before somebody who reads the mail confirmed it, or staff gave
        something to whoever has the card (`was_here`). Names that the shop or one of its programs entered
        are told.
        """
        theirs = not self.joined_by_page or was_here or self.email_confirmed_at is not None
        names = {"first_name": self.first_name, "last_name": self.last_name, "name": self.name}
        return names if theirs else dict.fromkeys(names, "")


class MergedMember(models.Model):
    """Who a record was that was merged into another of the same person (docs/decisions/0022).

    It is no member any more, so that nothing that goes through members meets it. `id` is the one it had as a
    member; its codes and contacts still find `member`, who has everything of it since then. `profile` is
    what was known of it beside them, `brought` what lay on its card.
    """

    id = models.BigIntegerField(primary_key=True)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    # Empty when they had taken over that of a record merged into them, which goes on finding them.
    code = models.CharField(max_length=50, blank=True)
    secondary_code = models.CharField(max_length=50, blank=True)
    name = models.CharField(max_length=200)
    email = models.CharField(max_length=254, blank=True)
    cell = models.CharField(max_length=20, blank=True)
    profile = models.JSONField(default=dict)
    brought = models.JSONField(default=dict)
    merged_at = models.DateTimeField()

    objects: ClassVar[models.Manager[MergedMember]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                "business", Upper("code"), name="merged_member_code_unique", condition=~Q(code="")
            ),
        )
        indexes = (
            models.Index(
                "business",
                Upper("secondary_code"),
                name="merged_member_secondary_code",
                condition=~Q(secondary_code=""),
            ),
            models.Index(fields=("business", "email"), name="merged_member_email", condition=~Q(email="")),
            models.Index(fields=("business", "cell"), name="merged_member_cell", condition=~Q(cell="")),
        )

    def __str__(self) -> str:
        return self.name


class SavedSegment(models.Model):
    """Members whom a search finds, under a name. `filters` are those of `segments.FILTERS`."""

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=100)
    filters = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())
    modified_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager[SavedSegment]] = ScopedManager(business="business")

    class Meta:
        constraints = (models.UniqueConstraint("business", Upper("name"), name="saved_segment_name_unique"),)

    def __str__(self) -> str:
        return self.name


class FieldLabel(models.Model):
    """How a business calls one of the nine fields of its own, `metadata01` to `metadata09`."""

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    field = models.CharField(max_length=10)
    label = models.CharField(max_length=60)

    objects: ClassVar[models.Manager[FieldLabel]] = ScopedManager(business="business")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("business", "field"), name="field_label_unique"),)

    def __str__(self) -> str:
        return self.label


class Consent(models.Model):
    """What a member agreed to or took back, in the words that they saw. Only added to."""

    class Purpose(models.TextChoices):
        """What for."""

        PROGRAMME = "programme"
        EMAIL = "email"
        TEXT = "text"
        POST = "post"

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    given = models.BooleanField()
    text = models.TextField(blank=True)
    # Where: "join", "card", "microsite", "counter", "confirmed" (the link of a double opt-in), "unsubscribe".
    source = models.CharField(max_length=20)
    at = models.DateTimeField()

    objects: ClassVar[models.Manager[Consent]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(purpose__in=("programme", "email", "text", "post")), name="consent_purpose_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.purpose}: {self.given}"


class CardAlias(models.Model):
    """A card code given to somebody who joined with the contact of a member.

    Nobody but the member may learn that there is one, so the code shows an empty card until it is
    confirmed: by a link sent to the member, or at the counter. From then on it is the member's card.
    """

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    qr_code = models.CharField(max_length=32, unique=True)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    # As typed by whoever joined.
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(db_default=Now())
    confirmed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[CardAlias]] = ScopedManager(business="business")

    def __str__(self) -> str:
        return self.qr_code


class BlankCard(models.Model):
    """The code of a printed card that belongs to nobody yet, or to whom it was given."""

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    qr_code = models.CharField(max_length=32, unique=True)
    number = models.PositiveIntegerField()
    printed_at = models.DateTimeField(db_default=Now())
    # Empty again when the member is erased; `used_at` stays, so that the code is never given twice.
    member = models.ForeignKey(Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    used_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[BlankCard]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("business", "number"), name="blank_card_number_unique"),
        )

    def __str__(self) -> str:
        return self.qr_code
