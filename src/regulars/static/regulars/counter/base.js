// What holds for all states: who is signed in, whether the network is there, what is said, sheets.

import { Refused, get, post, watchNetwork } from "./api.js";
import { feel, listenForTouch, stayAwake } from "./feel.js";
import { add, list, send, watchQueue } from "./queue.js";
import { facts, members } from "./store.js";
import { clock, money, number, text } from "./texts.js";

// Milliseconds between two tries while the server cannot be reached: at first, and at most.
const SOON = 1000;
const LATE = 15_000;
const NOBODY = { state: "none", business: null, operator: null, device: null, operators: [], branch: null, branches: [], settings: null };
const NO_SETTINGS = { stamps_at_once: 1, reasons: [], reason_required: false, reason_kinds: [], enrols: false, marketing_text: "", may_change_code: false, buttons: [], free: [], sale: null };
const SOUND = "regulars-counter-sound";
const LOOK = "regulars-counter-look";

export const base = () => ({
  screen: "start",
  session: NOBODY,
  online: true,
  waiting: [],
  said: "",
  sheet: "",
  sound: localStorage.getItem(SOUND) !== "off",
  working: "", // the name of what is under way, so that nothing is done twice
  problem: "", // what went wrong in the sheet or form that is open
  wrong: {}, // the same, field by field
  now: Date.now(),
  triedAt: 0,
  pause: SOON,

  async init() {
    listenForTouch();
    watchNetwork((reached) => this.reached(reached));
    watchQueue((items) => {
      this.waiting = items;
    });
    this.waiting = await list();
    setInterval(() => this.tick(), 1000);
    window.addEventListener("online", () => {
      this.pause = SOON / 2;
      this.tryAgain();
    });
    window.addEventListener("offline", () => this.reached(false));
    document.addEventListener("visibilitychange", () => this.sightChanged());
    this.beginScanning();
    await this.load();
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
  get headline() {
    return this.branchName || this.business.name;
  },
  get unsent() {
    return this.waiting.filter((item) => item.business === this.business.id);
  },
  get pill() {
    const left = this.sendable.length;
    const refused = this.unsent.length - left;
    if (refused) {
      return text("were_refused", { n: refused });
    }
    if (!this.online) {
      return left ? text("offline_waiting", { n: left }) : text("offline");
    }
    return left ? text("waiting", { n: left }) : "";
  },
  t: text,
  number,
  clock,
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

  become(session, { fresh = true } = {}) {
    const before = this.session;
    this.session = session;
    this.problem = "";
    this.wrong = {};
    if (fresh) {
      facts.set("session", { ...session });
      if (before.business && before.business.id !== session.business?.id) {
        members.forget();
      }
    }
    this.dress();
    if (session.state !== "operator") {
      this.leave();
      return;
    }
    if (["start", "enter"].includes(this.screen)) {
      this.arrive();
    }
  },

  arrive() {
    this.toScan();
    this.sendQueue();
    const { branch, branches, branch_closed } = this.session;
    if (!branch && branches.length > (branch_closed ? 0 : 1)) {
      this.askBranch();
    }
    const code = new URLSearchParams(location.search).get("code");
    if (code) {
      history.replaceState(null, "", "/scan/");
      this.scan(code);
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

  reached(is) {
    if (is === this.online) {
      return;
    }
    this.online = is;
    this.say(text(is ? "online_again" : "offline_said"));
    if (is && this.isOperator) {
      this.sendQueue();
    }
  },

  tick() {
    this.now = Date.now();
    this.tickDone();
    const lately = this.now - this.triedAt < this.pause;
    if (!lately && document.visibilityState === "visible" && (!this.online || this.sendable.length)) {
      this.tryAgain();
    }
  },

  get sendable() {
    return this.unsent.filter((item) => item.state === "waiting");
  },

  async tryAgain() {
    this.triedAt = Date.now();
    this.pause = Math.min(LATE, this.pause * 2);
    if (!this.online) {
      try {
        this.become(await get("session"));
      } catch {
        return; // tick() comes again
      }
    }
    await this.sendQueue();
    if (this.online && this.sendable.length === 0) {
      this.pause = SOON;
    }
  },

  async sendQueue() {
    if (!this.isOperator || this.sendable.length === 0) {
      return;
    }
    this.triedAt = Date.now();
    try {
      const sent = await send(this.business.id);
      if (sent > 0) {
        this.say(text("sent", { n: sent }));
      }
    } catch (problem) {
      this.refusedAtDoor(problem);
    }
  },

  /** Whether a refusal means that nobody is signed in any more; then the page says so. */
  refusedAtDoor(problem) {
    if (problem instanceof Refused && problem.code === "not_signed_in") {
      this.load();
      return true;
    }
    return false;
  },

  sightChanged() {
    if (document.visibilityState === "visible") {
      stayAwake();
      this.tryAgain();
    }
    this.cameraShown();
  },

  async keep(item) {
    await add({ ...item, business: this.business.id });
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
