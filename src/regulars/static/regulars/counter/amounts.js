// Amounts as people type them. It comes when somebody has typed one.

import { decimalMark } from "./texts.js";

/** What people typed as an amount, as plain text with a point; empty for what is none, or could be two. */
export function amountOf(typed, currency) {
  const group = decimalMark === "," ? "." : ",";
  const sign = /^(Rs\.?|R(?=\$))?\s*\p{Sc}?\s*|\s*\p{Sc}$/giu;
  const bare = typed.replace(currency, "").trim().replace(sign, "").replace(/[\s'’](?=\d{3}(?!\d))/g, "");
  const grouped = new RegExp(`^[1-9]\\d{0,2}([${group}]\\d{2,3})*[${group}]\\d{3}([${decimalMark}]\\d{0,2})?$`);
  const plain = (grouped.test(bare) ? bare.replaceAll(group, "") : bare).replace(",", ".");
  return /^\d*(\.\d{0,2})?$/.test(plain) && Number(plain) > 0 ? plain.replace(/\.$/, "") : "";
}
