"""The one table of the RPC dialect: thirteen kinds of records, each field with its type and where it lives.

Methods, filters, answers, documentation and tests are made from it (seed: "List of available API Calls").
"""

from __future__ import annotations

from regulars.api.rpc import extras
from regulars.api.rpc.entity import Entity, Field, Loaded
from regulars.api.rpc.types import (
    Day,
    Event,
    Flag,
    MemberRef,
    Moment,
    Number,
    Phone,
    Ref,
    Standing,
    Text,
    Whole,
)
from regulars.catalog import actions as catalog
from regulars.catalog.models import Sku, SkuCategory
from regulars.ledger import adjustments
from regulars.ledger.models import PointsAdjustment
from regulars.members import actions as members
from regulars.members.models import Member, MemberGroup
from regulars.promotions import actions as promotions
from regulars.promotions.models import EventPromotion, Promotion
from regulars.sales import actions as sales
from regulars.sales.models import Sale
from regulars.tenants.models import Branch, Staff
from regulars.vouchers import actions as vouchers
from regulars.vouchers import issuing
from regulars.vouchers.models import Precode, Voucher, VoucherIssue

_MOST_POINTS = 1_000_000_000
_BRANCH = Ref(model=Branch, kind="branch")
_GROUP = Ref(model=MemberGroup, kind="group", made=True)
_SKU = Ref(model=Sku, kind="SKU")
_CATEGORY = Ref(model=SkuCategory, kind="SKU category")
_VOUCHER = Ref(model=Voucher, kind="voucher")

BRANCH = Field("branch", _BRANCH, "branch__code", "branch_id")
GROUP = Field("group", _GROUP, "group__code", "group_id")
SKU = Field("sku_code", _SKU, "sku__code", "sku_id")
CODE = Field("code", Text(kind="code, unique without regard to case"), note="generated when left out")
_DATES = (Field("date_from", Day()), Field("date_to", Day()))
_STAMPS = (
    Field("date_added", Moment(), "created_at"),
    Field("date_modified", Moment(), "modified_at"),
)
_CARD = (
    ("points_balance", "points"),
    ("total_points_earned", "points_earned"),
    ("current_stamps", "stamps"),
    ("pending_rewards", "pending_rewards"),
)

MEMBER = Entity(
    title="member",
    model=Member,
    gets=("get_members", "get_member"),
    edits=("member",),
    fields=(
        Field("first_name", Text(), required=True),
        Field("last_name", Text(), required=True),
        Field("company_name", Text()),
        Field("email", Text(kind="e-mail address")),
        Field("cell", Phone(kind="phone, stored in international form")),
        Field("telephone", Text()),
        Field("date_of_birth", Day()),
        Field("street_address", Text()),
        Field("street_address2", Text()),
        Field("street_suburb", Text()),
        Field("street_city", Text()),
        Field("street_zipcode", Text()),
        Field("street_state", Text()),
        Field("optout_email", Flag()),
        Field("optout_text", Flag()),
        Field("optout_post", Flag()),
        CODE,
        Field("secondary_code", Text()),
        GROUP,
        Field("subscription_date_from", Day()),
        Field("subscription_date_to", Day()),
        BRANCH,
        Field("suspended", Flag()),
        *(
            Field(f"_metadata{number:02d}", Text(), f"metadata{number:02d}", note="the business's own use")
            for number in range(1, 10)
        ),
    ),
    computed=(
        *(Field(name, Whole(), f"card__{column}") for name, column in _CARD),
        Field("qr_code", Text(), "card__qr_code"),
        Field("last_visit", Moment(), "card__last_visit_at"),
        Field("date_added", Moment(), "joined_at"),
        Field("date_modified", Moment(), "modified_at"),
        Field("status", Standing(), "suspended", note="active or suspended"),
    ),
    add=extras.add_member,
    edit=members.edit_member,
    delete=extras.delete_member,
    added="joined_at",
    searched=(
        "name", "first_name", "last_name", "company_name", "email", "telephone", "cell", "street_zipcode",
    ),
    code_editable=True,
    also_called={"phone": "cell", "birthday": "date_of_birth"},
)  # fmt: skip

