"""What the published description of the RPC dialect lists: every call with its fields."""

from __future__ import annotations

from dataclasses import dataclass

_MEMBER = (
    "first_name last_name company_name email cell telephone date_of_birth street_address street_address2 "
    "street_suburb street_city street_zipcode street_state optout_email optout_text optout_post code "
    "secondary_code group subscription_date_from subscription_date_to branch suspended "
    + " ".join(f"_metadata{number:02d}" for number in range(1, 10))
)
_SALE = (
    "member total_value transaction_date transaction_ref code sku_code notes qty ex_tax_amount tax_amount "
    "tax_type grand_total unit_price branch"
)
_SKU = "name code barcode options notes category sales_price purchase_price archived"
_POINTS = "member points code transaction_date internal_notes branch"
_VOUCHER = (
    "name points_required code trigger_on_total_points_earned points_earned_in_months voucher_details "
    "email_instructions available_for_self_selection auto_allocate_on_event limited_to_per_member "
    "optional_email_template expires_after_days can_be_redeemed_for_points value value_type min_value "
    "sku_code date_from date_to group branch"
)
_ISSUE = "voucher qty member transaction_date code points_used branch"
_USER = "name email code disable_backoffice_access branch"
_PROMOTION = "name percent_of_spend fixed_points_value group date_from date_to sku_code category code branch"
_EVENT = "name points_to_award code group date_from date_to auto_allocate_on_event quickscan_function branch"


@dataclass(frozen=True)
class Kind:
    """A kind of record: the names of its calls, and its fields."""

    gets: tuple[str, ...]
    name: str
    fields: tuple[str, ...]
    required: tuple[str, ...]
    only_searched: tuple[str, ...] = ()
    only_written: tuple[str, ...] = ()
    only_edited: tuple[str, ...] = ()


def _kind(gets: str, name: str, fields: str, required: str, **more: tuple[str, ...]) -> Kind:
    return Kind(tuple(gets.split()), name, tuple(fields.split()), tuple(required.split()), **more)


KINDS = (
    _kind("get_member get_members", "member", _MEMBER, "first_name last_name"),
    _kind("get_transaction get_transactions", "transaction", _SALE, "member total_value"),
    _kind("get_sku_code get_sku_codes", "sku_code", _SKU, "name code"),
    _kind("get_sku_category get_sku_categories", "sku_category", "name code refers_to", "name"),
    _kind("get_points", "points", _POINTS, "member points"),
    _kind("get_voucher get_vouchers", "voucher", _VOUCHER, "name"),
    _kind(
        "get_vouchers_issued",
        "voucher_issued",
        _ISSUE,
        "voucher qty",
        only_searched=("voucher_code",),
        only_written=("force_value",),
        only_edited=("voucher_code",),
    ),
    _kind("get_vouchers_precode get_vouchers_precodes", "voucher_precode", "code voucher", "code voucher"),
    _kind("get_user get_users", "user", _USER, "name email"),
    _kind("get_branch get_branches", "branch", "name code", ""),
    _kind("get_promotion get_promotions", "promotion", _PROMOTION, "percent_of_spend"),
    _kind(
        "get_transactional_promotion get_transactional_promotions",
        "transactional_promotion",
        _PROMOTION,
        "percent_of_spend",
    ),
    _kind(
        "get_non_transactional_promotion get_non_transactional_promotions",
        "non_transactional_promotion",
        _EVENT,
        "points_to_award",
    ),
)

# Both spellings, though the description prints one of them only.
ALSO = ("get_voucher_issued", "get_voucher_precode", "get_voucher_precodes")
ALONE = ("redeem_voucher_code", "verify_api")
SEARCHED = ["first_name", "last_name", "company_name", "email", "telephone", "cell", "street_zipcode"]


def methods() -> set[str]:
    """All calls."""
    made = {*ALSO, *ALONE}
    for kind in KINDS:
        made |= {*kind.gets, *(f"{verb}_{kind.name}" for verb in ("add", "edit", "delete"))}
    return made
