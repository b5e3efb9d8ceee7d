// The devices of the business, for its owner: a code that makes another one a counter, and their end.

import { get, post } from "./api.js";
import { isolated, text } from "./texts.js";

export const devices = () => ({
  devices: [],
  newCode: null, // a code that is shown once
  sureOfDevice: 0,

  openDevices() {
    this.open("devices");
    return this.once("devices", () => this.askDevices());
  },

  async askDevices() {
    this.devices = (await get("devices")).devices;
  },

  closedDevices() {
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