TRANSACTION = Entity(
    title="transaction",
    model=Sale,
    gets=("get_transactions", "get_transaction"),
    edits=("transaction",),
    fields=(
        Field("member", MemberRef(), "member__code", "member_id", required=True),
        Field("total_value", Number(signed=True), required=True, note="negative: a refund"),
        Field("transaction_date", Moment(), "occurred_at", erasable=False, note="now when left out"),
        Field("transaction_ref", Text()),
        CODE,
        SKU,
        Field("notes", Text()),
        Field("qty", Number(places=3, padded=False, signed=True)),
        Field("ex_tax_amount", Number(signed=True)),
        Field("tax_amount", Number(signed=True)),
        Field("tax_type", Text()),
        Field("grand_total", Number(signed=True)),
        Field("unit_price", Number(places=4, padded=False, signed=True)),
        BRANCH,
    ),
    computed=(
        Field("points", Whole(), note="what the promotions made it worth"),
        Field("points_balance", Whole(), "member__card__points"),
        *_STAMPS,
        Loaded("promotions", extras.sale_promotions, "code and points of each promotion that applied"),
    ),
    add=sales.add_sale,
    edit=sales.edit_sale,
    delete=sales.delete_sale,
    dated="occurred_at",
)

SKU_CODE = Entity(
    title="SKU code",
    model=Sku,
    gets=("get_sku_codes", "get_sku_code"),
    edits=("sku_code",),
    fields=(
        Field("name", Text(), required=True),
        Field("code", Text(kind="code, unique without regard to case"), required=True),
        Field("barcode", Text()),
        Field("options", Text()),
        Field("notes", Text()),
        Field("category", _CATEGORY, "category__code", "category_id"),
        Field("sales_price", Number()),
        Field("purchase_price", Number()),
        Field("archived", Flag()),
    ),
    computed=_STAMPS,
    add=catalog.add_sku,
    edit=catalog.edit_sku,
    delete=catalog.delete_sku,
)

SKU_CATEGORY = Entity(
    title="SKU category",
    model=SkuCategory,
    gets=("get_sku_categories", "get_sku_category"),
    edits=("sku_category",),
    fields=(Field("name", Text(), required=True), CODE, Field("refers_to", Text())),
    computed=_STAMPS,
    add=catalog.add_category,
    edit=catalog.edit_category,
    delete=catalog.delete_category,
)

POINTS = Entity(
    title="points record",
    model=PointsAdjustment,
    gets=("get_points", "get_point"),
    edits=("points",),
    fields=(
        Field("member", MemberRef(), "card__member__code", "member_id", required=True),
        Field(
            "points",
            Whole(least=-_MOST_POINTS, most=_MOST_POINTS),
            required=True,
            note="negative: taken from the member",
        ),
        CODE,
        Field("transaction_date", Moment(), "occurred_at", erasable=False, note="now when left out"),
        Field("internal_notes", Text()),
        BRANCH,
    ),
    computed=(
        Field("origin", Text(), note="manual, promotion or voucher"),
        Field("points_balance", Whole(), "card__points"),
        *_STAMPS,
    ),
    add=adjustments.add_adjustment,
    edit=adjustments.edit_adjustment,
    delete=adjustments.delete_adjustment,
    dated="occurred_at",
)

VOUCHER = Entity(
    title="voucher",
    model=Voucher,
    gets=("get_vouchers", "get_voucher"),
    edits=("voucher",),
    fields=(
        Field("name", Text(), required=True),
        Field("points_required", Whole(empty=0), note="taken from the balance for each code issued"),
        CODE,
        Field(
            "trigger_on_total_points_earned",
            Whole(none_at_zero=True),
            note="issues by itself at so many points earned",
        ),
        Field(
            "points_earned_in_months",
            Whole(most=1200, none_at_zero=True),
            note="months that count for the trigger",
        ),
        Field("voucher_details", Text(most=20_000)),
        Field("email_instructions", Text(most=20_000)),
        Field("available_for_self_selection", Flag()),
        Field("auto_allocate_on_event", Event(of_vouchers=True)),
        Field("limited_to_per_member", Whole(none_at_zero=True)),
        Field("optional_email_template", Text()),
        Field("expires_after_days", Whole(most=36_500)),
        Field("can_be_redeemed_for_points", Whole(empty=0), note="points credited on redemption"),
        Field("value", Number(empty=0)),
        Field(
            "value_type",
            Whole(empty=0, most=2),
            note="0 currency, 1 percent of the sale, 2 points turned into currency",
        ),
        Field("min_value", Number(), note="smallest sale that it may be used on"),
        SKU,
        *_DATES,
        GROUP,
        BRANCH,
    ),
    computed=_STAMPS,
    add=vouchers.add_voucher,
    edit=vouchers.edit_voucher,
    delete=vouchers.delete_voucher,
)

