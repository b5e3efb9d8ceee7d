// The sheets: last actions, what waits to be sent, a new customer, another card, an amount for a voucher.

import { Unreachable, get, mayKeep, post } from "./api.js";
import { again, drop } from "./queue.js";
import { isolated, newId, text } from "./texts.js";

const EMPTY = { name: "", phone: "", email: "", birthday: "", marketing: false, blank_code: "" };

export const lists = () => ({
  recent: [],
  recentState: "", // "", "loading", "offline"
  newcomer: { ...EMPTY },
  voucher: { name: "", needs_amount: true },
  voucherAmount: "",
  otherMember: 0,
  sureOfCard: false,

  async openRecent() {
    this.open("recent");
    this.recentState = this.recent.length ? "" : "loading";
    try {
      this.recent = (await get("recent")).actions;
      this.recentState = "";
    } catch (problem) {
      if (this.refusedAtDoor(problem)) {
        return;
      }
      this.recentState = problem instanceof Unreachable ? "offline" : "";
      this.problem = problem instanceof Unreachable ? "" : problem.message;
    }
  },

  undoRecent(action) {
    return this.once(`undo-${action.id}`, async () => {
      const { action: undone, member } = await post("undo", { action_id: action.id });
      this.recent = this.recent.map((one) => (one.id === undone.id ? undone : one));
      if (member && member.id === this.who.id) {
        this.who = { ...this.nobody(), ...member };
      }
      this.feel("scan");
      this.say(`${undone.text}. ${text("undone")}`);
    });
  },

  aboutAction(action) {
    const parts = [action.member?.name ?? "", action.at_text || this.clock(action.at), action.operator, action.branch, action.reason];
    return parts.filter(Boolean).map(isolated).join(" · ");
  },

  aboutItem(item) {
    return [item.name || item.body.code || text("unknown_card"), this.clock(item.at), item.operator].filter(Boolean).map(isolated).join(" · ");
  },

  stateOf(item) {
    if (item.state === "refused") {
      return item.message;
    }
    return text(this.online ? "being_sent" : "waits_for_network");
  },

  mayDrop(item) {
    return item.state === "refused" || !item.tried;
  },

  isLate(item) {
    return item.state === "refused" && item.problem === "time";
  },

  againText(item) {
    return text(this.isLate(item) ? "send_as_now" : "try_again");
  },

  sendAgain(item) {
    return this.once(`again-${item.client_id}`, async () => {
      await again({ ...item, body: { ...item.body } }, { asNow: this.isLate(item), skew: this.skew });
      await this.sendQueue();
    });
  },

  dropItem(item) {
    return this.once(`drop-${item.client_id}`, () => drop(item.client_id));
  },

  newMember(given = {}) {
    this.newcomer = { ...EMPTY, ...given };
    this.enrolId = newId();
    this.otherMember = 0;
    this.open("enrol");
  },

  get formFilled() {
    const { name, phone, email, birthday } = this.newcomer;
    return Boolean(name.trim() || phone.trim() || email.trim() || birthday);
  },

  get enrolReady() {
    const { name, phone, email } = this.newcomer;
    return Boolean(name.trim() && (phone.trim() || email.trim()));
  },

  async enrol() {
    if (!this.enrolReady) {
      this.problem = text("name_and_contact");
      return;
    }
    const { name, phone, email, birthday, marketing, blank_code } = this.newcomer;
    const body = { kind: "enrol", client_id: this.enrolId, name: name.trim(), marketing };
    for (const [field, value] of Object.entries({ phone, email, birthday, blank_code })) {
      if (value.trim()) {
        body[field] = value.trim();
      }
    }
    await this.once("enrol", async () => {
      const title = text("new_member_is", { name: body.name });
      const tried = this.online;
      try {
        if (!tried) {
          throw new Unreachable();
        }
        const answer = await post("enrol", { ...body, sent_at: new Date().toISOString() });
        this.enrolled(body, title);
        this.succeeded(body, answer);
      } catch (problem) {
        if (!mayKeep(problem)) {
          this.otherMember = problem.details?.member_id ?? 0;
          throw problem;
        }
        this.enrolled(body, title);
        await this.keepForLater(body, title, Date.now(), tried && problem instanceof Unreachable);
      }
    });
  },

  /** The sheet gives way to the screen that says so. */
  enrolled(body, title) {
    this.close();
    this.who = { ...this.nobody(), name: body.name };
    // Nobody scanned this person: neither the scan nor the reason of whoever was here before is theirs.
    Object.assign(this, { scannedCode: "", scanId: "", reason: "", asOf: null });
    this.done = { phase: "sending", title, line: "", note: "", prize: "", qr: "", clientId: body.client_id, until: 0, restUntil: 0, retry: null, canUndo: false };
    this.holdBack();
    this.screen = "done";
    this.$nextTick(() => document.getElementById("done-title")?.focus({ preventScroll: true }));
  },

  openOther() {
    const id = this.otherMember;
    this.otherMember = 0;
    this.close();
    this.scan("", { memberId: id });
  },

  /** The old card stops working, so it is asked twice. */
  newCard() {
    if (!this.sureOfCard) {
      this.sureOfCard = true;
      return null;
    }
    this.close();
    return this.act("card_code", {}, text("new_card"));
  },

  openMore() {
    this.sureOfCard = false;
    this.open("more");
  },

  useAmount() {
    const amount = this.voucherAmount.trim().replace(",", ".");
    if (!(Number(amount) > 0)) {
      this.problem = text("enter_amount");
      return;
    }
    const voucher = this.voucher;
    this.close();
    this.redeemVoucher(voucher, amount);
  },
});
