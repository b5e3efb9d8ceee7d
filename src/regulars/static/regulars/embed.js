// Shows a member's balance on the shop's own website: puts a frame in place of its own <script> element.
// <script src="https://loyalty.example/embed.js" data-shop="sunrise-cafe" data-sso="M000001"
//   data-expires="1780000000" data-token="…" data-theme="light" data-title="Your card" async></script>
(() => {
  "use strict";
  const script = document.currentScript;
  const { shop, sso, expires, token, theme, title } = script.dataset;
  if (!shop || !sso || !expires || !token) {
    console.error("Regulars: data-shop, data-sso, data-expires and data-token are needed.");
    return;
  }
  const address = new URL(`m/${encodeURIComponent(shop)}/balance`, script.src);
  address.search = new URLSearchParams({ sso, expires, token, ...(theme ? { theme } : {}) });
  const frame = document.createElement("iframe");
  frame.src = address.href;
  frame.title = title || "Your loyalty card";
  frame.loading = "lazy";
  // The frame learns on which website it is, and nothing of the page.
  frame.referrerPolicy = "origin";
  frame.setAttribute("sandbox", "allow-scripts allow-same-origin");
  frame.width = "100%";
  frame.height = "240";
  frame.style.border = "0";
  // The same scheme as inside, else browsers put a ground of their own behind it: black on a light website.
  frame.style.colorScheme = theme === "light" || theme === "dark" ? theme : "light dark";
  frame.style.maxWidth = "480px";
  window.addEventListener("message", (event) => {
    if (event.origin !== address.origin || event.source !== frame.contentWindow) {
      return;
    }
    const height = event.data?.type === "regulars:height" ? event.data.height : 0;
    if (Number.isFinite(height) && height > 0 && height < 2000) {
      frame.height = String(height);
    }
  });
  script.after(frame);
})();
