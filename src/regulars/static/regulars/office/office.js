// Menus, questions, notes, lists with marks and work that goes on: what the office's pages have besides HTML.
// Every page can be used without this; it listens at the document, so that parts that come later are served, too.
(() => {
  "use strict";
  const texts = document.getElementById("office-texts")?.dataset ?? {};
  document.documentElement.classList.add("has-scripts");

  function element(tag, fields = {}, ...children) {
    const made = Object.assign(document.createElement(tag), fields);
    made.append(...children);
    return made;
  }

  function closest(event, selector) {
    return event.target instanceof Element ? event.target.closest(selector) : null;
  }

  // Notes that pass

  function tray() {
    const found = document.querySelector(".toasts");
    if (found) {
      return found;
    }
    const made = element("div", { className: "toasts" });
    made.setAttribute("role", "status");
    made.setAttribute("aria-live", "polite");
    document.body.append(made);
    return made;
  }

  function say(text, wait = 6000) {
    const close = element("button", { type: "button", textContent: "×", ariaLabel: texts.close });
    const note = element("div", { className: "toast-note" }, element("span", { textContent: text }), close);
    let timer = setTimeout(() => note.remove(), wait);
    close.addEventListener("click", () => note.remove());
    for (const kind of ["pointerenter", "focusin"]) {
      note.addEventListener(kind, () => clearTimeout(timer));
    }
    note.addEventListener("pointerleave", () => { timer = setTimeout(() => note.remove(), 2000); });
    tray().append(note);
  }

  // Menus

  function closeMenus(except) {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!except || !menu.contains(except)) {
        menu.open = false;
      }
    }
  }

  document.addEventListener("click", (event) => {
    closeMenus(event.target instanceof Node ? event.target : null);
    if (closest(event, "details.menu .dropdown-item:not([data-theme-switch])")) {
      closeMenus();
    }
  });

  document.addEventListener("keydown", (event) => {
    const menu = closest(event, "details.menu[open]");
    if (!menu) {
      return;
    }
    if (event.key === "Escape") {
      menu.open = false;
      menu.querySelector("summary").focus();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const items = [...menu.querySelectorAll(".dropdown-item")];
      const step = event.key === "ArrowDown" ? 1 : -1;
      const next = items[(items.indexOf(document.activeElement) + step + items.length) % items.length];
      event.preventDefault();
      next?.focus();
    }
  });

  // Dialogs, and questions before something that cannot be undone

  document.addEventListener("click", (event) => {
    const opener = closest(event, "[data-dialog]");
    if (opener) {
      event.preventDefault();
      document.getElementById(opener.dataset.dialog)?.showModal();
    } else if (closest(event, "dialog [data-close]")) {
      closest(event, "dialog").close();
    } else if (event.target instanceof HTMLDialogElement) {
      const box = event.target.getBoundingClientRect();
      const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
      if (!inside) {
        event.target.close();
      }
    }
  });

  function ask(form, submitter) {
    const { confirm, confirmName } = { ...form.dataset, ...submitter?.dataset };
    const calm = submitter?.classList.contains("btn-primary");
    const go = element("button", { className: calm ? "btn btn-primary" : "btn btn-danger", value: "yes", textContent: submitter?.textContent.trim() || texts.confirm });
    const stop = element("button", { className: "btn", type: "button", textContent: texts.cancel });
    const heading = element("h2", { id: "question", textContent: confirm });
    const inner = element("form", { method: "dialog" }, heading);
    let typed = null;
    if (confirmName) {
      const [before, after] = texts.type.split("{name}");
      typed = element("input", { className: "form-control", autocomplete: "off", id: "question-name" });
      const label = element("label", { className: "form-label", htmlFor: typed.id }, before, element("strong", { textContent: confirmName }), after);
      go.disabled = true;
      typed.addEventListener("input", () => { go.disabled = typed.value.trim() !== confirmName.trim(); });
      inner.append(label, typed);
    }
    inner.append(element("div", { className: "end" }, stop, go));
    const dialog = element("dialog", {}, inner);
    dialog.setAttribute("aria-labelledby", heading.id);
    stop.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (dialog.returnValue === "yes") {
        form.dataset.asked = "yes";
        form.querySelectorAll("[data-confirmed]").forEach((field) => { field.value = typed?.value ?? "yes"; });
        form.requestSubmit(submitter ?? undefined);
      } else {
        submitter?.focus();
      }
    });
    document.body.append(dialog);
    dialog.showModal();
    (typed ?? stop).focus();
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const question = event.submitter?.dataset.confirm ?? form.dataset.confirm;
    if (question && form.dataset.asked !== "yes") {
      event.preventDefault();
      event.stopImmediatePropagation();
      ask(form, event.submitter);
      return;
    }
    delete form.dataset.asked;
    if (form.matches("[data-once], [method=post]") && form.method !== "dialog" && !event.submitter?.formTarget && !form.matches("[hx-post], [hx-get]")) {
      if (form.dataset.sent) {
        event.preventDefault(); // it is on its way
        return;
      }
      form.dataset.sent = "yes";
      const pressed = event.submitter;
      setTimeout(() => pressed?.setAttribute("aria-busy", "true"));
    }
  }, true);

  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent; // back again, from the browser's memory
      form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
    }
  });

  // Forms: what is not saved yet, what is only asked for sometimes, what is sent as soon as it is chosen

  function shown(form) {
    for (const part of form.querySelectorAll("[data-when]")) {
      const [name, wanted] = part.dataset.when.split("=");
      const field = form.elements.namedItem(name);
      const one = field instanceof RadioNodeList || field?.type !== "checkbox" ? field?.value : field.checked ? "on" : "";
      part.hidden = wanted === undefined ? !one : !wanted.split("|").includes(one ?? "");
    }
  }

  function changed(event) {
    const form = event.target.form ?? closest(event, "form");
    if (!form) {
      return;
    }
    shown(form);
    const state = form.querySelector("[data-state]");
    if (state) {
      state.textContent = texts.unsaved;
    }
    if (event.target.dataset.twin) { // two fields for one value: such as a colour and its number
      form.querySelector(event.target.dataset.twin).value = event.target.value;
    }
  }

  document.addEventListener("input", changed);
  document.addEventListener("change", (event) => {
    changed(event);
    if (closest(event, "[data-sends]")) {
      event.target.form.requestSubmit();
    }
  });

  // Ticked rows of a list, and what may be done to all of them

  function count(form) {
    const rows = [...form.querySelectorAll("input[name=id]")];
    const ticked = rows.filter((one) => one.checked).length;
    const all = form.querySelector("[data-all]");
    if (all) {
      all.checked = ticked > 0 && ticked === rows.length;
      all.indeterminate = ticked > 0 && ticked < rows.length;
    }
    for (const bar of form.querySelectorAll("[data-bulk]")) {
      bar.hidden = ticked === 0;
      bar.querySelector("[data-bulk-count]").textContent = texts.selected.replace("{count}", ticked);
    }
  }

  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (!form?.querySelector("[data-bulk]")) {
      return;
    }
    if (event.target.matches("[data-all]")) {
      for (const one of form.querySelectorAll("input[name=id]")) {
        one.checked = event.target.checked;
      }
    }
    count(form);
  });

  // Work that goes on: how far it is, until it is done

  async function follow(box) {
    if (box.dataset.followed || (box.dataset.state && box.dataset.state !== "running")) {
      return;
    }
    box.dataset.followed = "yes";
    const bar = box.querySelector("progress, .progress-bar");
    const said = box.querySelector("[data-progress-text]");
    let wait = 500;
    while (box.isConnected) {
      let now = null;
      try {
        const answer = await fetch(box.dataset.progress, { headers: { Accept: "application/json" }, cache: "no-store" });
        now = answer.ok ? await answer.json() : null;
      } catch {
        // The network comes back, or the page is left.
      }
      if (now) {
        const share = now.total ? Math.min(1, now.done / now.total) : 0;
        if (bar instanceof HTMLProgressElement) {
          if (now.total) { // without, nobody knows how long it takes
            bar.max = 1;
            bar.value = share;
          }
        } else if (bar) {
          bar.style.width = `${Math.round(share * 100)}%`;
        }
        if (said) {
          said.textContent = now.text || texts.done.replace("{done}", now.done).replace("{total}", now.total ?? "?");
        }
        box.dataset.state = now.state;
        if (now.state !== "running") {
          ended(box, now);
          return;
        }
      }
      await new Promise((go) => { setTimeout(go, wait); });
      wait = Math.min(wait * 1.5, 5000);
    }
  }

  function ended(box, now) {
    const link = box.querySelector("a[data-progress-url]");
    box.querySelector("progress, .progress")?.remove();
    if (now.url && link) {
      link.href = now.url;
      link.hidden = false;
    } else if (box.dataset.then) {
      location.assign(box.dataset.then);
    } else if (box.hasAttribute("data-reload")) {
      location.reload();
    }
  }

  // Small helpers: copying, printing, showing a secret, where the device is

  document.addEventListener("click", async (event) => {
    const copy = closest(event, "[data-copy]");
    if (copy) {
      const source = copy.dataset.copy.startsWith("#") ? document.querySelector(copy.dataset.copy) : null;
      const text = source ? source.value ?? source.textContent.trim() : copy.dataset.copy;
      try {
        await navigator.clipboard.writeText(text);
        say(texts.copied, 2000);
      } catch {
        source?.select?.();
      }
    } else if (closest(event, "[data-insert]")) {
      insert(closest(event, "[data-insert]"));
    } else if (closest(event, "[data-print]")) {
      print();
    } else if (closest(event, "[data-locate]")) {
      locate(closest(event, "[data-locate]"));
    }
  });

  function insert(button) {
    const field = document.querySelector(button.dataset.into);
    field.focus();
    field.setRangeText(button.dataset.insert, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function locate(button) {
    const [latitude, longitude] = button.dataset.locate.split(" ").map((id) => document.querySelector(id));
    button.setAttribute("aria-busy", "true");
    const done = () => button.removeAttribute("aria-busy");
    const sorry = () => { done(); say(texts.nowhere); };
    if (!navigator.geolocation) {
      sorry();
      return;
    }
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      latitude.value = coords.latitude.toFixed(6);
      longitude.value = coords.longitude.toFixed(6);
      latitude.dispatchEvent(new Event("input", { bubbles: true }));
      done();
    }, sorry, { enableHighAccuracy: true, timeout: 15000 });
  }

  // A preview beside a form: what is typed is shown in its frame as soon as somebody stops typing.

  const waiting = new WeakMap();

  function live(button) {
    const frame = document.querySelector(`iframe[name="${button.formTarget}"]`);
    const fresh = frame.cloneNode(); // a new one: what it shows is no step back in the browser's history
    fresh.removeAttribute("src");
    frame.replaceWith(fresh);
    const files = [...button.form.elements].filter((one) => one.type === "file" && !one.disabled);
    for (const one of files) one.disabled = true; // no preview shows a file: it is sent once, when it is saved
    button.form.requestSubmit(button);
    for (const one of files) one.disabled = false;
  }

  document.addEventListener("input", (event) => {
    const button = [...event.target.form?.elements ?? []].find((one) => one.matches("[data-live]"));
    if (button) {
      clearTimeout(waiting.get(button));
      waiting.set(button, setTimeout(live, 500, button));
    }
  });

  // Paper is white.
  let theme = null;
  addEventListener("beforeprint", () => {
    theme = document.documentElement.dataset.theme ?? "";
    document.documentElement.dataset.theme = "light";
  });
  addEventListener("afterprint", () => {
    if (theme) {
      document.documentElement.dataset.theme = theme;
    } else {
      delete document.documentElement.dataset.theme;
    }
  });

  // A list that is searched comes anew while somebody types on: nothing that they typed is lost, and what they
  // had open stays so. What is empty needs no place in the address.

  let typing = null;

  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.elt.matches(".list-search")) {
      const given = event.detail.parameters;
      for (const name of Object.keys(given)) {
        if (given[name] === "") {
          delete given[name];
        }
      }
    }
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    const list = event.detail.target.id === "list" ? event.detail.target : null;
    const field = document.activeElement;
    const within = list && field?.name && field.closest(".list-search");
    const open = event.detail.requestConfig?.elt.matches(".list-search") && list?.querySelector(".filters")?.open;
    typing = within || open ? { name: within && field.name, value: field.value, open } : null;
  });

  document.addEventListener("htmx:afterSwap", () => {
    if (typing?.open) {
      document.querySelector("#list .filters")?.setAttribute("open", "");
    }
    const field = typing?.name && document.querySelector(`#list .list-search [name="${CSS.escape(typing.name)}"]`);
    if (!field) {
      typing = null;
      return;
    }
    field.focus({ preventScroll: true });
    typing.behind = field.value !== typing.value;
    field.value = typing.value;
    typing.field = field;
  });

  document.addEventListener("htmx:afterSettle", () => {
    if (typing?.behind) { // the answer is older than what stands there
      typing.field.form.requestSubmit();
    }
    typing = null;
  });

  document.addEventListener("htmx:responseError", () => say(texts.failed));
  document.addEventListener("htmx:sendError", () => say(texts.failed));
  document.addEventListener("htmx:beforeSwap", (event) => {
    // A form that something is wrong with is an answer, too.
    if (event.detail.xhr.status === 400 && event.detail.xhr.getResponseHeader("Content-Type")?.startsWith("text/html")) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });

  // What a page, or a part of it, brings with it

  function begin(root) {
    for (const note of root.querySelectorAll("[data-toast]")) {
      say(note.textContent.trim());
      note.remove();
    }
    for (const box of root.querySelectorAll("[data-progress]")) {
      follow(box);
    }
    for (const form of root.querySelectorAll("form")) {
      shown(form);
    }
    for (const bar of root.querySelectorAll("[data-bulk]")) {
      count(bar.closest("form"));
    }
    for (const table of root.querySelectorAll(".table-responsive")) {
      wide.observe(table);
    }
    for (const button of root.querySelectorAll("[data-live]")) {
      live(button);
    }
    for (const open of root.querySelectorAll("dialog[data-open]")) {
      open.showModal();
    }
    root.querySelector("[aria-invalid=true]")?.focus();
    for (const current of document.querySelectorAll(".tabs [aria-current]")) { // beside each other, not the page
      const row = current.closest(".tabs");
      row.scrollLeft = current.offsetLeft - row.offsetLeft - (row.clientWidth - current.offsetWidth) / 2;
    }
  }

  // A card in a frame is shown as a whole, whatever is on it.
  function whole(frame) {
    const card = frame.contentDocument?.getElementById("face");
    if (card) {
      frame.style.height = `${Math.ceil(card.getBoundingClientRect().bottom) + 16}px`;
    }
  }
  const cards = () => document.querySelectorAll("iframe.card-frame").forEach(whole);
  document.addEventListener("load", (event) => event.target.matches?.("iframe.card-frame") && whole(event.target), true);
  window.addEventListener("resize", cards);
  cards();

  // What is wider than the page can be moved with the arrow keys, too.
  const wide = new ResizeObserver((seen) => {
    for (const { target } of seen) {
      const moves = target.scrollWidth > target.clientWidth && !target.querySelector("a[href], button, input");
      if (moves) {
        target.tabIndex = 0;
        target.setAttribute("role", "region");
        target.setAttribute("aria-label", target.querySelector("caption")?.textContent.trim() || document.title);
      } else {
        target.removeAttribute("tabindex");
        target.removeAttribute("role");
        target.removeAttribute("aria-label");
      }
    }
  });

  begin(document);
  document.addEventListener("htmx:load", (event) => event.detail.elt !== document.body && begin(event.detail.elt));
})();
