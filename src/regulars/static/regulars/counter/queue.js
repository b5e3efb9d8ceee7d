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

/** Send a piece that was refused once more; as if it happened now, where its time was the reason. */
export async function again(item, { asNow = false, skew = null } = {}) {
  const body = asNow ? { ...item.body, occurred_at: new Date().toISOString() } : item.body;
  await queue.put({ ...item, body, skew: asNow ? skew : item.skew, state: "waiting", message: "", problem: "" });
  await changed();
}

/** A piece as it is sent. A clock that was set meanwhile does not move the moment at which it happened. */
function asSent({ body, skew }, skewNow) {
  if (typeof skew !== "number" || typeof skewNow !== "number") {
    return body;
  }
  return { ...body, occurred_at: new Date(Date.parse(body.occurred_at) + skew - skewNow).toISOString() };
}

async function settle(item, result) {
  const error = result.error && new Refused(result.status, result.error);
  if (!error) {
    await queue.drop(item.client_id);
  } else if (!error.passes) {
    await queue.put({ ...item, state: "refused", message: error.message, problem: aboutTime(error) ? "time" : "" });
  }
  return error?.passes ?? false;
}

function aboutTime(error) {
  return error.code === "too_old" || "occurred_at" in error.fields;
}

async function sendAll(business, skew) {
  let sent = 0;
  for (;;) {
    const waiting = (await list()).filter((item) => item.state === "waiting" && item.business === business);
    // From here on nobody knows whether they arrived, until the server says so.
    const some = await queue.mark(waiting.slice(0, AT_ONCE).map((item) => item.client_id));
    if (some.length === 0) {
      return sent;
    }
    const { results } = await post("sync", {
      items: some.map((item) => asSent(item, skew)),
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

/** Send what waits, from one tab at a time. Resolves with how many pieces arrived or were refused for good.
 *  `skew` is by how many milliseconds the server's clock is ahead of ours now, null when nobody knows. */
export async function send(business, skew) {
  if (navigator.locks) {
    return navigator.locks.request("regulars-counter-queue", { ifAvailable: true }, (lock) =>
      lock ? sendAll(business, skew) : 0,
    );
  }
  return sendAll(business, skew);
}
