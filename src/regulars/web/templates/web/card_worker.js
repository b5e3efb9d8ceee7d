// Keeps cards that were seen on this phone, for when there is no network. Its folder is /card/.
"use strict";
const KEPT = "regulars-card-{{ version }}";
const WAIT = 4000; // how long a slow network may take before the kept card is shown
const IS_CARD = /^\/card\/[^/]+$/;
const IS_AWAY = /^\/card\/[^/]+\/away$/; // what is shown instead of a page that needs the network
const IS_FORGET = /^\/card\/[^/]+\/forget$/;
const IS_PART = /^\/(static|look)\//;

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      // Cards go on to the next version; what was kept beside them is fetched anew.
      const kept = await caches.open(KEPT);
      for (const name of await caches.keys()) {
        if (name.startsWith("regulars-card-") && name !== KEPT) {
          const old = await caches.open(name);
          for (const request of await old.keys()) {
            const { pathname } = new URL(request.url);
            if ((IS_CARD.test(pathname) || pathname.startsWith("/look/")) && !(await kept.match(request))) {
              await kept.put(request, await old.match(request));
            }
          }
          await caches.delete(name);
        }
      }
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname, search } = new URL(request.url);
  if (origin !== self.location.origin) {
    return;
  }
  if (request.method !== "GET") {
    if (request.mode === "navigate") {
      event.respondWith((IS_FORGET.test(pathname) ? forget : elsewhere)(request, pathname)); // a form of the card's
    }
  } else if (IS_CARD.test(pathname) && pathname !== "/card/sw.js") {
    event.respondWith(card(request, pathname, search, event));
  } else if (IS_AWAY.test(pathname)) {
    event.respondWith(away(request, pathname));
  } else if (IS_PART.test(pathname)) {
    event.respondWith(part(request, event));
  } else if (request.mode === "navigate") {
    event.respondWith(elsewhere(request, pathname));
  }
});

// The page for when there is no network, in the language of its address: fetched once for each.
async function away(request, pathname) {
  const kept = await caches.open(KEPT);
  const old = await kept.match(request);
  if (old) {
    return old;
  }
  const fresh = await fetch(request);
  if (fresh.status === 200) {
    await kept.delete(pathname, { ignoreSearch: true }); // the card's language was another one
    await kept.put(request, fresh.clone());
  }
  return fresh;
}

// A page or a form beside the card: from the network, or our own word that there is none.
async function elsewhere(request, pathname) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await caches.open(KEPT);
    const page = await kept.match(`/card/${pathname.split("/")[2]}/away`, { ignoreSearch: true });
    if (page) {
      return page;
    }
    throw error;
  }
}

// Somebody wants nothing of a card kept here. Without a network nothing is done, as the answer says.
async function forget(request, pathname) {
  const answer = await elsewhere(request, pathname);
  if (answer.ok && new URL(answer.url).pathname === pathname) {
    const kept = await caches.open(KEPT);
    for (const one of await kept.keys()) {
      if (`${new URL(one.url).pathname}/`.startsWith(pathname.replace(/forget$/, ""))) {
        await kept.delete(one);
      }
    }
  }
  return answer;
}

// What an address with a query shows was said once, such as that settings are kept: the plain card is kept instead.
async function card(request, pathname, search, event) {
  const kept = await caches.open(KEPT);
  const old = await kept.match(pathname);
  const fresh = fetch(request).then(async (response) => {
    if (response.status === 200 && !response.redirected) {
      if (search) {
        event.waitUntil(renew(kept, pathname).catch(() => undefined));
      } else {
        await kept.put(pathname, response.clone());
      }
    } else if (response.status === 404) {
      await kept.delete(pathname); // the card is gone, or has another code now
    }
    return response;
  });
  if (!old) {
    return fresh;
  }
  const late = new Promise((resolve) => setTimeout(resolve, WAIT, old));
  return Promise.race([fresh.then((response) => (response.status >= 500 ? old : response)), late]).catch(() => old);
}

async function renew(kept, pathname) {
  const plain = await fetch(pathname);
  if (plain.status === 200 && !plain.redirected) {
    await kept.put(pathname, plain);
  }
}

async function part(request, event) {
  const kept = await caches.open(KEPT);
  const old = await kept.match(request);
  const fresh = fetch(request).then(async (response) => {
    if (response.status === 200) {
      await kept.put(request, response.clone());
    }
    return response;
  });
  if (!old) {
    return fresh;
  }
  event.waitUntil(fresh.catch(() => undefined)); // for the next time; mostly from the browser's own memory
  return old;
}
