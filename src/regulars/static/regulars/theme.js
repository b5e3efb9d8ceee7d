// The scheme of colours that somebody chose on this device, before anything is painted; the device's otherwise.
// A button with data-theme-switch goes on to the next: device, light, dark.
(() => {
  "use strict";
  const KEY = "regulars-theme";
  const CHOICES = ["", "light", "dark"];
  const root = document.documentElement;

  function chosen() {
    try {
      return localStorage.getItem(KEY) ?? "";
    } catch {
      return ""; // a browser that keeps nothing
    }
  }

  function show(theme) {
    if (theme) {
      root.dataset.theme = theme;
    } else {
      delete root.dataset.theme;
    }
    for (const button of document.querySelectorAll("[data-theme-switch]")) {
      const name = button.dataset[theme ? `label${theme[0].toUpperCase()}${theme.slice(1)}` : "labelDevice"];
      if (name) {
        (button.querySelector("[data-theme-name]") ?? button).textContent = name;
      }
    }
  }

  show(CHOICES.includes(chosen()) ? chosen() : "");
  document.addEventListener("DOMContentLoaded", () => show(root.dataset.theme ?? ""));
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-theme-switch]")) {
      return;
    }
    const next = CHOICES[(CHOICES.indexOf(root.dataset.theme ?? "") + 1) % CHOICES.length];
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // It holds for this page then.
    }
    show(next);
  });
})();
