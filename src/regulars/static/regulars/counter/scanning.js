// The state "scan": camera, typing, scanners that act as a keyboard; who it is, from the server or from memory.

import { Refused, Unreachable, post } from "./api.js";
import { stayAwake } from "./feel.js";
import { codeOf, mayBeCode, members } from "./store.js";
import { newId, text } from "./texts.js";

const SAME_REFUSAL = 5000; // milliseconds in which a card that was refused is not asked about again

// Scanners that act as a keyboard: a burst of keys, then Enter, whatever has the focus.

const QUICK = 45; // milliseconds between two keys; nobody types a whole code like that
const SHORTEST = 4;

class Wedge {
  /** `wanted()` says whether codes mean anything now; until then all keys are left alone. */
  constructor({ found, wanted }) {
    Object.assign(this, { found, wanted });
    this.forget();
    document.addEventListener("keydown", (event) => this.key(event), { capture: true });
  }

  forget() {
    this.keys = "";
    this.slow = 0;
    this.field = null;
    this.before = "";
  }

  key(event) {
    if (!this.wanted() || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) {
      return;
    }
    const pause = event.timeStamp - (this.last ?? 0);
    if (event.key === "Enter") {
      this.enter(event, pause);
      return;
    }
    if (event.key.length !== 1) {
      return; // Shift comes with capitals
    }
    if (pause > QUICK) {
      this.forget();
      this.field = event.target instanceof HTMLInputElement ? event.target : null;
      this.before = this.field?.value ?? "";
    }
    this.last = event.timeStamp;
    this.keys += event.key;
  }

