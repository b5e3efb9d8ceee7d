// The state "done": what was asked for is shown at once, then what became of it; undo; back by itself.

import { Refused, Unreachable, mayKeep, post } from "./api.js";
import { drop } from "./queue.js";
import { members } from "./store.js";
import { newId, text } from "./texts.js";

const EARNING = new Set(["stamps", "points", "sale", "button", "enrol"]);
const RESTS = 5000; // milliseconds until the next customer's turn, when nobody taps
const UNDO = 30_000;
const NOT_YET = 400; // milliseconds in which a second tap of the finger that came means nothing
const NOTHING = { phase: "", title: "", line: "", note: "", prize: "", qr: "", clientId: "", until: 0, restUntil: 0, retry: null, canUndo: false };

export const doing = () => ({
  done: NOTHING,
  last: NOTHING, // what can still be undone from the screen for scanning
  askedFor: null,
  armed: true,

  get undoLeft() {
    return Math.max(0, Math.ceil((this.done.until - this.now) / 1000));
  },
  get lastLeft() {
    return this.last.canUndo ? Math.max(0, Math.ceil((this.last.until - this.now) / 1000)) : 0;
  },
  get doneIcon() {
    return { refused: "#i-no", queued: "#i-cloud", undone: "#i-undo" }[this.done.phase] ?? "#i-yes";
  },
  get isSending() {
    return this.done.phase === "sending";
  },
  get mayUndo() {
    return this.done.canUndo && this.undoLeft > 0;
  },

  whoFields() {
    const { id, enrol_id } = this.who;
    if (id) {
      return { member_id: id };
    }
    if (enrol_id) {
      return { enrol_id };
    }
    return this.scannedCode ? { code: this.scannedCode } : {};
  },

  /** Do one thing for the member on the screen. `title` says it in words; it is shown before the server answers. */
  async act(kind, fields, title, { redeems = false } = {}) {
    if (this.working) {
      return;
    }
    const { reasons, reason_required, reason_kinds } = this.settings;
    if (reason_required && reasons.length && reason_kinds.includes(kind) && !this.reason) {
      this.askedFor = { kind, fields, title, redeems };
      this.open("reason");
      return;
    }
    const body = { kind, client_id: newId(), ...this.whoFields(), ...fields };
    if (this.scanId) {
      body.scan_id = this.scanId;
    }
    if (this.reason) {
      body.reason = this.reason;
    }
    await this.carryOut(body, title, { redeems });
  },

  giveReason(reason) {
    this.reason = reason;
    this.close();
    if (this.askedFor) {
      const { kind, fields, title, redeems } = this.askedFor;
      this.askedFor = null;
      this.act(kind, fields, title, { redeems });
    }
  },

  async carryOut(body, title, { redeems = false } = {}) {
    if (this.working) {
      return;
    }
    this.working = "act";
    const name = this.who.name || (body.kind === "enrol" ? body.name : "");
    const line = name ? text(redeems ? "from_name" : "for_name", { name }) : "";
    const at = Date.now();
    // Whether the server may have it although no answer came. A new customer's things wait behind the customer.
    const tried = this.online && !body.enrol_id;
    this.done = { ...NOTHING, phase: "sending", title, line, clientId: body.client_id };
    this.holdBack();
    this.last = NOTHING;
    this.screen = "done";
    this.pauseCamera(false);
    this.$nextTick(() => document.getElementById("done-title")?.focus({ preventScroll: true }));
    try {
      if (!tried) {
        throw new Unreachable();
      }
      this.succeeded(body, await post("act", { ...body, sent_at: new Date().toISOString() }));
    } catch (problem) {
      await this.stopped(problem, { body, title, at, redeems, tried });
    } finally {
      this.working = "";
    }
  },

  succeeded(body, { action, result, member }) {
    const earned = result.rewards_earned ?? 0;
    if (member) {
      this.who = { ...this.nobody(), ...member };
      this.asOf = null;
      members.remember(this.business.id, [member.code, member.id], member);
    }
    const now = Date.now();
    this.now = now;
    Object.assign(this.done, {
      phase: "ok",
      title: body.kind === "enrol" ? this.done.title : action.text || this.done.title,
      note: this.outcome(body.kind, result, member),
      prize: earned > 0 ? text("reward_earned", { n: earned, reward: result.reward ?? member?.stamps?.reward ?? "" }) : "",
      qr: result.qr ?? "",
      canUndo: action.can_undo,
      until: now + UNDO,
      restUntil: result.qr || earned > 0 ? 0 : now + RESTS,
    });
    if (body.kind === "enrol" && member) {
      this.scanId = "";
    }
    this.feel(earned > 0 ? "reward" : "ok");
    this.say([this.done.title, this.done.line, this.done.prize || this.done.note].filter(Boolean).join(". "));
  },

  outcome(kind, result, member) {
    if (kind === "voucher_issue") {
      return text("code_is", { code: result.voucher_code });
    }
    if (["scratch_issue", "card_code", "enrol"].includes(kind)) {
      return text(kind === "scratch_issue" ? "scan_to_scratch" : "scan_to_open");
    }
    if (["points", "button", "sale"].includes(kind) && typeof result.balance === "number") {
      return text("balance", { n: result.balance });
    }
    return kind.startsWith("voucher") || kind.startsWith("scratch") ? "" : (member?.stamps?.text ?? "");
  },

  async stopped(problem, { body, title, at, redeems, tried }) {
    if (this.refusedAtDoor(problem)) {
      this.done = NOTHING;
      return;
    }
    if (mayKeep(problem) && EARNING.has(body.kind)) {
      await this.keepForLater(body, title, at, tried && problem instanceof Unreachable);
      return;
    }
    const unreachable = problem instanceof Unreachable;
    const retry = unreachable ? { body, title, redeems } : null;
    const message = unreachable ? text("redeem_needs_network") : problem.message || text("went_wrong");
    Object.assign(this.done, { phase: "refused", title: text("not_done"), line: title, note: message, retry });
    const other = problem instanceof Refused ? problem.details.member_id : 0;
    this.done.memberId = other ?? 0;
    this.feel("refused");
    this.say(`${text("not_done")}. ${message}`);
  },

  keepItem(body, title, name, at, tried) {
    const more = { offline: true, occurred_at: new Date(at).toISOString(), branch_id: this.session.branch?.id ?? null };
    more.done_by = this.session.operator?.id ?? null; // somebody else may send it
    const item = { client_id: body.client_id, body: { ...body, ...more }, title, name, operator: this.operatorName, at, tried, skew: this.skew };
    return this.keep(item);
  },

  async keepForLater(body, title, at, tried) {
    try {
      await this.keepItem(body, title, this.who.name || body.name || "", at, tried);
    } catch {
      // A private window, or a full disk: then it must not look as if it were kept.
      Object.assign(this.done, { phase: "refused", title: text("not_done"), line: title, note: text("cannot_keep") });
      this.feel("refused");
      return;
    }
    if (body.kind === "enrol") {
      const { stamps_at_once, buttons, free, sale } = this.settings;
      this.who = { ...this.nobody(), name: body.name, enrol_id: body.client_id, is_new: true, stamps_most: stamps_at_once, buttons, free, sale };
      this.asOf = 0;
    }
    const now = Date.now();
    this.now = now;
    const rests = body.kind === "enrol" ? 0 : now + RESTS;
    Object.assign(this.done, { phase: "queued", note: text("kept"), canUndo: !tried, until: now + UNDO, restUntil: rests });
    this.feel("queued");
    this.say(`${title}. ${text("kept")}`);
  },

  celebrateGiven(action) {
    const now = Date.now();
    this.last = { ...NOTHING, title: action.text, line: this.who.name, clientId: action.client_id, canUndo: action.can_undo, until: now + UNDO };
    this.feel("ok");
    this.say(action.text);
  },

  retry() {
    const { body, title, redeems } = this.done.retry;
    return this.carryOut(body, title, { redeems });
  },

  /** Taps that were meant for the button before are not for the ones that came in its place. */
  holdBack() {
    this.armed = false;
    setTimeout(() => {
      this.armed = true;
    }, NOT_YET);
  },

  nextCustomer() {
    if (this.isSending || !this.armed) {
      return;
    }
    this.leaveDone();
  },

  leaveDone() {
    if (this.mayUndo && ["ok", "queued"].includes(this.done.phase)) {
      this.last = this.done;
    }
    this.toScan();
    this.$nextTick(() => document.getElementById("typed")?.focus({ preventScroll: true }));
  },

  backToMember() {
    if (this.isSending || !this.armed) {
      return;
    }
    if (this.done.memberId) {
      this.scan("", { memberId: this.done.memberId });
      return;
    }
    const again = { scanId: this.scanId, asOf: this.asOf, code: this.scannedCode };
    this.show(this.who, again);
  },

  tickDone() {
    if (this.screen === "done" && this.done.restUntil && this.now >= this.done.restUntil && !this.working && !this.sheet) {
      this.leaveDone();
    }
  },

  undoDone() {
    return this.armed ? this.undo(this.done.clientId) : null;
  },

  undoLast() {
    this.done = { ...this.last, phase: "ok" };
    return this.undo(this.last.clientId);
  },

  async undo(clientId) {
    if (this.working) {
      return;
    }
    this.working = "undo";
    this.done = { ...this.done, phase: "sending", restUntil: 0, prize: "", qr: "" };
    this.last = NOTHING;
    this.screen = "done";
    try {
      await this.takeBack(clientId);
      Object.assign(this.done, { phase: "undone", note: text("undone"), canUndo: false, restUntil: Date.now() + RESTS });
      this.feel("scan");
      this.say(`${this.done.title}. ${text("undone")}`);
    } catch (problem) {
      if (this.refusedAtDoor(problem)) {
        return;
      }
      const message = problem instanceof Refused ? problem.message : text("needs_network");
      Object.assign(this.done, { phase: "refused", line: this.done.title, title: text("not_undone"), note: message });
      this.feel("refused");
      this.say(message);
    } finally {
      this.working = "";
    }
  },

  async takeBack(clientId) {
    const item = this.waiting.find((one) => one.client_id === clientId);
    if (item && (!item.tried || item.state === "refused")) {
      await drop(clientId);
      return;
    }
    const { member } = await post("undo", { client_id: clientId });
    if (member) {
      this.who = { ...this.nobody(), ...member };
      members.remember(this.business.id, [member.code, member.id], member);
    }
  },
});
