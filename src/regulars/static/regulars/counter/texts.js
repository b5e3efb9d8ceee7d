// The page's texts come from the server in its language; here they get their numbers, names and times.

const page = document.documentElement;
export const language = page.lang || "en";
const texts = JSON.parse(document.getElementById("texts").textContent);
const place = language === "pt" ? "pt-PT" : language; // our Portuguese is Portugal's
const plurals = new Intl.PluralRules(language);

/** A text with `{name}` filled in. A text with forms takes the one that fits `n`. */
export function text(key, values = {}) {
  let found = texts[key] ?? key;
  if (typeof found === "object") {
    found = plurals.select(values.n) === "one" ? found.one : found.other;
  }
  return found.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    return typeof value === "number" ? number(value) : isolated(value ?? whole);
  });
}

/** A name that is written from right to left keeps to itself among words that are not. */
export function isolated(value) {
  return /[\u0590-\u08ff]/.test(value) ? `\u2068${value}\u2069` : value;
}

export function number(value) {
  return new Intl.NumberFormat(place).format(value);
}

/** An amount, given as plain text with a point, the way people here write it. */
export function money(amount, currency) {
  if (!currency) {
    return amount;
  }
  const there = currency === "BRL" ? language : place; // Brazil writes its own before the number
  return new Intl.NumberFormat(there, { style: "currency", currency, currencyDisplay: "narrowSymbol" }).format(Number(amount));
}

/** A time of day as the server writes it, in the business's time zone, with its day when that is not today. */
export function clock(when, { timezone }) {
  const told = (form, at) => new Intl.DateTimeFormat(place, { ...form, timeZone: timezone }).format(at);
  const at = new Date(when);
  const time = told({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }, at);
  const day = { dateStyle: "medium" };
  return told(day, at) === told(day, new Date()) ? time : `${told(day, at)}, ${time}`;
}

/** A long code in groups of four, for those who compare it with a card. */
export function grouped(code) {
  return code.replace(/.{4}(?=.)/g, "$& ");
}

/** How people here separate the decimals. */
export const decimalMark = new Intl.NumberFormat(place)
  .formatToParts(1.5)
  .find((part) => part.type === "decimal").value;

export function newId() {
  if (crypto.randomUUID) {
    return crypto.randomUUID();
  }
  // Over plain HTTP browsers keep randomUUID back, but not randomness.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
