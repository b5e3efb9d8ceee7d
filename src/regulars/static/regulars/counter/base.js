// What holds for all states: who is signed in, whether the network is there, what is said, sheets.

import { Refused, get, post, watchNetwork } from "./api.js";
import { feel, listenForTouch, stayAwake } from "./feel.js";
import { reread, watchQueue } from "./queue.js";
import { facts, members } from "./store.js";
import { clock, money, number, text } from "./texts.js";

const SETTLED = new Set([400, 403, 409]);
const SAME_TIME = 10_000;
const STALE = 180_000; // milliseconds after which an idle counter asks for its settings again
const NOBODY = { state: "none", business: null, operator: null, device: null, operators: [], branch: null, branches: [], settings: null };
const NO_SETTINGS = { stamps_at_once: 1, reasons: [], reason_required: false, reason_kinds: [], enrols: false, marketing_text: "", may_change_code: false, buttons: [], free: [], sale: null };
const SOUND = "regulars-counter-sound";
const LOOK = "regulars-counter-look";

export const base = () => ({
  screen: "start",
  session: NOBODY,
  online: true,
  said: "",
  sheet: "",
  sound: localStorage.getItem(SOUND) !== "off",
  working: "", // the name of what is under way, so that nothing is done twice
  problem: "", // what went wrong in the sheet or form that is open
  wrong: {}, // the same, field by field
  now: Date.now(),
  skew: null, // by how many milliseconds the server's clock is ahead of this one, as far as known
  freshAt: 0,
  guarded: false, // whether Back stays in the counter

  async init() {
    listenForTouch();
    watchNetwork((reached) => this.reached(reached));
    watchQueue((items) => {
      this.waiting = items;
    });
    await this.readQueue();
    this.skew = (await facts.get("skew")) ?? null;
    setInterval(() => this.tick(), 1000);
    window.addEventListener("online", () => {
      this.hurry();
    });
    window.addEventListener("offline", () => this.reached(false));
    document.addEventListener("visibilitychange", () => this.sightChanged());
    window.addEventListener("popstate", () => this.wentBack());
    this.beginScanning();
    await this.load();
  },

  /** Alpine shows with the next frame what was hidden, and only what is seen takes the focus. */
  focusOn(selector, preventScroll = true) {
    this.$nextTick(() => requestAnimationFrame(() => document.querySelector(selector)?.focus({ preventScroll })));
  },

  get business() {
    return this.session.business ?? { id: 0, name: "", accent: "", currency: "", reward: "" };
  },
  get settings() {
    return this.session.settings ?? NO_SETTINGS;
  },
  get isOperator() {
    return this.session.state === "operator";
  },
  get isWorking() {
    return this.working !== "";
  },
  get isOwner() {
    return this.session.operator?.role === "owner";
  },
  get letter() {
    return [...this.business.name][0]?.toUpperCase() ?? "";
  },
  get branchName() {
    return this.session.branch?.name ?? "";
  },
  get operatorName() {
    return this.session.operator?.name ?? "";
  },
  get deviceName() {
    return this.session.device?.name ?? "";
  },
  t: text,
  number,
  clock(when) {
    return clock(when, this.business);
  },
  money(amount) {
    return money(amount, this.business.currency);
  },

  /** Ask who is signed in; without a network, believe what this device knew last. */
  async load() {
    try {
      this.become(await get("session"));
    } catch (problem) {
      if (problem instanceof Refused) {
        this.problem = problem.message;
      }
      const known = await facts.get("session");
      if (known) {
        this.become(known, { fresh: false });
      } else {
        this.screen = "enter";
      }
    }
  },

  /** Ask again, so that what the owner changed meanwhile holds here, too. Nothing on the screen is lost. */
  async refresh() {
    this.freshAt = Date.now();
    reread().catch(() => {}); // as it was, then
    try {
      this.become(await get("session"), { quiet: true });
    } catch {
      // The next time, then.
    }
  },

  become(session, { fresh = true, quiet = false } = {}) {
    const before = this.session;
    this.session = session;
    if (!quiet) {
      this.problem = "";
      this.wrong = {};
    }
    if (fresh) {
      this.freshAt = Date.now();
      facts.set("session", { ...session });
      this.setClock(session.server_time);
      if (before.business && before.business.id !== session.business?.id) {
        members.forget();
      }
    }
    this.dress();
    if (before.branch?.id !== session.branch?.id || before.operator?.id !== session.operator?.id) {
      this.forgetRefusal(); // it may not hold any more
    }
    if (session.state !== "operator") {
      if (before.state === session.state && quiet) {
        return;
      }
      this.leave();
      if (before.state === "operator" && !this.leaving) {
        this.problem = text(before.device && !session.device ? "device_removed" : "signed_out");
      }
      this.problem = session.closed || this.problem;
      return;
    }
    if (["start", "enter"].includes(this.screen)) {
      this.arrive();
    }
    const lost = session.branch_closed && !session.branch && session.branches.length > 0;
    if (fresh && !this.sheet && (lost || (before.state !== "operator" && !session.branch && session.branches.length > 1))) {
      this.askBranch();
    }
  },

  setClock(serverTime) {
    const ahead = Date.parse(serverTime) - Date.now();
    // Less is the time that the answer took.
    this.skew = Math.abs(ahead) < SAME_TIME ? 0 : ahead;
    facts.set("skew", this.skew);
  },

  arrive() {
    this.toScan();
    this.sendQueue();
    const code = new URLSearchParams(location.search).get("code");
    if (code) {
      history.replaceState(null, "", "/scan/");
      this.scan(code, { fromAddress: true });
    }
  },

  /** The business's own colours, which this device remembers for the next start. */
  dress() {
    const accent = (this.business.accent ?? "").replace("#", "");
    const href = accent ? `/look/${accent}.css` : "";
    const link = document.getElementById("look");
    if (href && link.getAttribute("href") !== href) {
      link.setAttribute("href", href);
      localStorage.setItem(LOOK, href);
    }
  },

  tick() {
    this.now = Date.now();
    this.tickDone();
    const lately = this.now - this.triedAt < this.pause;
    if (!lately && document.visibilityState === "visible" && (!this.online || this.sendable.length)) {
      this.tryAgain();
    }
    const idle = this.isOperator && this.online && !this.working && document.visibilityState === "visible";
    if (idle && this.now - this.freshAt > STALE) {
      this.refresh();
    }
  },

  /** Whether a refusal means that nobody is signed in any more; then the page says so. */
  refusedAtDoor(problem) {
    if (problem instanceof Refused && problem.code === "not_signed_in") {
      this.load();
      return true;
    }
    if (problem instanceof Refused && SETTLED.has(problem.status)) {
      this.refresh(); // the owner may have changed what is allowed here
    }
    return false;
  },

  sightChanged() {
    if (document.visibilityState === "visible") {
      stayAwake();
      if (this.online) {
        this.refresh();
      }
      this.tryAgain();
    }
    this.cameraShown();
  },

  /** So that the device's own Back leads from a member to scanning, and not out of the counter. */
  guardBack() {
    if (!this.guarded) {
      history.pushState(null, "");
      this.guarded = true;
    }
  },

  wentBack() {
    this.guarded = false;
    const held = this.working !== "";
    if (this.sheet && !held) {
      this.close();
    } else if (["member", "done"].includes(this.screen) && !held) {
      this.toScan();
    }
    if (["member", "done"].includes(this.screen)) {
      this.guardBack();
    }
  },

  pressed(event) {
    if (this.screen === "done" && event.key === "Tab") {
      this.done.restUntil = 0; // whoever goes from button to button takes their time
    }
    this.typePin(event);
    this.typeAmount(event);
  },

  say(what) {
    // The same words again are news, too.
    this.said = this.said === what ? `${what}\u00a0` : what;
  },

  feel(kind) {
    feel(kind, { sound: this.sound });
  },

  toggleSound() {
    this.sound = !this.sound;
    localStorage.setItem(SOUND, this.sound ? "on" : "off");
    this.feel("ok");
  },

  open(name) {
    this.problem = "";
    this.wrong = {};
    if (this.sheet && this.sheet !== name) {
      document.getElementById(`sheet-${this.sheet}`).close();
    }
    this.sheet = name;
    const sheet = document.getElementById(`sheet-${name}`);
    if (!sheet.open) {
      sheet.showModal();
    }
  },

  close() {
    if (this.sheet) {
      document.getElementById(`sheet-${this.sheet}`).close();
    }
  },

  closed(name) {
    if (document.getElementById(`sheet-${name}`).open) {
      return; // it was opened again meanwhile
    }
    if (name === "reason") {
      this.askedFor = null;
    }
    if (this.sheet === name) {
      this.sheet = "";
      this.problem = "";
      this.wrong = {};
    }
  },

  /** Do something once: a second tap meanwhile does nothing. What the server refuses is shown in place. */
  async once(name, work) {
    if (this.working) {
      return;
    }
    this.working = name;
    this.problem = "";
    this.wrong = {};
    try {
      await work();
    } catch (problem) {
      this.failed(problem);
    } finally {
      this.working = "";
    }
  },

  failed(problem) {
    if (this.refusedAtDoor(problem)) {
      return;
    }
    this.feel("refused");
    document.querySelector("dialog[open]")?.scrollTo(0, 0);
    if (!(problem instanceof Refused)) {
      this.problem = text("needs_network");
      return;
    }
    this.wrong = problem.fields;
    const fields = Object.values(problem.fields);
    this.problem = fields.length && !problem.message ? fields.join(" ") : problem.message;
  },

  post,
});
