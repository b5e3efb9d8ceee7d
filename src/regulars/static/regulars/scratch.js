// The foil of a scratch card: painted, scratched off, and what is under it fetched only then.
(() => {
  "use strict";

  const FETCH_AT = 0.1; // of the foil is off: somebody means it, so what is under it comes
  const REVEAL_AT = 0.5; // of the foil is off: the rest goes by itself
  const ROWS = 18;
  const COLUMNS = 28;

  const find = (id) => document.getElementById(id);
  const texts = JSON.parse(find("texts").textContent);
  const card = find("card");
  const foil = find("foil");
  const form = find("reveal");
  const button = form.querySelector("button");
  const problem = find("problem");
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d");
  const off = new Uint8Array(ROWS * COLUMNS);
  let share = 0;
  let width = 0;
  let height = 0;
  let last = null;
  let answer = null; // the promise of what the card holds
  let done = false;

  // Bands of waves that cross, as on a banknote.
  function rosette(x, y) {
    const bands = [[0.07, 0.035, 12], [0.15, 0.05, 18], [0.25, 0.06, 24], [0.37, 0.07, 36], [0.51, 0.08, 48]];
    pen.lineWidth = 0.7;
    pen.globalAlpha = 0.2;
    pen.strokeStyle = colour("--on-accent");
    for (const [radius, wave, lobes] of bands) {
      for (let shift = 0; shift < 6; shift += 1) {
        pen.beginPath();
        for (let turn = 0; turn <= lobes * 10; turn += 1) {
          const angle = (turn / (lobes * 5)) * Math.PI;
          const far = width * (radius + wave * Math.sin(angle * lobes + (shift * Math.PI) / 3));
          pen.lineTo(x + far * Math.cos(angle), y + far * Math.sin(angle));
        }
        pen.stroke();
      }
    }
    pen.globalAlpha = 1;
  }

  function paint() {
    const box = foil.getBoundingClientRect();
    const dots = Math.min(window.devicePixelRatio || 1, 3);
    width = box.width;
    height = box.height;
    canvas.width = Math.round(width * dots);
    canvas.height = Math.round(height * dots);
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    const ground = pen.createLinearGradient(0, 0, width, height);
    ground.addColorStop(0, colour("--accent-pale"));
    ground.addColorStop(0.45, colour("--accent"));
    ground.addColorStop(1, colour("--accent-deep"));
    pen.fillStyle = ground;
    pen.fillRect(0, 0, width, height);
    rosette(width / 2, height / 2);
    const text = texts.here;
    pen.font = `600 20px ${getComputedStyle(document.body).fontFamily}`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    const half = pen.measureText(text).width / 2 + 22;
    pen.fillStyle = colour("--accent");
    pen.beginPath();
    (pen.roundRect ?? pen.rect).call(pen, width / 2 - half, height / 2 - 23, half * 2, 46, 23);
    pen.fill();
    pen.fillStyle = colour("--on-accent");
    pen.fillText(text, width / 2, height / 2 + 1);
    off.fill(0);
    share = 0;
  }

  const brush = () => Math.max(20, width * 0.07);

  function mark(x, y) {
    const reach = brush();
    const across = width / COLUMNS;
    const down = height / ROWS;
    for (let row = Math.max(0, Math.floor((y - reach) / down)); row < ROWS && row * down < y + reach; row += 1) {
      for (let column = Math.max(0, Math.floor((x - reach) / across)); column < COLUMNS && column * across < x + reach; column += 1) {
        const far = Math.hypot((column + 0.5) * across - x, (row + 0.5) * down - y);
        if (far < reach && !off[row * COLUMNS + column]) {
          off[row * COLUMNS + column] = 1;
          share += 1 / off.length;
        }
      }
    }
  }

  // One stroke of a finger: a wide line, and ragged edges.
  function scratch(from, to) {
    const reach = brush();
    pen.globalCompositeOperation = "destination-out";
    pen.lineWidth = reach * 1.7;
    pen.lineCap = "round";
    pen.beginPath();
    pen.moveTo(from.x, from.y);
    pen.lineTo(to.x, to.y + 0.01);
    pen.stroke();
    const steps = Math.max(1, Math.round(Math.hypot(to.x - from.x, to.y - from.y) / 6));
    for (let step = 0; step <= steps; step += 1) {
      const x = from.x + ((to.x - from.x) * step) / steps;
      const y = from.y + ((to.y - from.y) * step) / steps;
      mark(x, y);
      for (let speck = 0; speck < 3; speck += 1) {
        const angle = Math.random() * 2 * Math.PI;
        const far = reach * (0.78 + Math.random() * 0.2);
        pen.beginPath();
        pen.arc(x + far * Math.cos(angle), y + far * Math.sin(angle), 0.8 + Math.random() * 1.8, 0, 7);
        pen.fill();
      }
    }
    pen.globalCompositeOperation = "source-over";
  }

  // Specks of foil, and the short celebration of a prize: pieces that fall.

  let pieces = [];
  let sky = null;
  let then = 0;

  function fall(now) {
    const step = Math.min((now - then) / 16.7, 3); // in sixtieths of a second, however often the screen draws
    then = now;
    const view = sky.getContext("2d");
    const dots = sky.width / innerWidth;
    view.setTransform(dots, 0, 0, dots, 0, 0);
    view.clearRect(0, 0, innerWidth, innerHeight);
    pieces = pieces.filter((piece) => piece.life > 0);
    for (const piece of pieces) {
      piece.life -= step;
      piece.x += piece.dx * step;
      piece.y += piece.dy * step;
      piece.dy += 0.28 * step;
      piece.dx *= 0.985 ** step;
      piece.turn += piece.spin * step;
      view.save();
      view.globalAlpha = Math.min(1, piece.life / 18);
      view.translate(piece.x, piece.y);
      view.rotate(piece.turn);
      view.fillStyle = piece.colour;
      view.fillRect(-piece.size / 2, (-piece.size / 2) * Math.cos(piece.turn * 2), piece.size, piece.size * Math.abs(Math.cos(piece.turn * 2)) + 1);
      view.restore();
    }
    if (pieces.length) {
      requestAnimationFrame(fall);
    } else {
      sky.remove();
      sky = null;
    }
  }

  function throwUp(number, make) {
    if (calm) {
      return;
    }
    for (let one = 0; one < number; one += 1) {
      pieces.push({ turn: Math.random() * 6, spin: (Math.random() - 0.5) * 0.3, ...make() });
    }
    if (!sky) {
      sky = document.createElement("canvas");
      sky.id = "sparks";
      const dots = Math.min(devicePixelRatio || 1, 2);
      sky.width = innerWidth * dots;
      sky.height = innerHeight * dots;
      document.body.append(sky);
      then = performance.now();
      requestAnimationFrame(fall);
    }
  }

  const pick = (list) => list[Math.floor(Math.random() * list.length)];

  function dust(at) {
    const shades = [colour("--accent"), colour("--accent-pale"), colour("--accent-deep")];
    throwUp(2, () => ({ x: at.clientX, y: at.clientY, dx: (Math.random() - 0.5) * 3, dy: -Math.random() * 2, size: 2 + Math.random() * 3, life: 26, colour: pick(shades) }));
  }

  function celebrate() {
    const box = card.getBoundingClientRect();
    const shades = [colour("--accent"), colour("--accent-pale"), "#f59e0b", "#fbbf24", "#f43f5e", "#38bdf8"];
    throwUp(110, () => {
      const angle = -Math.PI / 2 + (Math.random() - 0.5) * 2.4;
      const speed = 4 + Math.random() * 9;
      return { x: box.left + box.width * (0.2 + Math.random() * 0.6), y: box.top + box.height / 2, dx: Math.cos(angle) * speed, dy: Math.sin(angle) * speed, size: 5 + Math.random() * 6, life: 70 + Math.random() * 30, colour: pick(shades) };
    });
    // Browsers complain when nobody has touched the page yet: a form can be sent without.
    if (navigator.userActivation?.hasBeenActive) {
      navigator.vibrate?.(40);
    }
  }

  // What the card holds comes once. When that fails, the foil is back and the page says why until it works: the
  // next strokes or press ask again.

  const PATIENCE = 15000; // milliseconds: whoever waits longer wants to be told

  async function ask() {
    const response = await fetch(form.action, {
      method: "POST",
      headers: { "X-Requested-With": "fetch" },
      signal: AbortSignal.timeout?.(PATIENCE),
    });
    if (!response.ok) {
      throw new Error(response.status === 429 ? texts.too_many : texts.away, { cause: response.status });
    }
    const part = new DOMParser().parseFromString(await response.text(), "text/html");
    const face = find("face");
    face.replaceChildren(...part.getElementById("face").childNodes);
    face.setAttribute("aria-hidden", "true");
    card.classList.toggle("winning", part.getElementById("card").classList.contains("won"));
    return part;
  }

  // The promise of the part of the page that shows it, or of null when that failed.
  function hold() {
    answer ??= ask().catch((error) => {
      answer = null;
      fail(error.cause ? error.message : texts.offline);
      return null;
    });
    return answer;
  }

  function fail(why) {
    done = false;
    last = null; // the finger that scratched begins anew
    button.disabled = false;
    foil.classList.remove("gone");
    paint();
    problem.textContent = why;
  }

  async function show(byButton) {
    if (done) {
      return;
    }
    done = true;
    button.disabled = true;
    const part = await hold();
    if (!part) {
      return;
    }
    foil.classList.add("gone", "touched");
    setTimeout(() => foil.remove(), calm ? 0 : 240);
    const face = find("face");
    face.removeAttribute("aria-hidden");
    card.className = part.getElementById("card").className;
    card.setAttribute("aria-label", texts.label);
    const after = part.getElementById("after");
    find("after").replaceWith(after);
    after.classList.add("arriving");
    if (byButton) {
      card.classList.add("arriving");
      find("prize").focus({ preventScroll: true });
    }
    const said = [...face.querySelectorAll(".kicker, h2"), ...after.querySelectorAll(".what")];
    find("said").textContent = said.map((one) => one.textContent.trim()).join(" ");
    if (card.classList.contains("won")) {
      celebrate();
    }
    after.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
  }

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  function moved(event) {
    if (!last || done) {
      return;
    }
    const strokes = event.getCoalescedEvents?.() ?? [];
    for (const stroke of strokes.length ? strokes : [event]) {
      const here = place(stroke);
      scratch(last, here);
      last = here;
    }
    dust(event);
    if (share >= REVEAL_AT) {
      show(false);
    } else if (share >= FETCH_AT) {
      hold();
    }
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || done) {
      return;
    }
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    foil.classList.add("touched");
    last = place(event);
    moved(event);
  });
  canvas.addEventListener("pointermove", moved);
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
    canvas.addEventListener(end, () => {
      last = null;
    });
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    show(true);
  });

  foil.append(canvas);
  paint();
  foil.classList.add("painted");
  document.documentElement.classList.add("scripts");
  // Another width or another scheme of colours: paint it anew, as long as nobody has scratched it.
  new ResizeObserver(() => {
    if (!share && Math.abs(foil.getBoundingClientRect().width - width) > 1) {
      paint();
    }
  }).observe(foil);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => share || paint());
})();
