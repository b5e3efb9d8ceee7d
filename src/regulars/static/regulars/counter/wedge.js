// Scanners that act as a keyboard: a burst of keys, then Enter, whatever has the focus.

const QUICK = 45; // milliseconds between two keys; nobody types a whole code like that
const SHORTEST = 4;

export class Wedge {
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