  enter(event, pause) {
    const { keys, field, before } = this;
    this.forget();
    if (keys.length < SHORTEST || pause > QUICK * 4) {
      return;
    }
    if (field?.matches("[data-own-keys]")) {
      return; // the field for codes takes them as they come
    }
    event.preventDefault();
    event.stopPropagation();
    if (field) {
      field.value = before;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    this.found(keys);
  }
}

let camera; // outside the component: Alpine would wrap the stream

export const scanning = () => ({
  typed: "",
  camera: { state: "asking", torch: false, torchOn: false, mirrored: false, several: false, problem: "" },
  justFound: false,
  refusal: "",
  refusedCode: "",
  refusedAt: 0,
  choices: [],
  choosing: null, // the scan that fits several
  moreFit: false,
  loose: null, // a voucher or scratch card of nobody in particular
  blank: "", // the code of a printed card that nobody has yet
  unconfirmed: null,

  beginScanning() {
    new Wedge({
      found: (keys) => this.wedged(keys),
      wanted: () => this.isOperator && ["scan", "member", "done"].includes(this.screen),
    });
    this.camera.state = navigator.mediaDevices?.getUserMedia ? "off" : "none";
  },

  /** What belongs to the camera comes when it is used. */
  async readyCamera() {
    const { Camera } = await import("./camera.js");
    camera ??= new Camera({
      video: document.getElementById("video"),
      found: (code) => this.cameraFound(code),
      ended: (why) => this.cameraProblem(why),
    });
    return camera;
  },

  get cameraOn() {
    return this.camera.state === "on";
  },

  async toScan() {
    this.close();
    this.screen = "scan";
    this.typed = "";
    this.refusal = "";
    this.justFound = false;
    this.pauseCamera(false);
    stayAwake();
    await this.wakeCamera();
  },

  async wakeCamera() {
    if (this.camera.state !== "off") {
      return;
    }
    const allowed = await this.readyCamera().then((one) => one.allowed(), () => false);
    if (allowed && this.screen === "scan" && document.visibilityState === "visible") {
      await this.startCamera();
    }
  },

  async startCamera(work = (one) => one.start()) {
    if (this.camera.state === "starting") {
      return;
    }
    this.camera.state = "starting";
    try {
      const { torch, mirrored, several } = await work(await this.readyCamera());
      Object.assign(this.camera, { state: "on", several, torch, torchOn: false, mirrored, problem: "" });
    } catch (problem) {
      if (!camera) {
        this.cameraProblem("reader_failed");
        return;
      }
      camera.stop();
      if (problem?.name === "Disturbed") {
        this.camera.state = "off";
        this.cameraShown(); // it may be wanted again by now
        return;
      }
      const refused = problem?.name === "NotAllowedError";
      this.cameraProblem(refused ? "camera_refused" : "camera_failed");
    }
  },

  cameraProblem(key) {
    Object.assign(this.camera, { state: "off", problem: text(key) });
  },

  nextCamera() {
    return this.startCamera((one) => one.next());
  },

  async toggleTorch() {
    try {
      await camera.torch(!this.camera.torchOn);
      this.camera.torchOn = !this.camera.torchOn;
    } catch {
      this.camera.torch = false; // it said that it could
    }
  },

  pauseCamera(paused) {
    if (!camera) {
      return;
    }
    camera.paused = paused;
    camera.seenAt = performance.now(); // the card that was scanned may still lie there
  },

  stopCamera() {
    camera?.stop();
    if (this.camera.state === "on") {
      this.camera.state = "off";
    }
  },

  cameraShown() {
    // A phone in a pocket films nothing.
    if (document.visibilityState === "hidden") {
      this.stopCamera();
    } else if (this.screen === "scan") {
      this.wakeCamera();
    }
  },

  cameraFound(code) {
    if (this.sheet || this.working || !["scan", "done"].includes(this.screen)) {
      return false;
    }
    // The same refusal once is enough, for as long as somebody needs to take the card away.
    const again = this.refusal && code === this.refusedCode && Date.now() - this.refusedAt < SAME_REFUSAL;
    if (!again) {
      this.scan(code);
    }
    return true;
  },

  forgetRefusal() {
    this.refusal = this.refusedCode = "";
    if (camera) {
      camera.seen = "";
    }
  },

  wedged(keys) {
    if (this.sheet === "enrol" && this.formFilled) {
      this.scanForForm(keys);
      return;
    }
    this.amount = ""; // its digits went to the pad first
    this.close();
    this.scan(keys);
  },

  scanTyped() {
    if (this.typed.trim()) {
      this.scan(this.typed.trim());
    }
  },

  /** A card that is scanned while a form is filled is for the form, or only looked at. */
  scanForForm(what) {
    return this.once("scan", async () => {
      this.feel("scan");
      const found = await post("scan", { text: what, client_id: newId(), from: "address", sent_at: new Date().toISOString() });
      if (found.found === "blank_card") {
        this.newcomer.blank_code = found.qr_code;
      } else {
        this.feel("refused");
        this.problem = found.member ? text("card_of", { name: found.member.name }) : text("card_not_free");
      }
    });
  },

  async scan(what, { memberId = 0, id = newId(), fromAddress = false } = {}) {
    if (this.working) {
      return;
    }
    this.working = "scan";
    this.justFound = true;
    this.refusal = "";
    this.feel("scan");
    try {
      const who = memberId ? { member_id: memberId } : { text: what };
      if (fromAddress) {
        who.from = "address"; // any page may lead here, so it must give nothing by itself
      }
      this.foundOne(await post("scan", { ...who, client_id: id, sent_at: new Date().toISOString() }), { what, id, fromAddress });
    } catch (problem) {
      await this.notFound(problem, what, memberId, id, fromAddress);
    } finally {
      this.working = "";
      this.justFound = false;
    }
  },

  foundOne(answer, { what, id, fromAddress }) {
    if (answer.settings && answer.settings !== this.settings.digest) {
      this.refresh();
    }
    switch (answer.found) {
      case "member":
        members.remember(this.business.id, [what, answer.member.code, answer.member.id], answer.member);
        this.show(answer.member, { scanId: answer.scan_id, focus: answer.focus, given: answer.given, fromAddress });
        break;
      case "choose":
        Object.assign(this, { choices: answer.members, moreFit: answer.more, choosing: { id, fromAddress } });
        this.open("choose");
        break;
      case "voucher":
        this.loose = { ...answer.voucher, kind: "voucher" };
        this.open("loose");
        break;
      case "scratch_card":
        this.loose = { ...answer.scratch_card, kind: "scratch" };
        this.open("loose");
        break;
      case "blank_card":
        this.blankFound(answer.qr_code);
        break;
      default:
        this.unconfirmed = { ...answer, id, fromAddress };
        this.open("confirm");
    }
  },

  async notFound(problem, what, memberId, id, fromAddress) {
    if (this.refusedAtDoor(problem)) {
      return;
    }
    if (problem instanceof Unreachable) {
      await this.fromMemory(what, memberId, id, fromAddress);
      return;
    }
    const message = problem instanceof Refused ? problem.message : text("went_wrong");
    Object.assign(this, { refusal: message, refusedCode: what, refusedAt: Date.now(), typed: this.screen === "scan" ? this.typed : "" });
    this.feel("refused");
    this.screen = "scan";
    this.say(message);
  },

  /** Without a network: whom this device has seen before, or the bare code. */
  async fromMemory(what, memberId, id, fromAddress) {
    const known = await members.recall(this.business.id, memberId || what);
    if (!known && !mayBeCode(what)) {
      this.refusal = text("needs_network"); // only the server finds people by their names
      this.feel("refused");
      this.say(this.refusal);
      return;
    }
    // The scan counts, too: it may give something by itself.
    const who = known ? { member_id: known.member.id } : { code: codeOf(what) };
    const body = { kind: "scan", client_id: id, ...who };
    if (!fromAddress) {
      const item = this.itemOf(body, text("card_scanned"), Date.now(), { name: known?.member.name ?? "", tried: true });
      await this.keep(item).catch(() => {});
    }
    if (known) {
      // What held then need not hold today: the server knows, when it comes to that.
      const { limits, birthday_today, ...member } = known.member;
      this.show(member, { scanId: id, asOf: known.at, fromAddress });
      return;
    }
    const { stamps_at_once, buttons, free, sale } = this.settings;
    const bare = { name: "", code: codeOf(what), stamps_most: stamps_at_once, buttons, free, sale };
    this.show(bare, { scanId: id, asOf: 0, code: codeOf(what), fromAddress });
  },

  chooseMember(id) {
    this.close();
    this.scan("", { memberId: id, ...this.choosing });
  },

  confirmSame() {
    const { qr_code, id, fromAddress } = this.unconfirmed;
    const from = fromAddress ? { from: "address" } : {};
    return this.once("confirm", async () => {
      const answer = await post("confirm", { qr_code, client_id: id, ...from });
      this.close();
      this.foundOne(answer, { what: qr_code, id, fromAddress });
    });
  },

  useLoose() {
    const one = this.loose;
    this.forgetWho(); // it is of nobody in particular, whoever was here before
    this.close();
    if (one.kind === "scratch") {
      this.redeemScratch(one);
    } else {
      this.redeemVoucher(one);
    }
  },
});
