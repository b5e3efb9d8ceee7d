// The reader's own key in the examples of the documentation. It is kept in this tab alone (sessionStorage), where the
// back office puts it, or is typed here. It is never part of an address.
(() => {
  "use strict";
  const KEPT = "regulars-docs-key";
  const form = document.querySelector("[data-docs-key-form]");
  const field = form.querySelector("input");
  const state = form.querySelector("[data-docs-key-state]");
  const place = form.dataset.place;
  const filled = [];

  function kept() {
    try {
      return sessionStorage.getItem(KEPT) ?? "";
    } catch {
      return ""; // a browser that keeps nothing
    }
  }

  function keep(key) {
    try {
      if (key) {
        sessionStorage.setItem(KEPT, key);
      } else {
        sessionStorage.removeItem(KEPT);
      }
    } catch {
      // The examples hold it all the same, until the page is left.
    }
  }

  // Every text of an example that holds the place of a key, with what it said.
  function collect() {
    for (const code of document.querySelectorAll("pre code")) {
      const walker = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (node.data.includes(place)) {
          filled.push([node, node.data]);
        }
      }
    }
  }

  // The viewer of the REST API takes it as if it had been typed into its own form.
  function authorise(key) {
    if (typeof ui === "undefined") {
      return;
    }
    if (key) {
      ui.preauthorizeApiKey("HeaderKey", key);
    } else {
      ui.authActions.logout(["HeaderKey"]);
    }
  }

  function show(key) {
    for (const [node, text] of filled) {
      node.data = key ? text.replaceAll(place, key) : text;
    }
    state.textContent = key ? state.dataset.filled : state.dataset.empty;
  }

  function begin() {
    collect();
    field.value = kept();
    show(field.value);
    form.hidden = false;
    field.addEventListener("input", () => {
      const key = field.value.trim();
      keep(key);
      show(key);
      authorise(key);
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    if (typeof ui === "undefined" || !field.value) {
      return;
    }
    // It knows the ways to sign in as soon as it has drawn the button for them.
    const root = document.getElementById("swagger-ui");
    const seen = new MutationObserver(() => {
      if (root.querySelector(".btn.authorize")) {
        seen.disconnect();
        authorise(field.value.trim());
      }
    });
    seen.observe(root, { childList: true, subtree: true });
  }

  begin();
})();
