"""For each kind of record: a call that uses every field, and what each field may not hold."""

from __future__ import annotations

from tests.rpc.till import Till

Fields = dict[str, str]

# Kinds that others refer to come first.
ORDER = (
    "branch", "sku_category", "sku_code", "member", "voucher", "promotion", "transactional_promotion",
    "non_transactional_promotion", "transaction", "points", "voucher_issued", "voucher_precode", "user",
)  # fmt: skip


def full(mark: str) -> dict[str, Fields]:
    """A record of each kind with all its fields, which refer to each other. `mark` keeps two sets apart."""
    number = sum(map(ord, mark)) % 1000
    promotion = {
        "name": f"Ten {mark}",
        "percent_of_spend": "10",
        "fixed_points_value": "3",
        "group": f"Gold {mark}",
        "date_from": "2020-01-01",
        "date_to": "2099-12-31",
        "sku_code": f"BREW-{mark}",
        "category": f"HOT-{mark}",
        "branch": f"HARBOUR-{mark}",
    }
    return {
        "branch": {"name": f"Harbour {mark}", "code": f"HARBOUR-{mark}"},
        "sku_category": {"name": f"Hot drinks {mark}", "code": f"HOT-{mark}", "refers_to": f"Group {mark}"},
        "sku_code": {
            "name": f"Filter {mark}",
            "code": f"BREW-{mark}",
            "barcode": f"501234{number}",
            "options": f"small, large {mark}",
            "notes": f"Every morning {mark}",
            "category": f"HOT-{mark}",
            "sales_price": f"{number}.20",
            "purchase_price": f"{number}.10",
            "archived": "0",
        },
        "member": {
            "first_name": f"Nora {mark}",
            "last_name": f"Whitfield {mark}",
            "company_name": f"Whitfield & Sons {mark}",
            "email": f"nora.{mark.lower()}@whitfield.example",
            "cell": f"+9198765{number:05d}",
            "telephone": f"080 555 {number}",
            "date_of_birth": f"19{number % 50 + 40}-12-24",
            "street_address": f"1 Quay {mark}",
            "street_address2": f"Floor {mark}",
            "street_suburb": f"Docks {mark}",
            "street_city": f"Port {mark}",
            "street_zipcode": f"Z{number}",
            "street_state": f"Coast {mark}",
            "optout_email": "1",
            "optout_text": "1",
            "optout_post": "1",
            "code": f"CARD-{mark}",
            "secondary_code": f"OLD-{mark}",
            "group": f"Gold {mark}",
            "subscription_date_from": "2021-01-01",
            "subscription_date_to": "2098-01-01",
            "branch": f"HARBOUR-{mark}",
            "suspended": "0",
            **{f"_metadata{digit:02d}": f"note {digit} {mark}" for digit in range(1, 10)},
        },
        "voucher": {
            "name": f"Five off {mark}",
            "points_required": "5",
            "code": f"FIVE-{mark}",
            "trigger_on_total_points_earned": "900000",
            "points_earned_in_months": "12",
            "voucher_details": f"Details {mark}",
            "email_instructions": f"Show it {mark}",
            "available_for_self_selection": "1",
            "auto_allocate_on_event": "birthday",
            "limited_to_per_member": "50",
            "optional_email_template": f"template {mark}",
            "expires_after_days": "30",
            "can_be_redeemed_for_points": "7",
            "value": "5.00",
            "value_type": "0",
            "min_value": "10.00",
            "sku_code": f"BREW-{mark}",
            "date_from": "2020-01-01",
            "date_to": "2099-12-31",
            "group": f"Gold {mark}",
            "branch": f"HARBOUR-{mark}",
        },
        "promotion": promotion | {"code": f"TEN-{mark}"},
        "transactional_promotion": promotion | {"code": f"TEN2-{mark}"},
        "non_transactional_promotion": {
            "name": f"Birthday {mark}",
            "points_to_award": "25",
            "code": f"DAY-{mark}",
            "group": f"Gold {mark}",
            "date_from": "2020-01-01",
            "date_to": "2099-12-31",
            "auto_allocate_on_event": "birthday",
            "quickscan_function": "3,5,10",
            "branch": f"HARBOUR-{mark}",
        },
        "transaction": {
            "member": f"CARD-{mark}",
            "total_value": f"{number}.80",
            "transaction_date": "2026-03-31 17:45:00",
            "transaction_ref": f"TILL-{mark}",
            "code": f"SALE-{mark}",
            "sku_code": f"BREW-{mark}",
            "notes": f"With milk {mark}",
            "qty": "2.5",
            "ex_tax_amount": f"{number}.60",
            "tax_amount": "0.20",
            "tax_type": f"VAT {mark}",
            "grand_total": f"{number}.80",
            "unit_price": "1.2345",
            "branch": f"HARBOUR-{mark}",
        },
        "points": {
            "member": f"CARD-{mark}",
            "points": f"{number + 1000}",
            "code": f"GIFT-{mark}",
            "transaction_date": "2026-03-31 18:00:00",
            "internal_notes": f"For the wait {mark}",
            "branch": f"HARBOUR-{mark}",
        },
        "voucher_issued": {
            "voucher": f"FIVE-{mark}",
            "qty": "2",
            "member": f"CARD-{mark}",
            "transaction_date": "2026-03-31 18:15:00",
            "code": f"ISSUE-{mark}",
            "points_used": "4",
            "branch": f"HARBOUR-{mark}",
            "force_value": "6.50",
        },
        "voucher_precode": {"code": f"PRE-{mark}", "voucher": f"FIVE-{mark}"},
        "user": {
            "name": f"Tom {mark}",
            "email": f"tom.{mark.lower()}@harbour.example",
            "code": f"TOM-{mark}",
            "disable_backoffice_access": "1",
            "branch": f"HARBOUR-{mark}",
        },
    }


