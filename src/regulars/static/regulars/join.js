// The button answers at once and cannot be pressed twice. Without this the page works all the same.
(() => {
  "use strict";
  const form = document.getElementById("join");
  const button = document.getElementById("send");
  const label = button.textContent;

  form.addEventListener("submit", (event) => {
    if (button.getAttribute("aria-disabled") === "true") {
      event.preventDefault();
      return;
    }
    button.setAttribute("aria-disabled", "true");
    button.textContent = form.dataset.busy;
  });

  // The page may come back from the browser's memory.
  window.addEventListener("pageshow", () => {
    button.removeAttribute("aria-disabled");
    button.textContent = label;
  });
})();
