// The sheets: last actions, a new customer, another card, an amount for a voucher, the owner's devices.

import { Unreachable, get, mayKeep, post } from "./api.js";
import { isolated, newId, text } from "./texts.js";

const LOOK_AGAIN = 4000; // milliseconds
const EMPTY = { name: "", phone: "", email: "", birthday: "", marketing: false, blank_code: "" };

export const lists = () => ({
  recent: [],
  recentState: "", // "", "loading", "offline"
  newcomer: { ...EMPTY },
  voucher: { name: "", needs_amount: true },
  voucherAmount: "",
  otherMember: 0,
  sureOfCard: false,
  devices: [],
  newCode: null, // a code that is shown once
  sureOfDevice: 0,

  async openRecent() {
    this.open("recent");
    this.recentState = this.recent.length ? "" : "loading";
    try {
      await this.askRecent();
    } catch (problem) {
      if (this.refusedAtDoor(problem)) {
        return;
      }
      this.recentState = problem instanceof Unreachable ? "offline" : "";
      this.problem = problem instanceof Unreachable ? "" : problem.message;
    }
  },

  async askRecent() {
    this.recent = (await get("recent")).actions;
    this.recentState = "";
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
      const at = Date.now();
      const held = this.online && this.holdWhile(this.itemOf(body, title, at, { name: body.name }));
      try {
        if (!this.online) {
          throw new Unreachable();
        }
        const answer = await post("enrol", { ...body, sent_at: new Date().toISOString() });
        this.heard(body.client_id, held);
        this.enrolled(body, title);
        this.succeeded(body, answer);
      } catch (problem) {
        if (!mayKeep(problem)) {
          this.heard(body.client_id, held);
          this.otherMember = problem.details?.member_id ?? 0;
          throw problem;
        }
        this.enrolled(body, title);
        await held; // or it would be held again
        await this.keepForLater(body, title, at, problem.sent ?? false);
      }
    });
  },

  /** The sheet gives way to the screen that says so. */
  enrolled(body, title) {
    this.close();
    this.forgetWho(); // nobody scanned this person: the scan of whoever was here before is not theirs
    this.who = { ...this.nobody(), name: body.name };
    this.beginDone(body, title);
    this.holdBack();
    this.screen = "done";
    this.focusOn("#done-title");
  },

  async openOther() {
    const id = this.otherMember;
    const { blank_code } = this.newcomer;
    this.otherMember = 0;
    this.close();
    await this.scan("", { memberId: id });
    if (blank_code && this.who.id === id && this.mayGetBlank) {
      this.blankFound(blank_code);
    }
  },

  /** Whether somebody is here who may get another card. */
  get mayGetBlank() {
    return this.settings.may_change_code && this.known && ["member", "done"].includes(this.screen);
  },

  /** A printed card that nobody has: for whoever is here, or for somebody new. */
  blankFound(code) {
    this.blank = code;
    if (this.mayGetBlank) {
      this.open("give");
    } else {
      this.newForBlank();
    }
  },

  newForBlank() {
    this.newMember({ blank_code: this.blank });
  },

  giveBlank() {
    this.close();
    return this.act("card_code", { qr_code: this.blank }, text("new_card_is"));
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

  async useAmount() {
    const { amountOf } = await import("./amounts.js");
    const amount = amountOf(this.voucherAmount, this.business.currency);
    if (!amount) {
      this.problem = text("enter_amount");
      return;
    }
    const voucher = this.voucher;
    this.close();
    this.redeemVoucher(voucher, amount);
  },

  openDevices() {
    this.open("devices");
    this.lookSoon = setInterval(() => this.lookAtDevices(), LOOK_AGAIN);
    return this.once("devices", () => this.askDevices());
  },

  async askDevices() {
    this.devices = (await get("devices")).devices;
  },

  /** Whether the code was used by now. */
  async lookAtDevices() {
    const before = new Set(this.devices.map((one) => one.id));
    if (this.working || !this.online) {
      return;
    }
    await this.askDevices().catch(() => {}); // the next time, then
    if (this.devices.some((one) => !before.has(one.id))) {
      this.newCode = null;
    }
  },

  closedDevices() {
    clearInterval(this.lookSoon);
    Object.assign(this, { newCode: null, devices: [], sureOfDevice: 0 });
    this.closed("devices");
  },

  aboutDevice({ branch, last_seen_text, is_here }) {
    const seen = is_here ? text("this_device") : last_seen_text && text("last_used", { when: last_seen_text });
    return [branch?.name, seen].filter(Boolean).map(isolated).join(" · ");
  },

  makeCode() {
    return this.once("new-code", async () => {
      this.newCode = await post("devices/pairing", {});
      this.say(this.newCode.code);
    });
  },

  /** Whoever works there is signed out, so it is asked twice. */
  endDevice({ id }) {
    if (this.sureOfDevice !== id) {
      this.sureOfDevice = id;
      return null;
    }
    return this.once(`end-${id}`, async () => {
      await post("devices/end", { device_id: id });
      this.sureOfDevice = 0;
      await this.askDevices();
    });
  },
});