def open_shop(till: Till, mark: str) -> dict[str, Fields]:
    """Add the whole set, each record by its own method, and return what was sent."""
    sent = full(mark)
    for kind in ORDER:
        till.call(f"add_{kind}", sent[kind])
    return sent


# Values that a field of this name cannot hold.
_BAD: dict[str, tuple[str, ...]] = {
    "email": ("nora@", "no address"),
    "cell": ("12", "call me"),
    "code": ("x" * 51,),
    "qty": ("many", "1e3"),
    "points": ("ten", "1.5", "99999999999999"),
    "points_required": ("-1", "five"),
    "trigger_on_total_points_earned": ("-1", "lots"),
    "points_earned_in_months": ("-1", "a year"),
    "limited_to_per_member": ("-1", "one"),
    "expires_after_days": ("-1", "soon"),
    "can_be_redeemed_for_points": ("-1", "x"),
    "value_type": ("3", "percent"),
    "fixed_points_value": ("-1", "x"),
    "points_to_award": ("-1", "x"),
    "points_used": ("-1", "x"),
    "auto_allocate_on_event": ("doomsday", "10"),
    "quickscan_function": ("calc max:3", "-5"),
}
_MONEY = ("free", "1.234", "12,50", "1e5")
_MONEY_FIELDS = {
    "total_value", "ex_tax_amount", "tax_amount", "grand_total", "sales_price", "purchase_price", "value",
    "min_value", "force_value",
}  # fmt: skip
_DATES = {
    "date_of_birth", "subscription_date_from", "subscription_date_to", "transaction_date", "date_from",
    "date_to",
}  # fmt: skip
_FLAGS = {
    "optout_email", "optout_text", "optout_post", "suspended", "archived", "available_for_self_selection",
    "disable_backoffice_access",
}  # fmt: skip
REFERENCES = {"member", "branch", "sku_code", "category", "voucher"}


def bad_values(kind: str, field: str) -> tuple[str, ...]:
    """What a field of a kind is sent in vain."""
    known = dict.fromkeys(REFERENCES, ()) | _BAD
    known |= dict.fromkeys(_MONEY_FIELDS, _MONEY)
    known |= dict.fromkeys(("percent_of_spend", "unit_price"), ("free", "1.23456"))
    known |= dict.fromkeys(_DATES, ("tomorrow", "2026-02-30", "31/03/2026"))
    known |= dict.fromkeys(_FLAGS, ("maybe", "2"))
    return known.get(field, ("x" * 20_001, "bell \x07"))
