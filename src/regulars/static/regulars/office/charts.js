// Draws the figures of a report: <canvas data-chart="id"> beside the JSON of that id. Its table is on the page.
// {kind: "bar" | "line" | "stacked", labels: [...], series: [{label, values, quiet}], money: "EUR", percent: false}
(() => {
  "use strict";
  const drawn = new Map();
  let printing = false;
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  function palette() {
    const [accent, warm, plain] = [colour("--accent-ink"), colour("--warning"), colour("--quiet")];
    return [accent, warm, plain, colour("--danger"), colour("--success")];
  }

  function written(value, data, compact) {
    const style = data.money ? { style: "currency", currency: data.money } : {};
    const digits = compact ? { notation: "compact", maximumFractionDigits: 1, minimumFractionDigits: 0 } : data.money ? {} : { maximumFractionDigits: 1 };
    const number = new Intl.NumberFormat(document.documentElement.lang, { ...style, ...digits }).format(value);
    return data.percent ? `${number} %` : number;
  }

  function series(data, one, place) {
    const strong = palette()[place % 5];
    const own = one.quiet ? colour("--line") : strong;
    const line = { borderColor: own, backgroundColor: own, borderWidth: one.quiet ? 1.5 : 2.5, borderDash: one.quiet ? [4, 4] : [], pointRadius: data.labels.length > 40 ? 0 : 2, pointHoverRadius: 5, pointHitRadius: 16, cubicInterpolationMode: "monotone" };
    const bar = { backgroundColor: one.quiet ? `${own}80` : own, borderRadius: 4, maxBarThickness: 40, categoryPercentage: 0.7, barPercentage: 0.9 };
    return { label: one.label, data: one.values, order: one.quiet ? 1 : 0, ...(data.kind === "line" ? line : bar) };
  }

  function options(data) {
    const [ink, quiet, hair] = [colour("--ink"), colour("--quiet"), colour("--hair")];
    const stacked = data.kind === "stacked";
    const grid = { color: hair, drawTicks: false };
    const precision = data.money || data.percent ? undefined : 0;
    const values = { beginAtZero: true, grid, border: { display: false }, stacked, ticks: { color: quiet, padding: 8, maxTicksLimit: 6, precision, callback: (value) => written(value, data, true) } };
    const names = { grid: { display: false }, border: { color: hair }, stacked, ticks: { color: quiet, maxRotation: 0, autoSkipPadding: 16 } };
    return {
      responsive: true,
      maintainAspectRatio: false,
      animation: calm.matches || printing ? false : { duration: 200 },
      interaction: { mode: "index", intersect: false },
      scales: { x: names, y: values },
      plugins: {
        legend: { display: data.series.length > 1, align: "start", position: "top", labels: { color: ink, usePointStyle: true, pointStyle: "rectRounded", boxHeight: 8, padding: 16 } },
        tooltip: {
          backgroundColor: ink, titleColor: colour("--paper"), bodyColor: colour("--paper"), padding: 12, cornerRadius: 8, boxPadding: 6, usePointStyle: true,
          callbacks: { label: (item) => `${item.dataset.label}: ${written(item.parsed.y, data, false)}` },
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
      type: data.kind === "line" ? "line" : "bar",
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
  addEventListener("beforeprint", () => {
    printing = true;
    all();
    drawn.forEach((chart) => chart.resize());
  });
  addEventListener("afterprint", () => {
    printing = false;
    all();
  });
})();
