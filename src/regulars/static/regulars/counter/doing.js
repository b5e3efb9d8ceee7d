// The state "done": what was asked for is shown at once, then what became of it; undo; back by itself.

import { Refused, Unreachable, mayKeep, post } from "./api.js";
import { members } from "./store.js";
import { newId, text } from "./texts.js";

const EARNING = new Set(["stamps", "points", "sale", "button", "enrol"]);
const RESTS = 5000; // milliseconds until the next customer's turn, when nobody taps
const UNDO = 30_000;
const NOT_YET = 400; // milliseconds in which a second tap of the finger that came means nothing
// What was asked for and not answered, by its id: nobody knows whether it was done, so it is not asked for under another.
const unanswered = new Map();
const NOTHING = { phase: "", title: "", line: "", note: "", prize: "", qr: "", clientId: "", until: 0, restUntil: 0, retry: null, canUndo: false, memberId: 0 };

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
    return { refused: "#i-no", unknown: "#i-clock", queued: "#i-cloud", undone: "#i-undo" }[this.done.phase] ?? "#i-yes";
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
    await this.carryOut(this.askedBefore(kind, fields) ?? this.newBody(kind, fields), title, { redeems });
  },

  newBody(kind, fields) {
    const body = { kind, client_id: newId(), ...this.whoFields(), ...fields };
    if (this.scanId) {
      body.scan_id = this.scanId;
    }
    if (this.reason) {
      body.reason = this.reason;
    }
    if (this.fromAddress) {
      body.from = "address";
    }
    return body;
  },

  /** The same for the same member, when it was asked for and no answer came. A code is the same for everybody. */
  askedBefore(kind, fields) {
    const who = fields.voucher_code || fields.token ? {} : this.whoFields();
    const wish = Object.entries({ kind, ...who, ...fields });
    return [...unanswered.values()].find((body) => wish.every(([name, value]) => body[name] === value));
  },

  /** What was not answered, and was done all the same, as whoever is shown now tells. */
  answeredNow() {
    const done = this.who.last.filter((action) => unanswered.delete(action.client_id));
    return done.map((action) => text("done_after_all", { what: action.text })).join(" ");
  },

  giveReason(reason) {
    const asked = this.askedFor;
    this.askedFor = null;
    this.reason = reason;
    this.close();
    if (asked) {
      this.act(asked.kind, asked.fields, asked.title, { redeems: asked.redeems });
    }
  },

  forgetDone() {
    this.done = this.last = NOTHING;
  },

  /** The screen that says what is asked for, before anybody has answered. */
  beginDone({ client_id }, title, line = "") {
    this.close();
    this.done = { ...NOTHING, phase: "sending", title, line, clientId: client_id };
    this.holdBack();
    this.screen = "done";
    this.focusOn("#done-title");
  },

  async carryOut(body, title, { redeems = false } = {}) {
    if (this.working) {
      return;
    }
    this.working = "act";
    const name = this.who.name || (body.kind === "enrol" ? body.name : "");
    const line = name ? text(redeems ? "from_name" : "for_name", { name }) : "";
    const at = Date.now();
    // A new customer's things wait behind the customer.
    const goes = this.online && !body.enrol_id;
    this.beginDone(body, title, line);
    this.last = NOTHING;
    this.pauseCamera(false);
    const held = goes && EARNING.has(body.kind) && this.holdWhile(this.itemOf(body, title, at, { name }));
    try {
      if (!goes) {
        throw new Unreachable();
      }
      const answer = await post("act", { ...body, sent_at: new Date().toISOString() });
      this.heard(body.client_id, held);
      this.succeeded(body, answer);
    } catch (problem) {
      await this.stopped(problem, { body, title, at, redeems, held });
    } finally {
      this.working = "";
    }
  },

  succeeded(body, { action, result, member }) {
    unanswered.delete(body.client_id);
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

  async stopped(problem, { body, title, at, redeems, held }) {
    const earns = EARNING.has(body.kind);
    if (earns && mayKeep(problem)) {
      await held; // or it would be held again
      await this.keepForLater(body, title, at, problem.sent ?? false);
      return;
    }
    this.heard(body.client_id, held);
    if (this.refusedAtDoor(problem)) {
      this.done = NOTHING;
      return;
    }
    if (problem.sent) {
      unanswered.set(body.client_id, body);
    } else if (problem instanceof Refused && !problem.passes) {
      unanswered.delete(body.client_id);
    }
    this.notDone(problem, { body, title, redeems });
  },

  /** Say that it was refused, or that nobody knows. */
  notDone(problem, { body, title, redeems }) {
    const unknown = unanswered.has(body.client_id);
    const unreachable = problem instanceof Unreachable;
    const why = unreachable ? text(problem.sent ? "no_answer" : "redeem_needs_network") : problem.message || text("went_wrong");
    Object.assign(this.done, {
      phase: unknown ? "unknown" : "refused",
      title: text(unknown ? "nobody_knows" : "not_done"),
      line: title,
      note: why,
      retry: unreachable || unknown ? { body, title, redeems } : null,
      memberId: this.toLookAgain(problem),
    });
    this.feel("refused");
    this.say(`${this.done.title}. ${why}`);
  },

  /** Whom to look at again after a refusal: somebody else, or whoever is not any more as they are shown. */
  toLookAgain(problem) {
    if (!(problem instanceof Refused)) {
      return 0;
    }
    return problem.details.member_id ?? (problem.code === "other_reward_first" ? this.who.id : 0);
  },

  async keepForLater(body, title, at, tried) {
    try {
      await this.keep(this.itemOf(body, title, at, { name: this.who.name || body.name || "", tried }));
    } catch {
      // A private window, or a full disk: then it must not look as if it were kept.
      const said = { phase: "refused", title: text("not_done"), line: title, note: text("cannot_keep") };
      if (tried) {
        unanswered.set(body.client_id, body);
        Object.assign(said, { phase: "unknown", title: text("nobody_knows"), retry: { body, title } });
      }
      Object.assign(this.done, said);
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
    this.last = { ...NOTHING, title: action.text, line: this.who.name, clientId: action.client_id, canUndo: action.can_undo, until: now + UNDO, here: this.whoHere() };
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

  keepUndo() {
    if (this.mayUndo && ["ok", "queued"].includes(this.done.phase)) {
      this.last = { ...this.done, here: this.whoHere() };
    }
  },

  leaveDone() {
    this.keepUndo();
    this.toScan();
    this.focusOn("#typed");
  },

  backToMember() {
    if (this.isSending || !this.armed) {
      return;
    }
    this.keepUndo();
    if (this.done.memberId) {
      const same = this.done.memberId === this.who.id && this.scanId; // looking again is not another visit
      this.scan("", { memberId: this.done.memberId, ...(same && { id: this.scanId }) });
      return;
    }
    const { who, scannedCode, ...again } = this.whoHere();
    this.show(who, { ...again, code: scannedCode });
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
    Object.assign(this, this.last.here); // somebody else may have been here since
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
      const answer = await this.takeBack(clientId);
      if (answer?.member) {
        this.who = { ...this.nobody(), ...answer.member };
      }
      Object.assign(this.done, { phase: "undone", note: text("undone"), canUndo: false, restUntil: Date.now() + RESTS });
      this.feel("scan");
      this.say(`${this.done.title}. ${text("undone")}`);
    } catch (problem) {
      if (this.refusedAtDoor(problem)) {
        return;
      }
      const message = problem instanceof Refused ? problem.message : text(problem.sent ? "no_answer" : "needs_network");
      const said = problem.sent ? { phase: "unknown", title: text("nobody_knows") } : { phase: "refused", title: text("not_undone") };
      Object.assign(this.done, { ...said, line: this.done.title, note: message });
      this.feel("refused");
      this.say(message);
    } finally {
      this.working = "";
    }
  },
});
