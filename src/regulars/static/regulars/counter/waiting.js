// What is kept on this device until the server has it: shown, sent, sent again, dropped, taken back.

import { Unreachable, get, post } from "./api.js";
import { add, again, answered, drop, hold, isHeld, letGo, send } from "./queue.js";
import { members } from "./store.js";
import { grouped, isolated, text } from "./texts.js";

// Milliseconds between two tries while the server cannot be reached: at first, and at most.
const SOON = 1000;
const LATE = 15_000;

export const waiting = () => ({
  waiting: [],
  triedAt: 0,
  pause: SOON,

  /** What this business's people did here and the server has not heard of, but for what is on its way now. */
  get unsent() {
    return this.waiting.filter((item) => item.business === this.business.id && !isHeld(item, this.now));
  },
  get sendable() {
    return this.unsent.filter((item) => item.state === "waiting");
  },
  get keptHere() {
    return this.session.business ? this.unsent.length : this.waiting.length;
  },
  /** A sentence about what another business's people did here; empty for nothing. */
  get elsewhere() {
    const n = this.session.business ? this.waiting.filter((item) => item.business !== this.business.id).length : 0;
    return n ? text("kept_elsewhere", { n }) : "";
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
    return left ? text("waiting", { n: left }) : this.elsewhere;
  },

  /** Until that has gone well, nobody knows what waits. */
  async readQueue() {
    try {
      await letGo();
    } catch {
      setTimeout(() => this.readQueue(), LATE); // some browsers keep nothing, others were only busy
    }
  },

  reached(is) {
    if (is === this.online) {
      return;
    }
    this.online = is;
    this.say(text(is ? "online_again" : "offline_said"));
    if (is && this.isOperator) {
      this.refresh().then(() => this.sendQueue()); // what waits is sent by the clock as it goes now
    }
  },

  hurry() {
    this.pause = SOON / 2;
    this.tryAgain();
  },

  async tryAgain() {
    this.triedAt = Date.now();
    this.pause = Math.min(LATE, this.pause * 2);
    if (!this.online) {
      try {
        this.become(await get("session"), { quiet: true });
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
      const sent = await send(this.business.id, this.skew);
      if (sent > 0) {
        this.say(text("sent", { n: sent }));
      }
    } catch (problem) {
      this.refusedAtDoor(problem);
    }
  },

  /** An action as this device keeps it. `tried`: whether the server may have it. */
  itemOf(body, title, at, { name, tried = false }) {
    const more = { offline: true, occurred_at: new Date(at).toISOString(), branch_id: this.session.branch?.id ?? null };
    more.done_by = this.session.operator?.id ?? null; // somebody else may send it
    const about = { title, name, operator: this.operatorName, business: this.business.id };
    return { client_id: body.client_id, body: { ...body, ...more }, ...about, at, tried, skew: this.skew };
  },

  keep(item) {
    return add(item);
  },

  /** Keep an action while its request is on the way. Resolves with whether that went. */
  holdWhile(item) {
    return hold(item).then(() => true, () => false);
  },

  /** The request of an action that was held has its answer. */
  async heard(clientId, held) {
    if (await held) {
      await answered(clientId).catch(() => {});
    }
  },

  aboutItem(item) {
    return [item.name || grouped(item.body.code ?? "") || text("unknown_card"), this.clock(item.at), item.operator].filter(Boolean).map(isolated).join(" · ");
  },

  stateOf(item) {
    if (item.state === "refused") {
      return item.message;
    }
    return text(this.online ? "being_sent" : "waits_for_network");
  },

  mayDrop(item) {
    return item.state === "refused" || !item.tried;
  },

  isLate(item) {
    return item.state === "refused" && item.problem === "time";
  },

  againText(item) {
    return text(this.isLate(item) ? "send_as_now" : "try_again");
  },

  sendAgain(item) {
    return this.once(`again-${item.client_id}`, async () => {
      await again(item.client_id, { asNow: this.isLate(item) });
      await this.sendQueue();
    });
  },

  dropItem(item) {
    return this.once(`drop-${item.client_id}`, async () => {
      if (await this.takeBack(item.client_id)) {
        await this.askRecent(); // it had arrived, and is there as undone
      }
    });
  },

  /** Take an action back, wherever it is by now. Resolves with the server's answer, null when it never got there. */
  async takeBack(clientId) {
    let kept = await drop(clientId).catch(() => "gone");
    if (kept === "tried") {
      // It is on its way, or nobody knows whether it arrived.
      await send(this.business.id, this.skew, { wait: true });
      kept = await drop(clientId);
    }
    if (kept === "tried") {
      throw new Unreachable();
    }
    if (kept === "dropped") {
      return null;
    }
    const answer = await post("undo", { client_id: clientId });
    if (answer.member) {
      members.remember(this.business.id, [answer.member.code, answer.member.id], answer.member);
    }
    return answer;
  },
});
