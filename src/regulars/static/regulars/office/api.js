// Examples that hold the reader's own key, one language at a time, and a call that is tried from the page.
// The key stays in this tab (sessionStorage), from which the documentation takes it: never in an address.
(() => {
  "use strict";
  const KEPT = "regulars-docs-key";
  const place = document.querySelector("[data-key-place]");
  const field = document.querySelector("[data-docs-key]");
  const texts = [...document.querySelectorAll("[data-key-text]")].map((one) => [one, one.textContent]);

  function kept() {
    try {
      return sessionStorage.getItem(KEPT) ?? "";
    } catch {
      return "";
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
      // A browser that keeps nothing: the examples below hold it all the same.
    }
  }

  function fill() {
    const key = field?.value.trim() ?? "";
    for (const [one, text] of texts) {
      one.textContent = key ? text.replaceAll(place.dataset.keyPlace, key) : text;
    }
  }

  if (field && place) {
    if (!field.readOnly && !field.value) {
      field.value = kept();
    } else if (field.value) {
      keep(field.value);
    }
    field.addEventListener("input", () => {
      keep(field.value.trim());
      fill();
    });
    fill();
  }

  for (const tabs of document.querySelectorAll(".samples")) {
    const show = (wanted) => {
      for (const tab of tabs.querySelectorAll("[data-sample]")) {
        tab.setAttribute("aria-pressed", String(tab.dataset.sample === wanted));
      }
      for (const one of tabs.querySelectorAll("[data-sample-of]")) {
        one.hidden = one.dataset.sampleOf !== wanted;
      }
    };
    tabs.addEventListener("click", (event) => {
      const tab = event.target.closest("[data-sample]");
      if (tab) {
        show(tab.dataset.sample);
      }
    });
    show(tabs.querySelector("[data-sample]").dataset.sample);
  }

  function showAnswer(form, status, took, text) {
    const box = form.querySelector("[data-try-answer]");
    const badge = box.querySelector("[data-try-status]");
    badge.textContent = status;
    badge.className = `badge ${status === 200 ? "bg-success-lt" : "bg-danger-lt"}`;
    badge.hidden = !status;
    box.querySelector("[data-try-took]").textContent = took;
    box.querySelector("[data-try-body]").textContent = text;
    box.hidden = false;
  }

  function pretty(text) {
    try {
      return JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      return text;
    }
  }

  for (const form of document.querySelectorAll("[data-try]")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = form.querySelector("button");
      button.setAttribute("aria-busy", "true");
      const began = performance.now();
      try {
        const key = field.value.trim().replace(/[^\x20-\x7e]/g, "");
        const answer = await fetch("/api/program", { headers: { "X-Api-Key": key }, credentials: "omit", cache: "no-store" });
        const text = await answer.text();
        showAnswer(form, answer.status, `${Math.round(performance.now() - began)} ms`, pretty(text));
      } catch {
        showAnswer(form, "", "", form.dataset.failed);
      } finally {
        button.removeAttribute("aria-busy");
      }
    });
  }
})();
