// The state "member": who it is, and what can be done for them.

import { Unreachable, post } from "./api.js";
import { decimalMark, grouped, money, number, text } from "./texts.js";

const NOBODY = {
  id: 0, name: "", code: "", contact: "", suspended: false, is_new: false, birthday_today: false, enrol_id: "",
  stamps: null, points: null, pending_rewards: 0, rewards: [], vouchers: [], offers: [], scratch_campaigns: [],
  scratch_cards: [], stamps_most: 0, buttons: [], free: [], sale: null,
  limits: { may_earn: true, again_at: null, left_today: null, text: "" },
  visits: { total: 0, today: 0, last_at: null, last_text: "" }, last: [],
};
// Nobody is here, and nothing is known of how they came.
const NOBODY_HERE = { who: NOBODY, scannedCode: "", scanId: "", reason: "", asOf: null, fromAddress: false, afterAll: "", askedFor: null };
const PLACES = 2; // decimals of money in the books, whatever the currency could have
const NO_STAMPS = { count: 0, goal: 0, to_go: 0, reward: "", text: "" };
const MOST_DOTS = 20;
const PANEL = "regulars-counter-panel";
const PREVIEW_AFTER = 160; // milliseconds after the last key
const LONGEST = 10;

export const member = () => ({
  who: NOBODY,
  scanId: "",
  asOf: null, // null: just asked; 0: nothing is known; else when it was
  panel: "",
  count: 1,
  amount: "",
  freeAt: 0,
  preview: null,
  reason: "",
  scannedCode: "",
  fromAddress: false, // whether an address led here that no operator scanned or typed
  afterAll: "", // what was done for them, as it turns out

  nobody: () => NOBODY,

  forgetWho() {
    Object.assign(this, NOBODY_HERE);
  },
  whoHere() {
    const { who, scannedCode, scanId, asOf, fromAddress } = this;
    return { who, scannedCode, scanId, asOf, fromAddress };
  },

  show(who, { scanId = "", asOf = null, focus = null, given = null, code = "", fromAddress = false } = {}) {
    this.forgetWho();
    this.who = this.inFront({ ...NOBODY, ...who }, focus);
    Object.assign(this, { scanId, asOf, fromAddress, scannedCode: code, count: 1, amount: "", preview: null, freeAt: 0 });
    this.afterAll = this.answeredNow();
    const kept = localStorage.getItem(PANEL);
    this.panel = this.panels.some((one) => one.name === kept) ? kept : (this.panels[0]?.name ?? "");
    this.screen = "member";
    this.guardBack();
    this.pauseCamera(true);
    this.say([this.who.name, this.afterAll || this.stamps.text].filter(Boolean).join(". "));
    if (given) {
      this.celebrateGiven(given);
    }
    this.focusOn("#who-name");
  },

  /** What was scanned stands first among what the member holds. */
  inFront(who, focus) {
    if (focus?.voucher) {
      const others = who.vouchers.filter((one) => one.code !== focus.voucher.code);
      return { ...who, vouchers: [focus.voucher, ...others] };
    }
    if (focus?.scratch_card) {
      const others = who.scratch_cards.filter((one) => one.token !== focus.scratch_card.token);
      return { ...who, scratch_cards: [focus.scratch_card, ...others] };
    }
    return who;
  },

  get known() {
    return this.who.id > 0;
  },
  get displayName() {
    return this.who.name || this.t("unknown_card");
  },
  get stamps() {
    return this.who.stamps ?? NO_STAMPS;
  },
  get memoryNote() {
    if (this.asOf === null) {
      return "";
    }
    return this.asOf ? text("as_of", { when: this.clock(this.asOf) }) : text("not_seen_before");
  },
  get waitingHere() {
    const { id, enrol_id } = this.who;
    const code = this.scannedCode;
    return this.unsent.filter(
      ({ body }) =>
        !["enrol", "scan"].includes(body.kind) &&
        ((id && body.member_id === id) || (code && body.code === code) || (enrol_id && body.enrol_id === enrol_id)),
    );
  },
  get mayEarn() {
    return this.who.limits.may_earn && !this.who.suspended;
  },
  get subline() {
    const { visits, is_new, contact, code } = this.who;
    const seen = is_new ? text("new_here") : visits.last_text ? text("last_visit", { when: visits.last_text }) : "";
    return [seen, contact, this.who.name ? code : grouped(code)].filter(Boolean).join(" · ");
  },

  get hasDots() {
    return this.stamps.goal > 0 && this.stamps.goal <= MOST_DOTS;
  },
  get dots() {
    const { count, goal } = this.stamps;
    const coming = this.panel === "stamps" && this.mayEarn ? this.count : 0;
    return Array.from({ length: goal }, (_, at) => ({
      at,
      look: [at < count ? "is-full" : at < count + coming ? "is-next" : "", at === goal - 1 ? "is-prize" : ""].join(" "),
      prize: at === goal - 1,
    }));
  },

  get panels() {
    const { stamps_most, buttons, free, sale } = this.who;
    const found = [];
    if (stamps_most > 0 || (buttons.length && !free.length && !sale)) {
      found.push({ name: "stamps", label: text(stamps_most > 0 ? "stamps_tab" : "points_tab") });
    }
    if (sale) {
      found.push({ name: "sale", label: text("sale_tab") });
    }
    if (free.length || (buttons.length && sale)) {
      found.push({ name: "points", label: text("points_tab") });
    }
    return found;
  },
  get buttonsHere() {
    const own = this.panels.some((one) => one.name === "points");
    return this.panel === (own ? "points" : "stamps") ? this.who.buttons : [];
  },
  get padHere() {
    return this.panel === "sale" || (this.panel === "points" && this.who.free.length > 0);
  },
  get nothingHere() {
    return this.panels.length === 0 && this.rewardCount === 0;
  },
  get nothingText() {
    return text(this.business.stamps || this.business.points ? "nothing_here" : "nothing_at_all");
  },
  // The server hands out the oldest reward, so only that one can be tapped.
  get nextReward() {
    return this.who.rewards[0] ?? { text: "", count: 0 };
  },
  get laterRewards() {
    const later = this.who.rewards.slice(1).map(({ text: what, count }) => `${number(count)} × ${what}`);
    return later.length ? text("then", { what: later.join(", ") }) : "";
  },
  get rewardCount() {
    return this.who.rewards.length;
  },
  get ticketCount() {
    return this.rewardCount + this.who.vouchers.length + this.who.scratch_cards.length;
  },
  get hasReasons() {
    return this.settings.reasons.length > 0 && this.panels.length > 0;
  },
  get hasSomebody() {
    return Boolean(this.known || this.who.enrol_id || this.scannedCode || this.done.memberId);
  },
  aboutVoucher({ usable, problem, value_text, min_text, expires_text }) {
    return usable ? [value_text, min_text, expires_text].filter(Boolean).join(" · ") : problem;
  },
  get visitsText() {
    const { total, last_text } = this.who.visits;
    return total ? `${text("visits", { n: total })} · ${text("last_visit", { when: last_text })}` : text("new_here");
  },
  get extras() {
    return this.who.offers.length + this.who.scratch_campaigns.length;
  },

  /** Arrow keys go from tab to tab. */
  nextTab(event) {
    const way = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!way) {
      return;
    }
    event.preventDefault();
    const tabs = [...event.currentTarget.querySelectorAll("[role=tab]")];
    const at = (tabs.indexOf(event.target) + way + tabs.length) % tabs.length;
    this.choosePanel(this.panels[at].name);
    tabs[at].focus();
  },

  choosePanel(name) {
    this.panel = name;
    this.amount = "";
    this.preview = null;
    localStorage.setItem(PANEL, name);
  },

  fewer() {
    this.count = Math.max(1, this.count - 1);
  },
  more() {
    this.count = Math.min(this.who.stamps_most, this.count + 1);
  },
  get giveText() {
    return text("give_stamps", { n: this.count });
  },
  giveStamps() {
    return this.act("stamps", { count: this.count }, text("stamps", { n: this.count }));
  },
  pressButton(button) {
    const { promotion_id, label, points } = button;
    return this.act("button", { promotion_id, label, points }, button.text);
  },

  // The pad: an amount of money, or points.
  get decimals() {
    if (this.panel !== "sale" || !this.business.currency) {
      return 0;
    }
    const form = new Intl.NumberFormat("en", { style: "currency", currency: this.business.currency });
    return Math.min(PLACES, form.resolvedOptions().maximumFractionDigits);
  },
  get keys() {
    return ["1", "2", "3", "4", "5", "6", "7", "8", "9", this.decimals ? decimalMark : "00", "0", "back"];
  },
  key(key) {
    if (key === "back") {
      this.amount = this.amount.slice(0, -1);
    } else if (key === decimalMark || key === ".") {
      if (this.decimals && !this.amount.includes(".")) {
        this.amount = `${this.amount || "0"}.`;
      }
    } else {
      const next = (this.amount + key).replace(/^0+(?=\d)/, "");
      const behind = next.split(".")[1] ?? "";
      if (next.length <= LONGEST && behind.length <= this.decimals) {
        this.amount = next;
      }
    }
    this.askPreview();
  },
  get value() {
    return this.amount.replace(/\.$/, "");
  },
  get amountText() {
    if (this.panel !== "sale") {
      return number(Number(this.value || 0));
    }
    return money(this.value || "0", this.business.currency);
  },
  get padReady() {
    const { free } = this.who;
    const value = Number(this.value);
    if (!this.mayEarn || !(value > 0)) {
      return false;
    }
    return this.panel === "sale" ? !this.tooSmall : value <= (free[this.freeAt]?.most ?? 0);
  },
  get tooSmall() {
    const minimum = this.who.sale?.minimum;
    return Boolean(minimum) && Number(this.value) < Number(minimum);
  },
  get padNote() {
    if (this.panel === "sale") {
      const minimum = this.who.sale?.minimum;
      if (minimum && (this.tooSmall || !this.value)) {
        return text("at_least", { amount: this.money(minimum) });
      }
      return this.preview?.text ?? "";
    }
    const most = this.who.free[this.freeAt]?.most;
    return most && (!this.value || Number(this.value) > most) ? text("at_most", { n: most }) : "";
  },
  get padText() {
    if (!this.value) {
      return text(this.panel === "sale" ? "enter_amount" : "enter_points");
    }
    return this.panel === "sale"
      ? text("record_sale", { amount: this.amountText })
      : text("give_points", { n: Number(this.value) });
  },
  askPreview() {
    clearTimeout(this.previewSoon);
    this.preview = null;
    if (this.panel !== "sale" || !Number(this.value) || !this.known || !this.online) {
      return;
    }
    const asked = { member_id: this.who.id, amount: this.value };
    this.previewSoon = setTimeout(async () => {
      try {
        const found = await post("preview", asked);
        if (asked.amount === this.value && asked.member_id === this.who.id) {
          this.preview = found;
        }
      } catch (problem) {
        if (!(problem instanceof Unreachable)) {
          this.refusedAtDoor(problem);
        }
      }
    }, PREVIEW_AFTER);
  },
  usePad() {
    if (!this.padReady) {
      return null;
    }
    if (this.panel === "sale") {
      return this.act("sale", { amount: this.value }, text("sale_of", { amount: this.amountText }));
    }
    const { promotion_id } = this.who.free[this.freeAt];
    const points = Number(this.value);
    return this.act("points", { points, promotion_id }, text("points", { n: points }));
  },

  /** Keys of a keyboard go to the pad, unless a field has them. */
  typeAmount(event) {
    if (this.screen !== "member" || this.sheet || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    if (event.key === "Escape") {
      this.toScan();
    } else if (!this.padHere || event.target instanceof HTMLInputElement) {
      return;
    } else if (/^[0-9.,]$/.test(event.key)) {
      this.key(/[.,]/.test(event.key) ? decimalMark : event.key);
    } else if (event.key === "Backspace") {
      this.key("back");
    } else if (event.key === "Enter" && !(event.target instanceof HTMLButtonElement)) {
      this.usePad();
    }
  },

  redeemReward(reward) {
    return this.act("reward", { reward: reward.text }, reward.text, { redeems: true });
  },
  redeemVoucher(voucher, amount = "") {
    if (voucher.needs_amount && !amount) {
      this.voucher = voucher;
      this.voucherAmount = "";
      this.open("amount");
      return null;
    }
    const fields = { voucher_code: voucher.code, ...(amount && { amount }) };
    return this.act("voucher_redeem", fields, voucher.name, { redeems: true });
  },
  redeemScratch(card) {
    return this.act("scratch_redeem", { token: card.token }, card.prize, { redeems: true });
  },
  chooseVoucher(offer) {
    this.close();
    return this.act("voucher_issue", { voucher_id: offer.id }, offer.name);
  },
  issueScratch(campaign) {
    this.close();
    return this.act("scratch_issue", { campaign_id: campaign.id }, campaign.name);
  },
});
