// What was done without a network, and what is on its way. Each piece has its own id from the start, so however
// often it is sent, and by however many tabs, the server does it once.

import { Refused, Unreachable, post } from "./api.js";
import { queue } from "./store.js";
import { text } from "./texts.js";

const AT_ONCE = 50;
const FEWER = 8; // into so many parts goes what could not be sent at once
const TRIES = 3; // how often the server may fail at a piece before somebody has to look
const BUSY = 503; // the server's own word for: not now, whatever it is
const HELD = 15_000; // milliseconds after which a request has ended, whatever became of it
const LOCK = "regulars-counter-queue";
const listeners = [];
const channel = "BroadcastChannel" in window ? new BroadcastChannel(LOCK) : null;
let atOnce = AT_ONCE;
let sending = null; // where browsers know no locks

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

channel?.addEventListener("message", () => reread().catch(() => {}));

/** Everything that is kept, in the order in which it happened. Rejects when nobody can say. */
export async function list() {
  const items = await queue.all();
  return items.sort((one, other) => one.order - other.order);
}

/** Whether a piece is on its way from a page that waits for the answer. */
export function isHeld(item, now = Date.now()) {
  return Boolean(item.held) && Math.abs(now - item.held) < HELD;
}

async function put(item, durability) {
  const before = await list();
  const order = Math.max(Date.now(), (before.at(-1)?.order ?? 0) + 1);
  await queue.put({ ...item, order, state: "waiting", message: "" }, durability);
}

export async function add(item) {
  await put(item);
  navigator.storage?.persist?.().catch(() => {});
  await changed();
}

/** Keep a piece while its request is on the way, should the page not live to hear the answer. */
export function hold(item) {
  return put({ ...item, tried: true, held: Date.now() }, "relaxed");
}

/** There was an answer: a piece that was held is done, or refused to whoever asked. */
export function answered(id) {
  return queue.remove(id);
}

/** What was held by a page that is gone waits from now on. */
export async function letGo() {
  const held = (await list()).filter((item) => item.held).map((item) => item.client_id);
  if (held.length) {
    await queue.change(held, (item) => ({ ...item, held: 0 }));
  }
  await changed();
}

/** Tell this page again what is kept. */
export function reread() {
  return changed({ elsewhere: true });
}

/** Drop a piece unless the server may have it by now. Resolves with "dropped", "tried", or "gone". */
export async function drop(id) {
  let said = "gone";
  await queue.change([id], (item) => {
    said = item.tried && item.state === "waiting" ? "tried" : "dropped";
    return said === "dropped" ? null : undefined;
  });
  await changed();
  return said;
}

/** Send a piece that was refused once more; `asNow`: as if it happened now, where its time was the reason. */
export async function again(id, { asNow = false } = {}) {
  const fresh = { state: "waiting", message: "", problem: "", fails: 0, tried: false };
  await queue.change([id], (item) => ({ ...item, ...fresh, body: asNow ? { ...item.body, as_now: true } : item.body }));
  await changed();
}

/** A piece as it is sent. A clock that was set meanwhile does not move the moment at which it happened. */
function asSent({ body, skew }, skewNow) {
  if (typeof skew !== "number" || typeof skewNow !== "number") {
    return body;
  }
  return { ...body, occurred_at: new Date(Date.parse(body.occurred_at) + skew - skewNow).toISOString() };
}

/** What becomes of a piece that was refused: it waits for another time, or for somebody to look at it. */
function refused(item, error) {
  const fails = (item.fails ?? 0) + (error.status >= 500 ? 1 : 0);
  if (error.passes && fails < TRIES) {
    return { ...item, fails };
  }
  if (item.body.kind === "scan" && !aboutTime(error)) {
    return null; // it gave nothing, so nobody has to look at it
  }
  const message = error.message || text("went_wrong");
  return { ...item, fails, state: "refused", message, problem: aboutTime(error) ? "time" : "" };
}

/** Whether the server failed at all that was sent together, rather than that it is away or busy. */
function isFailure({ status }) {
  return status >= 500 && status !== BUSY;
}

function aboutTime(error) {
  return error.code === "too_old" || "occurred_at" in error.fields;
}

/** What the server says to each of some pieces. When it fails at all of them together, there are fewer the next
 *  time, until the one is alone that it fails at. */
async function results(some, skew) {
  try {
    const items = some.map((item) => asSent(item, skew));
    const found = (await post("sync", { items, sent_at: new Date().toISOString() })).results;
    atOnce = Math.min(AT_ONCE, atOnce * 2);
    return found;
  } catch (problem) {
    if (isFailure(problem) && some.length === 1) {
      return [{ status: problem.status, error: problem.details ?? {}, mayBeAway: problem.status !== 500 }];
    }
    if (isFailure(problem) || problem instanceof Unreachable) {
      atOnce = Math.ceil(some.length / FEWER); // perhaps it is one of them, or too much for its patience
    }
    throw problem;
  }
}

async function sendAll(business, skew) {
  const later = new Set(); // what is not tried again this time
  const isBehind = (item) => later.has(item.body.enrol_id); // what a new customer gets waits for the customer
  let sent = 0;
  for (;;) {
    const waiting = (await list()).filter((item) => {
      const mine = item.state === "waiting" && item.business === business && !isHeld(item);
      return mine && !later.has(item.client_id) && !isBehind(item);
    });
    // From here on nobody knows whether they arrived, until the server says so.
    const ids = waiting.slice(0, atOnce).map((item) => item.client_id);
    const some = await queue.change(ids, (item) => ({ ...item, tried: true, held: 0 }));
    if (some.length === 0) {
      return sent;
    }
    await changed();
    let wait = false; // for everything
    for (const [at, { status, error, mayBeAway }] of (await results(some, skew)).entries()) {
      const problem = error && new Refused(status, error);
      const { client_id } = some[at];
      if (problem && isBehind(some[at])) {
        later.add(client_id);
        continue;
      }
      await queue.change([client_id], (item) => (problem ? refused(item, problem) : null));
      if (problem?.passes) {
        later.add(client_id);
        wait ||= mayBeAway || status < 500; // who is away, or asks for a pause, is not asked for the others either
      }
    }
    sent += some.filter((item) => !later.has(item.client_id)).length;
    await changed();
    if (wait) {
      return sent;
    }
  }
}

/** Send what waits, from one tab at a time. Resolves with how many pieces arrived or were refused for good.
 *  `skew` is by how many milliseconds the server's clock is ahead of ours now, null when nobody knows. With
 *  `wait`, after whoever is sending now. */
export async function send(business, skew, { wait = false } = {}) {
  if (navigator.locks) {
    return navigator.locks.request(LOCK, { ifAvailable: !wait }, (lock) => (lock ? sendAll(business, skew) : 0));
  }
  if (sending && !wait) {
    return 0;
  }
  await sending?.catch(() => {});
  sending = sendAll(business, skew).finally(() => {
    sending = null;
  });
  return sending;
}
