// Signing in: the zone that the browser is in, passkeys where there are any, codes to copy and to print.
(() => {
  "use strict";

  for (const field of document.querySelectorAll("[data-zone]")) {
    field.value ||= Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
  }

  if (window.PublicKeyCredential) {
    for (const part of document.querySelectorAll("[data-needs-passkeys]")) {
      part.hidden = false;
    }
  }

  document.addEventListener("allauth.error", (event) => {
    event.preventDefault(); // it was interrupted, or there is no such key: no fault of the page
    for (const note of document.querySelectorAll("[data-passkey-problem]")) {
      note.hidden = false;
    }
  });

  document.addEventListener("click", async (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-copy-codes], [data-print]") : null;
    if (!button) {
      return;
    }
    if ("print" in button.dataset) {
      window.print();
      return;
    }
    const codes = [...document.querySelectorAll("[data-copy-list] code")].map((one) => one.textContent);
    try {
      await navigator.clipboard.writeText(codes.join("\n"));
      button.querySelector("span").textContent = button.dataset.done;
    } catch {
      getSelection()?.selectAllChildren(document.querySelector("[data-copy-list]")); // to be copied by hand
    }
  });
})();
