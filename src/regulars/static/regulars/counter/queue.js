// What was done without a network. Each piece has its own id from the start, so however often it is sent,
// and by however many tabs, the server does it once.

import { Refused, post } from "./api.js";
import { queue } from "./store.js";

const AT_ONCE = 50;
const listeners = [];
const channel = "BroadcastChannel" in window ? new BroadcastChannel("regulars-counter-queue") : null;

export function watchQueue(listener) {
  listeners.push(listener);
}

async function changed({ elsewhere = false } = {}) {
  const items = await list();
  for (const listener of listeners) {
    listener(items);
  }
  if (!elsewhere) {
    channel?.postMessage("changed");
  }
}

channel?.addEventListener("message", () => changed({ elsewhere: true }));

/** Everything that is kept, in the order in which it happened. */
export async function list() {
  const items = await queue.all().catch(() => []);
  return items.sort((one, other) => one.order - other.order);
}

export async function add(item) {
  const before = await list();
  const order = Math.max(Date.now(), (before.at(-1)?.order ?? 0) + 1);
  await queue.put({ ...item, order, state: "waiting", message: "" });
  navigator.storage?.persist?.().catch(() => {});
  await changed();
}

export async function drop(id) {
  await queue.drop(id);
  await changed();
}

async function settle(item, result) {
  const error = result.error && new Refused(result.status, result.error);
  if (!error) {
    await queue.drop(item.client_id);
  } else if (!error.passes) {
    await queue.put({ ...item, state: "refused", message: error.message });
  }
  return error?.passes ?? false;
}

async function sendAll(business) {
  let sent = 0;
  for (;;) {
    const waiting = (await list()).filter((item) => item.state === "waiting" && item.business === business);
    // From here on nobody knows whether they arrived, until the server says so.
    const some = await queue.mark(waiting.slice(0, AT_ONCE).map((item) => item.client_id));
    if (some.length === 0) {
      return sent;
    }
    const { results } = await post("sync", {
      items: some.map((item) => item.body),
      sent_at: new Date().toISOString(),
    });
    let later = 0;
    for (const [at, item] of some.entries()) {
      later += (await settle(item, results[at])) ? 1 : 0;
    }
    sent += some.length - later;
    await changed();
    if (later > 0) {
      return sent; // the others wait for the next time
    }
  }
}

/** Send what waits, from one tab at a time. Resolves with how many pieces arrived or were refused for good. */
export async function send(business) {
  if (navigator.locks) {
    return navigator.locks.request("regulars-counter-queue", { ifAvailable: true }, (lock) =>
      lock ? sendAll(business) : 0,
    );
  }
  return sendAll(business);
}
