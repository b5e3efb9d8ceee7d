// Keeps an open card up to date, shows it without a network, and lets nothing be sent twice.
// The page is whole without this: everything here is on top of it.
(() => {
  "use strict";
  const QUICK = 3000; // while somebody looks and did something lately
  const SLOW = 30000;
  const LATELY = 120000;
  const main = document.getElementById("card");
  document.documentElement.classList.add("has-scripts");

  document.addEventListener("submit", (event) => {
    const { unsent } = event.target.dataset;
    if (unsent && !navigator.onLine) {
      event.preventDefault();
      const said = event.target.querySelector(".unsent") ?? document.createElement("p");
      said.className = "notice warning unsent";
      said.setAttribute("role", "alert");
      event.target.append(said);
      said.textContent = unsent;
      return;
    }
    for (const button of event.target.querySelectorAll("button")) {
      setTimeout(() => { button.disabled = true; }); // after the form was read
    }
  });
  addEventListener("online", () => document.querySelectorAll(".unsent").forEach((said) => said.remove()));
  addEventListener("pageshow", () => {
    for (const button of document.querySelectorAll("form button:disabled")) {
      button.disabled = false; // back again, from the browser's memory
    }
  });
  if (!main) {
    return;
  }

  const texts = JSON.parse(document.getElementById("texts").textContent);
  const said = document.getElementById("said");
  const note = document.getElementById("offline");
  // Days and times as the pages write them: the day first, hours from 0 to 23.
  const spoken = document.documentElement.lang;
  const locale = spoken === "en" ? "en-GB" : spoken;
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let seen = new Date(main.dataset.seen);
  let active = Date.now();
  let timer = 0;
  let asking = false;
  let misses = 0;

  // Asking whether anything changed

  function later(wait) {
    clearTimeout(timer);
    if (document.visibilityState === "visible") {
      timer = setTimeout(ask, wait);
    }
  }

  function pace() {
    const idle = Date.now() - active;
    return idle < LATELY ? QUICK : Math.min(SLOW, QUICK * 2 ** Math.ceil((idle - LATELY) / LATELY));
  }

  async function ask() {
    if (asking) {
      return;
    }
    asking = true;
    let wait = pace();
    try {
      const stamp = document.getElementById("face").dataset.stamp;
      const response = await fetch(`${main.dataset.now}?v=${stamp}`, { cache: "no-store", signal: AbortSignal.timeout?.(10000) });
      if (response.status === 200) {
        change(await response.text());
        active = Date.now();
        wait = QUICK;
      } else if (response.status === 404 || response.status === 410) {
        location.reload();
        return;
      } else if (response.status === 429) {
        wait = 1000 * (Number(response.headers.get("Retry-After")) || 30);
      } else if (response.status !== 204) {
        throw new Error(response.status);
      }
      seen = new Date();
      misses = 0;
      note.hidden = true;
    } catch {
      misses += 1;
      wait = Math.min(SLOW, QUICK * 2 ** misses);
      const time = new Intl.DateTimeFormat(locale, {
        timeStyle: "short", hourCycle: "h23", ...(Date.now() - seen > 72e6 && { dateStyle: "medium" }),
      }).format(seen);
      note.textContent = texts.offline.replace("{time}", time);
      note.hidden = false;
    } finally {
      asking = false;
    }
    later(wait);
  }

  function hurry() {
    active = Date.now();
    later(0);
  }

  document.addEventListener("visibilitychange", () => (document.visibilityState === "visible" ? hurry() : clearTimeout(timer)));
  addEventListener("online", hurry);
  addEventListener("offline", hurry);
  addEventListener("pageshow", (event) => event.persisted && hurry());
  for (const touch of ["pointerdown", "keydown", "scroll"]) {
    addEventListener(touch, () => {
      if (Date.now() - active > LATELY) {
        hurry();
      }
      active = Date.now();
    }, { passive: true });
  }

  // Showing what changed

  function change(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const before = { ...document.getElementById("face").dataset };
    const opened = [...document.querySelectorAll("#more details[open]")].map((one) => one.id);
    const focused = document.activeElement?.closest("#more") ? document.activeElement.getAttribute("href") : null;
    for (const id of ["face", "more", "channels"]) {
      const old = document.getElementById(id);
      const touched = [...old.querySelectorAll("[type=checkbox]")].some((box) => box.checked !== box.defaultChecked);
      if (!touched && (id !== "channels" || !old.contains(document.activeElement))) {
        old.replaceWith(document.adoptNode(fresh.getElementById(id)));
      }
    }
    for (const id of opened) {
      document.getElementById(id)?.setAttribute("open", "");
    }
    if (focused) {
      document.querySelector(`#more [href="${CSS.escape(focused)}"]`)?.focus();
    }
    const after = document.getElementById("face").dataset;
    const rewarded = Number(after.rewards) > Number(before.rewards);
    const stamped = Number(after.stamps) > Number(before.stamps) || rewarded;
    const headline = document.getElementById("headline")?.innerText ?? "";
    said.textContent = `${rewarded ? texts.reward : stamped ? texts.stamped : texts.changed} ${headline}`;
    move(rewarded, stamped && Number(before.stamps), Number(after.points) !== Number(before.points));
    if (location.hash === "#bright" && stamped) {
      turn("#code"); // the code has done its work
    }
    if (navigator.serviceWorker?.controller) {
      fetch(location.pathname).catch(() => undefined); // so that the kept card is this one
    }
  }

  function move(rewarded, from, pointed) {
    const on = [...document.querySelectorAll("#face span.on")];
    if (typeof from === "number") {
      on.slice(rewarded ? 0 : from).forEach((one, place) => {
        one.style.animationDelay = `${Math.min(place * 70, 700)}ms`;
        one.style.animationFillMode = "backwards";
        one.classList.add("landed");
      });
      navigator.userActivation?.hasBeenActive && navigator.vibrate?.(rewarded ? [40, 60, 40] : 30);
    }
    if (pointed) {
      document.querySelector("#face .points")?.classList.add("changed");
    }
    if (rewarded && !calm.matches) {
      celebrate();
    }
  }

  function celebrate() {
    const { left, top, width, height } = document.getElementById("face").getBoundingClientRect();
    const root = getComputedStyle(document.documentElement);
    const colours = ["#fbbf24", ...["--accent-pale", "--on-accent", "--accent-deep"].map((name) => root.getPropertyValue(name))];
    for (let number = 0; number < 36; number += 1) {
      const spark = document.createElement("span");
      spark.className = "spark";
      spark.setAttribute("aria-hidden", "true");
      spark.style.left = `${left + width / 2}px`;
      spark.style.top = `${top + height / 2}px`;
      spark.style.background = colours[number % colours.length];
      document.body.append(spark);
      const angle = (number / 36) * 2 * Math.PI;
      const far = 90 + Math.random() * 160;
      const [x, y] = [Math.cos(angle) * far, Math.sin(angle) * far * 0.8];
      spark.animate([
        { transform: "translate(0, 0) scale(0.4)", opacity: 1 },
        { transform: `translate(${x}px, ${y}px) rotate(${far}deg)`, opacity: 1, offset: 0.6 },
        { transform: `translate(${x * 1.1}px, ${y + 80}px) rotate(${far * 2}deg)`, opacity: 0 },
      ], { duration: 900, easing: "cubic-bezier(0.1, 0.7, 0.3, 1)" }).finished.finally(() => spark.remove());
    }
  }

  // The code, large and bright

  let lock = null;
  const large = document.getElementById("bright");

  function turn(hash) {
    location.replace(hash); // Back leads to where somebody came from, however often they looked
  }

  async function bright() {
    const open = location.hash === "#bright";
    const was = main.inert;
    main.inert = open;
    if (open) {
      large.querySelector(".close").focus();
      lock = await navigator.wakeLock?.request("screen").catch(() => null);
    } else {
      if (was) {
        document.querySelector("#code .qr").focus({ preventScroll: true });
      }
      await lock?.release();
      lock = null;
    }
  }
  addEventListener("hashchange", bright);
  bright();
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("#code a.qr, #bright .close");
    if (link) {
      event.preventDefault();
      turn(link.hash);
    }
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && location.hash === "#bright") {
      turn("#code");
    }
  });

  // The home screen

  const install = document.getElementById("install");
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    install.hidden = false;
    install.querySelector("button").onclick = () => {
      install.hidden = true;
      event.prompt();
    };
  });
  const standing = matchMedia("(display-mode: standalone)").matches;
  if (navigator.standalone === false && !standing) {
    document.getElementById("install-ios").hidden = false;
  }

  if (location.search.includes("saved")) {
    history.replaceState(null, "", location.pathname + location.hash);
  }
  keep().catch(() => undefined); // a browser that keeps nothing, or not for this address

  async function keep() {
    const worker = navigator.serviceWorker;
    if (!worker) {
      return;
    }
    const kept = Boolean(worker.controller); // by the worker itself, while it was loaded
    const controlled = kept || new Promise((resolve) => worker.addEventListener("controllerchange", resolve, { once: true }));
    await worker.register(main.dataset.worker, { scope: "/card/" });
    await (worker.controller || controlled);
    if (!kept) {
      const parts = performance.getEntriesByType("resource").map((one) => one.name).filter((name) => /\/(static|look)\//.test(name));
      await Promise.all([location.pathname, ...new Set(parts)].map((one) => fetch(one)));
    }
    const away = await (await fetch(main.dataset.away)).text(); // from what is kept, mostly
    await Promise.all([...away.matchAll(/href="(\/[^"]+\.css[^"]*)"/g)].map(([, one]) => fetch(one)));
    main.dataset.kept = "yes";
  }

  later(navigator.onLine ? QUICK : 0);
})();
