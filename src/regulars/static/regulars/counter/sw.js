// Keeps the counter's page and its files on the device, so that it opens without a network. What the counter
// does, it does in the page: nothing is sent from here. CACHE and FILES come before this text (page.py).

const PAGE = "/scan/";
const PATIENCE = 1500; // milliseconds for a new page, when an old one is here

self.addEventListener("install", (event) => {
  const fresh = [PAGE, ...FILES].map((address) => new Request(address, { cache: "reload", credentials: "same-origin" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(fresh)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const tidy = async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith("regulars-counter-") && name !== CACHE) {
        await caches.delete(name);
      }
    }
    await self.clients.claim();
  };
  event.waitUntil(tidy());
});

async function keep(request, response) {
  if (response.ok && response.type === "basic") {
    const copy = response.clone();
    await caches.open(CACHE).then((cache) => cache.put(request, copy));
  }
  return response;
}

function kept(request) {
  // The address says everything: headers such as the language are the page's own matter.
  return caches.match(request, { ignoreVary: true });
}

async function page(request) {
  const old = await kept(PAGE);
  const asked = fetch(request).then((response) => (response.redirected ? response : keep(PAGE, response)));
  if (!old) {
    return asked;
  }
  const late = new Promise((resolve) => setTimeout(() => resolve(old), PATIENCE));
  // Whoever stands before a server that is down answers in its place.
  const fresh = asked.then((response) => (response.status >= 500 ? old : response)).catch(() => old);
  return Promise.race([fresh, late]);
}

async function file(request) {
  return (await kept(request)) ?? keep(request, await fetch(request));
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) {
    return;
  }
  if (request.mode === "navigate") {
    if (url.pathname === PAGE) {
      event.respondWith(page(request));
    }
  } else if (url.pathname.startsWith("/scan/app/") || url.pathname.startsWith("/static/") || url.pathname.startsWith("/look/")) {
    event.respondWith(file(request));
  }
});
