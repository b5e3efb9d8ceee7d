"""The programme of programme.php in Python: other ways of sending, JSON answers, the same sights.

Called with the address, the key and the authority's certificate. Prints what it saw as JSON.
"""

from __future__ import annotations

import json
import ssl
import sys
import time
import urllib.parse
import urllib.request
from typing import Any

URL, KEY, AUTHORITY = sys.argv[1:]
SECURE = ssl.create_default_context(cafile=AUTHORITY)
seen: dict[str, Any] = {}


def day(ahead: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + ahead * 86_400))


def call(method: str, fields: dict[str, Any] | None = None, **options: Any) -> Any:
    """The error, or the rows, or the status when the answer has no rows. Reads with GET, else a form."""
    pairs = {
        "api_key": KEY,
        "api_time": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime()),
        "api_method": method,
    }
    sent = {f"global[{name}]": value for name, value in (pairs | options | {"api_format": "json"}).items()}
    sent |= {f"global[fields][{name}]": value for name, value in (fields or {}).items()}
    form = urllib.parse.urlencode(sent)
    reads = method.startswith("get_")
    address, body = (f"{URL}?{form}", None) if reads else (URL, form.encode())
    with urllib.request.urlopen(address, body, context=SECURE) as response:  # noqa: S310 - ours
        answer = json.load(response)
    return answer.get("error") or answer.get("data", answer.get("status"))


def code(method: str, fields: dict[str, Any], **options: Any) -> str:
    rows = call(method, fields, **options)
    if not isinstance(rows, list):
        sys.exit(f"{method}: {rows}")
    return str(rows[0]["code"])


def balance(member: str) -> int:
    return int(call("get_members", {"code": member})[0]["points_balance"])


def refusal(method: str, fields: dict[str, Any]) -> str:
    return str(call(method, fields))[:3]


def shop() -> tuple[str, str, str]:
    """Branch, SKU and voucher."""
    seen["verify"] = call("verify_api")
    branch = code("add_branch", {"name": "Main Street"})
    category = code("add_sku_category", {"name": "Coffee", "refers_to": "drinks"})
    sku = code(
        "add_sku_code", {"name": "Flat White", "code": "FW-1", "category": category, "sales_price": "3.80"}
    )
    seen["sku"] = sku
    code("add_promotion", {"name": "10 points per 100", "percent_of_spend": 10})
    coffee = {"name": "Coffee week", "percent_of_spend": 0, "fixed_points_value": 5, "sku_code": sku}
    code("add_transactional_promotion", coffee)
    welcome = {"name": "Welcome", "points_to_award": 20, "auto_allocate_on_event": "signup"}
    code("add_non_transactional_promotion", welcome)
    five = {
        "name": "5.00 off",
        "points_required": 50,
        "value": "5.00",
        "value_type": 0,
        "expires_after_days": 90,
    }
    voucher = code("add_voucher", five)
    code("add_voucher_precode", {"code": "PRINTED-1", "voucher": voucher})
    seen["user"] = call("get_user")[0]["name"]
    return branch, sku, voucher


def people(branch: str) -> tuple[str, str]:
    """Two members."""
    of_bob = {
        "first_name": "Bob", "last_name": "O'Neill & <Söhne>", "email": "bob@example.com",
        "cell": "+12025550123", "date_of_birth": "1980-02-29", "group": "staff", "branch": branch,
    }  # fmt: skip
    bob = code("add_member", of_bob)
    mary = code("add_member", {"first_name": "Mary", "last_name": "Jones", "code": "CARD-7"})
    seen["members"] = [row["last_name"] for row in call("get_members")]
    seen["search"] = [row["code"] for row in call("get_members", member_search="söhne")] == [bob]
    seen["wildcard"] = [row["code"] for row in call("get_member", {"last_name": "jon*"})]
    seen["signup"] = balance(bob)
    seen["missing"] = refusal("add_member", {"first_name": "Nobody"})
    again = {"first_name": "Mary", "last_name": "Jones", "code": "card-7"}
    seen["duplicate"] = refusal("add_member", again)
    code("add_member", {**again, "code": "CARD-7", "last_name": "Smith-Jones"}, edit_duplicates=1)
    seen["edited"] = call("get_members", {"code": "CARD-7"})[0]["last_name"]
    code("edit_member", {"code": "NEW-9", "email": "bob@example.com"}, code_editable=1)
    seen["recoded"] = call("get_members", {"email": "bob@example.com"})[0]["code"]
    return "NEW-9", mary


def sales(bob: str, branch: str, sku: str) -> None:
    first = {"member": bob, "total_value": "255.99", "transaction_ref": "T-1", "branch": branch}
    sale = code("add_transaction", first)
    seen["sale"] = balance(bob)
    coffee = {"member": "bob@example.com", "total_value": "3.80", "sku_code": sku, "qty": 1}
    second = code("add_transaction", coffee)
    seen["coffee"] = balance(bob)
    code("edit_transaction", {"code": sale, "total_value": "155.99"})
    seen["corrected"] = balance(bob)
    seen["undone"] = call("delete_transaction", {"code": second})
    seen["after"] = balance(bob)
    code("add_points", {"member": bob, "points": 30, "internal_notes": "lost card"})
    seen["points"] = balance(bob)
    period = {"member": bob, "from_date": day(-2), "to_date": day(2)}
    seen["transactions"] = len(call("get_transactions", period))
    seen["unknown"] = refusal("add_transaction", {"member": "nobody", "total_value": "1"})


def vouchers(bob: str, voucher: str) -> None:
    (issue,) = call("add_voucher_issued", {"voucher": voucher, "qty": 1, "member": bob})
    seen["issued"] = len(issue["voucher_codes"])
    (found,) = call("get_vouchers_issued", {"code": issue["code"]})
    seen["printed"] = "PRINTED-1" in found["voucher_codes"][0].values()
    seen["paid"] = balance(bob)
    seen["poor"] = refusal("add_voucher_issued", {"voucher": voucher, "qty": 1, "member": bob})
    seen["value"] = call("redeem_voucher_code", {"voucher_code": "PRINTED-1"})[0]["value"]
    seen["again"] = refusal("redeem_voucher_code", {"voucher_code": "PRINTED-1"})


def retries(mary: str) -> None:
    eleven = {"member": mary, "points": 11}
    one = call("add_points", eleven, idempotency_key="till-7-0001")
    seen["retry"] = call("add_points", eleven, idempotency_key="till-7-0001") == one
    seen["mary"] = balance(mary)
    seen["deleted"] = call("delete_member", {"code": mary})
    seen["left"] = [row["code"] for row in call("get_members")]


def main() -> None:
    branch, sku, voucher = shop()
    bob, mary = people(branch)
    sales(bob, branch, sku)
    vouchers(bob, voucher)
    retries(mary)
    sys.stdout.write(json.dumps(seen, ensure_ascii=False))


if __name__ == "__main__":
    main()
