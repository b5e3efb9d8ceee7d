// Draws the figures of a report: <canvas data-chart="id"> beside the JSON of that id. Its table is on the page.
// {kind: "bar" | "line", labels: [...], series: [{label, values, quiet}], unit: "", stacked: false, sideways: false}
(() => {
  "use strict";
  const drawn = new Map();
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  function palette() {
    const [accent, warm, plain] = [colour("--accent-ink"), colour("--warning"), colour("--quiet")];
    return [accent, warm, plain, colour("--danger"), colour("--success")];
  }

  function short(value) {
    return new Intl.NumberFormat(document.documentElement.lang, { notation: "compact", maximumFractionDigits: 1 }).format(value);
  }

  function whole(value, unit) {
    const number = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 2 }).format(value);
    return unit ? `${number} ${unit}` : number;
  }

  function series(data, one, place) {
    const strong = palette()[place % 5];
    const own = one.quiet ? colour("--line") : strong;
    const line = { borderColor: own, backgroundColor: own, borderWidth: one.quiet ? 1.5 : 2.5, borderDash: one.quiet ? [4, 4] : [], pointRadius: data.labels.length > 40 ? 0 : 2, pointHoverRadius: 5, pointHitRadius: 16, tension: 0.25 };
    const bar = { backgroundColor: one.quiet ? `color-mix(in oklab, ${own} 45%, transparent)` : own, borderRadius: 4, maxBarThickness: 40, categoryPercentage: 0.7, barPercentage: 0.9 };
    return { type: one.kind ?? data.kind, label: one.label, data: one.values, order: one.quiet ? 1 : 0, ...((one.kind ?? data.kind) === "line" ? line : bar) };
  }

  function options(data) {
    const [ink, quiet, hair] = [colour("--ink"), colour("--quiet"), colour("--hair")];
    const grid = { color: hair, drawTicks: false };
    const values = { beginAtZero: true, grid, border: { display: false }, stacked: data.stacked, ticks: { color: quiet, padding: 8, maxTicksLimit: 6, precision: 0, callback: short } };
    const names = { grid: { display: false }, border: { color: hair }, stacked: data.stacked, ticks: { color: quiet, maxRotation: 0, autoSkipPadding: 16 } };
    return {
      responsive: true,
      maintainAspectRatio: false,
      animation: calm.matches ? false : { duration: 200 },
      indexAxis: data.sideways ? "y" : "x",
      interaction: { mode: "index", intersect: false, axis: data.sideways ? "y" : "x" },
      scales: data.sideways ? { x: values, y: names } : { x: names, y: values },
      plugins: {
        legend: { display: data.series.length > 1, align: "start", position: "top", labels: { color: ink, usePointStyle: true, pointStyle: "rectRounded", boxHeight: 8, padding: 16 } },
        tooltip: {
          backgroundColor: ink, titleColor: colour("--paper"), bodyColor: colour("--paper"), padding: 12, cornerRadius: 8, boxPadding: 6, usePointStyle: true,
          callbacks: { label: (item) => `${item.dataset.label}: ${whole(item.parsed[data.sideways ? "x" : "y"], data.unit)}` },
        },
      },
    };
  }

  function draw(canvas) {
    const source = document.getElementById(canvas.dataset.chart);
    if (!source || !window.Chart) {
      return;
    }
    const data = JSON.parse(source.textContent);
    drawn.get(canvas)?.destroy();
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    Chart.defaults.font.size = 13;
    drawn.set(canvas, new Chart(canvas, {
      type: data.kind,
      data: { labels: data.labels, datasets: data.series.map((one, place) => series(data, one, place)) },
      options: options(data),
    }));
  }

  function all(root = document) {
    for (const canvas of root.querySelectorAll("canvas[data-chart]")) {
      draw(canvas);
    }
  }

  all();
  document.addEventListener("htmx:load", (event) => event.detail.elt !== document.body && all(event.detail.elt));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => all());
  new MutationObserver(() => all()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  for (const kind of ["beforeprint", "afterprint"]) {
    addEventListener(kind, () => drawn.forEach((chart) => chart.resize()));
  }
})();
