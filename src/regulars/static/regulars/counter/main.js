// The counter: one component, whose parts are in files of their own.

import { base } from "./base.js";
import { doing } from "./doing.js";
import { entering } from "./entering.js";
import { lists } from "./lists.js";
import { member } from "./member.js";
import { scanning } from "./scanning.js";
import { waiting } from "./waiting.js";

function mixed(...parts) {
  const whole = {};
  for (const part of parts) {
    const twice = Object.keys(part).filter((name) => name in whole);
    if (twice.length) {
      throw new Error(`two parts of the counter have the name ${twice.join(", ")}`);
    }
    // Not Object.assign: it would read the getters once and for all.
    Object.defineProperties(whole, Object.getOwnPropertyDescriptors(part));
  }
  return whole;
}

document.addEventListener("alpine:init", () => {
  window.Alpine.data("counter", () => mixed(base(), entering(), scanning(), member(), doing(), waiting(), lists()));
});

if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register("/scan/sw.js", { scope: "/scan/" }).catch(() => {}); // it works without
}
