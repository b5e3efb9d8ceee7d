// Coming in: by password, by PIN on a paired device, by pairing a device; choosing the branch; going out.

import { Refused, post } from "./api.js";
import { newId, text } from "./texts.js";

const MOST_DIGITS = 8;
const LEAST_DIGITS = 4;
const TO_FIND = 10_000; // milliseconds for the device to find itself
const TO_ANSWER = 15_000; // the same, with the time for allowing it, which browsers do not count

/** Where this device is, or null. */
function position() {
  return new Promise((resolve) => {
    setTimeout(() => resolve(null), TO_ANSWER);
    navigator.geolocation.getCurrentPosition(resolve, () => resolve(null), { timeout: TO_FIND, maximumAge: 60_000 });
  });
}

export const entering = () => ({
  way: "password", // or "pair", "people", "pin"
  form: { email: "", password: "", new_password: "", temp_password: "", step: "", code: "", name: "" },
  businesses: [],
  mustChange: false,
  isInvited: false,
  needsCode: false,
  onlyRecovery: false, // a passkey cannot be asked for here
  pairing: { code: "", id: "" },
  person: { id: 0, name: "" },
  pin: "",
  pinWrong: false,
  near: "",
  leaving: false,
  finding: false,

  /** Nobody is signed in any more. Nothing that was here is for whoever comes next. */
  leave() {
    this.close();
    this.forgetWho();
    this.forgetDone();
    this.recent = [];
    this.way = this.session.state === "device" ? "people" : "password";
    this.pin = "";
    this.stopCamera();
    this.screen = "enter";
  },

  goTo(way) {
    this.problem = "";
    this.wrong = {};
    this.pin = "";
    this.way = way;
    this.focusOn(".enter [data-first]:not([hidden])", false);
  },

  signIn(businessId) {
    const { email, password, new_password, temp_password, step } = this.form;
    const body = { email, password };
    if (businessId) {
      body.business_id = businessId;
    }
    if (this.mustChange) {
      body.new_password = new_password;
    }
    if (this.isInvited) {
      body.temp_password = temp_password;
    }
    if (this.needsCode) {
      body.code = step;
    }
    return this.once("sign-in", async () => {
      try {
        this.entered(await post("sign-in", body));
      } catch (problem) {
        if (!(problem instanceof Refused)) {
          throw problem;
        }
        this.mustChange ||= problem.code === "password_must_change";
        if (problem.code === "code_needed") {
          this.needsCode = problem.details.codes !== "none";
          this.onlyRecovery = problem.details.codes === "recovery";
        }
        this.isInvited ||= problem.code === "invitation_open";
        this.businesses = problem.details.businesses ?? [];
        if (problem.code === "choose_business") {
          return;
        }
        throw problem;
      }
    });
  },

  entered(session) {
    Object.assign(this.form, { email: "", password: "", new_password: "", temp_password: "", step: "", code: "" });
    this.businesses = [];
    this.mustChange = this.isInvited = this.needsCode = false;
    this.become(session);
  },

  pair() {
    return this.once("pair", async () => {
      const { code, name } = this.form;
      if (this.pairing.code !== code) {
        this.pairing = { code, id: newId() }; // the same when the answer was lost: the code is used up then
      }
      this.entered(await post("pair", { code, name, client_id: this.pairing.id }));
    });
  },

  choosePerson(person) {
    this.person = person;
    this.goTo("pin");
  },

  pinKey(key) {
    this.problem = "";
    if (this.pin.length < MOST_DIGITS) {
      this.pin += key;
    }
  },

  pinBack() {
    this.pin = this.pin.slice(0, -1);
  },

  get pips() {
    const shown = Math.max(LEAST_DIGITS, this.pin.length);
    return Array.from({ length: shown }, (_, at) => ({ at, full: at < this.pin.length }));
  },

  get pinReady() {
    return this.pin.length >= LEAST_DIGITS;
  },

  typePin(event) {
    if (this.screen !== "enter" || this.way !== "pin" || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    if (/^[0-9]$/.test(event.key)) {
      this.pinKey(event.key);
    } else if (event.key === "Backspace") {
      this.pinBack();
    } else if (event.key === "Enter" && event.target === document.body) {
      this.usePin();
    } else if (event.key === "Escape") {
      this.goTo("people");
    }
  },

  usePin() {
    if (!this.pinReady) {
      return null;
    }
    return this.once("pin", async () => {
      const pin = this.pin;
      this.pin = "";
      this.pinWrong = false;
      try {
        this.entered(await post("pin", { staff_id: this.person.id, pin }));
      } catch (problem) {
        this.pinWrong = problem instanceof Refused;
        throw problem;
      }
    });
  },

  signOut(device) {
    return this.once("sign-out", async () => {
      const session = await post("sign-out", device ? { device: true } : {});
      this.close();
      this.leaving = true;
      this.become(session);
      this.leaving = false;
    });
  },

  askBranch() {
    this.near = "";
    this.open("branch");
  },

  setBranch(id) {
    return this.once(`branch-${id}`, async () => {
      this.become(await post("branch", { branch_id: id }));
      this.close();
    });
  },

  /** Whoever does not answer whether this page may know where it is does not stop the counter. */
  async nearest() {
    if (this.finding || this.working) {
      return;
    }
    this.finding = true;
    this.problem = "";
    const place = await position();
    this.finding = false;
    if (this.sheet !== "branch") {
      return; // it was chosen by hand meanwhile
    }
    if (!place) {
      this.problem = text("no_place");
      return;
    }
    await this.once("nearest", async () => {
      const { latitude, longitude } = place.coords;
      this.become(await post("branch", { latitude, longitude }));
      this.near = this.branchName;
      this.close();
    });
  },

  get canFindPlace() {
    return "geolocation" in navigator && window.isSecureContext && this.session.branches.some((one) => one.has_place);
  },
});