VOUCHER_ISSUED = Entity(
    title="issued voucher",
    model=VoucherIssue,
    gets=("get_vouchers_issued", "get_voucher_issued"),
    edits=("voucher_issued",),
    fields=(
        Field("voucher", _VOUCHER, "voucher__code", "voucher_id", required=True),
        Field("qty", Whole(least=1, most=10_000), required=True),
        Field("member", MemberRef(), "member__code", "member_id", note="left out: whoever bears it"),
        Field("transaction_date", Moment(), "occurred_at", erasable=False, note="now when left out"),
        CODE,
        Field("points_used", Whole(), note="instead of what the voucher requires"),
        BRANCH,
        Field("force_value", Number(), filters=False, note="overrides the value of the voucher"),
    ),
    computed=(
        *_STAMPS,
        Loaded("voucher_codes", extras.voucher_codes, "each code with its value, status and dates"),
    ),
    add=issuing.issue_voucher,
    edit=issuing.edit_issue,
    delete=issuing.delete_issue,
    dated="occurred_at",
)

VOUCHER_PRECODE = Entity(
    title="pre-loaded voucher code",
    model=Precode,
    gets=("get_vouchers_precodes", "get_vouchers_precode", "get_voucher_precodes", "get_voucher_precode"),
    edits=("voucher_precode", "vouchers_precode"),
    fields=(
        Field("code", Text(kind="code, unique without regard to case"), required=True),
        Field("voucher", _VOUCHER, "voucher__code", "voucher_id", required=True),
    ),
    computed=(Field("used_at", Moment(), note="when it was issued"), *_STAMPS),
    add=vouchers.add_precode,
    edit=vouchers.edit_precode,
    delete=vouchers.delete_precode,
)

USER = Entity(
    title="user",
    model=Staff,
    gets=("get_users", "get_user"),
    edits=("user",),
    fields=(
        Field("name", Text(), required=True),
        Field("email", Text(kind="e-mail address"), "user__email", "email", required=True),
        CODE,
        Field("disable_backoffice_access", Flag()),
        BRANCH,
    ),
    computed=(Field("role", Text(), note="owner or staff"), *_STAMPS),
    add=extras.add_user,
    edit=extras.edit_user,
    delete=extras.delete_user,
)

BRANCHES = Entity(
    title="branch",
    model=Branch,
    gets=("get_branches", "get_branch"),
    edits=("branch",),
    fields=(Field("name", Text()), CODE),
    computed=(
        Field("address", Text()),
        Field("city", Text()),
        Field("is_active", Flag()),
        *_STAMPS,
    ),
    add=extras.add_branch,
    edit=extras.edit_branch,
    delete=extras.delete_branch,
)

PROMOTION = Entity(
    title="promotion",
    model=Promotion,
    gets=(
        "get_promotions", "get_promotion",
        "get_transactional_promotions", "get_transactional_promotion",
    ),
    edits=("promotion", "transactional_promotion"),
    fields=(
        Field("name", Text()),
        Field(
            "percent_of_spend", Number(places=4, padded=False), required=True, note="points per 100 of spend"
        ),
        Field("fixed_points_value", Whole(empty=0), note="points on top, for each sale"),
        GROUP,
        *_DATES,
        SKU,
        Field("category", _CATEGORY, "category__code", "category_id"),
        CODE,
        BRANCH,
    ),
    computed=_STAMPS,
    add=promotions.add_promotion,
    edit=promotions.edit_promotion,
    delete=promotions.delete_promotion,
)  # fmt: skip

EVENT_PROMOTION = Entity(
    title="non-transactional promotion",
    model=EventPromotion,
    gets=("get_non_transactional_promotions", "get_non_transactional_promotion"),
    edits=("non_transactional_promotion",),
    fields=(
        Field("name", Text()),
        Field("points_to_award", Whole(most=_MOST_POINTS), required=True),
        CODE,
        GROUP,
        *_DATES,
        Field("auto_allocate_on_event", Event()),
        Field("quickscan_function", Text()),
        BRANCH,
    ),
    computed=_STAMPS,
    add=promotions.add_event_promotion,
    edit=promotions.edit_event_promotion,
    delete=promotions.delete_event_promotion,
)

ENTITIES = (
    MEMBER,
    TRANSACTION,
    SKU_CODE,
    SKU_CATEGORY,
    POINTS,
    VOUCHER,
    VOUCHER_ISSUED,
    VOUCHER_PRECODE,
    USER,
    BRANCHES,
    PROMOTION,
    EVENT_PROMOTION,
)
