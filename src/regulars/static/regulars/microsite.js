// Small help for the micro-site's pages, which all work without it.
(() => {
  "use strict";
  document.documentElement.classList.add("has-scripts");

  // A form is sent once, however often its button is pressed.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-once]") || form.hasAttribute("hx-post")) {
      return;
    }
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    for (const button of form.querySelectorAll("button")) {
      button.setAttribute("aria-disabled", "true");
    }
  });

  // A page that the browser brings back as it was left can be sent again.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) {
      return;
    }
    for (const form of document.querySelectorAll("[data-sent]")) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("button")) {
        button.removeAttribute("aria-disabled");
      }
    }
  });

  for (const choice of document.querySelectorAll("[data-submits]")) {
    choice.form.querySelector("[data-submit]").hidden = true;
    choice.addEventListener("change", () => choice.form.requestSubmit());
  }

  // Who erased themselves leaves no card here for times without network. Other cards are kept again when opened.
  if (document.querySelector("[data-forgets-cards]") && "caches" in window) {
    caches.keys().then((names) => Promise.all(
      names.filter((name) => name.startsWith("regulars-card-")).map((name) => caches.delete(name)),
    )).catch(() => undefined); // a browser that keeps nothing
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-print]")) {
      window.print();
    }
  });

  // What htmx brings in place of a button is read out and reached by the keyboard from there.
  document.addEventListener("htmx:afterSwap", (event) => {
    const root = event.detail.elt.isConnected ? event.detail.elt : document;
    root.querySelector("[tabindex='-1'][autofocus]")?.focus();
  });
  // Without an answer the page says so, next to what was pressed, which can be pressed again.
  const unsent = document.querySelector("[data-unsent]");
  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
    document.addEventListener(name, (event) => {
      if (unsent) {
        event.detail.elt.closest("form, section")?.append(unsent);
        unsent.hidden = false;
        unsent.scrollIntoView({ block: "nearest" });
      }
    });
  }
  document.addEventListener("htmx:beforeRequest", () => {
    if (unsent) {
      unsent.hidden = true;
      document.querySelector("#main").append(unsent);
    }
  });
  // A refusal is shown like an answer.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if ([403, 404, 409, 429].includes(event.detail.xhr.status)) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
})();
