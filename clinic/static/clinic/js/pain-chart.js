/* Draws each [data-pain-chart] from the table inside it (date, before, after, follow-up). The table is the accessible version. */
(() => {
  "use strict";
  const SERIES = [
    { label: "Before", color: "#a3222c", dash: [], mark: "dot" },
    { label: "After", color: "#0f5f5b", dash: [7, 4], mark: "square" },
    { label: "Follow-up", color: "#1d4f8c", dash: [2, 3], mark: "diamond" },
  ];
  const INK = "#4b5a56";
  const GRID = "#e4eae8";
  const FONT = "13px system-ui, sans-serif";

  const readTable = (table) => {
    const rows = [...table.tBodies[0].rows].map((row) => {
      const when = row.querySelector("time");
      const scores = [...row.querySelectorAll("td")].slice(0, 3).map((cell) => {
        const score = Number.parseFloat(cell.textContent);
        return Number.isNaN(score) ? null : score;
      });
      return { at: Date.parse(when.dateTime) / 1000, label: when.textContent.trim(), scores };
    });
    rows.sort((a, b) => a.at - b.at);
    return { rows, columns: [rows.map((row) => row.at), ...SERIES.map((_, i) => rows.map((row) => row.scores[i]))] };
  };

  const marker = (shape, color) => (plot, index) => {
    const context = plot.ctx;
    const size = 4.5 * devicePixelRatio;
    context.save();
    context.fillStyle = shape === "diamond" ? "#fff" : color;
    context.strokeStyle = color;
    context.setLineDash([]);
    context.lineWidth = 2 * devicePixelRatio;
    plot.data[index].forEach((score, i) => {
      if (score === null) return;
      const x = plot.valToPos(plot.data[0][i], "x", true);
      const y = plot.valToPos(score, "y", true);
      context.beginPath();
      if (shape === "dot") context.arc(x, y, size, 0, 2 * Math.PI);
      else if (shape === "square") context.rect(x - size, y - size, 2 * size, 2 * size);
      else {
        context.moveTo(x, y - 1.4 * size);
        context.lineTo(x + 1.4 * size, y);
        context.lineTo(x, y + 1.4 * size);
        context.lineTo(x - 1.4 * size, y);
        context.closePath();
      }
      context.fill();
      context.stroke();
    });
    context.restore();
    return null;
  };

  const options = (width, rows, readout) => {
    const days = (rows.at(-1).at - rows[0].at) / 86400 || 1;
    const pad = days * 86400 * 0.04;
    return {
      width,
      height: Math.max(240, Math.min(320, width * 0.5)),
      padding: [12, 12, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 12, width: 2 } },
      scales: {
        x: { time: true, range: [rows[0].at - pad, rows.at(-1).at + pad] },
        y: { range: [-0.4, 10.4] },
      },
      axes: [
        {
          stroke: INK, font: FONT, space: 80, grid: { show: false }, ticks: { stroke: GRID, size: 6 },
          incrs: [1, 2, 7, 14, 28, 61, 91, 182, 365].map((step) => step * 86400),
          values: (_, at) => at.map((second) => new Date(second * 1000).toLocaleDateString(document.documentElement.lang, days > 300 ? { month: "short", year: "2-digit" } : { day: "numeric", month: "short" })),
        },
        { stroke: INK, font: FONT, size: 36, splits: () => [0, 2, 4, 6, 8, 10], values: (_, levels) => levels, grid: { stroke: GRID, width: 1 }, ticks: { show: false } },
      ],
      series: [{}, ...SERIES.map((one, i) => ({
        label: one.label, stroke: one.color, width: 2, dash: one.dash, spanGaps: true,
        points: { show: marker(one.mark, one.color), space: 0 },
      }))],
      hooks: {
        setCursor: [(plot) => {
          const row = rows[plot.cursor.idx];
          readout.textContent = row && plot.cursor.left >= 0
            ? [row.label, ...SERIES.flatMap((one, i) => (row.scores[i] === null ? [] : [`${one.label} ${row.scores[i]}`]))].join(" · ")
            : "";
        }],
      },
    };
  };

  const draw = (chart) => {
    const table = chart.querySelector("table");
    const canvas = chart.querySelector(".chart-canvas");
    if (!window.uPlot || !table?.tBodies[0]?.rows.length || chart.classList.contains("is-drawn")) return;
    const { rows, columns } = readTable(table);
    chart.classList.add("is-drawn");
    const plot = new uPlot(options(canvas.clientWidth, rows, chart.querySelector(".chart-readout")), columns, canvas);
    new ResizeObserver(() => {
      const width = canvas.clientWidth;
      if (width && Math.abs(width - plot.width) > 1) plot.setSize({ width, height: Math.max(240, Math.min(320, width * 0.5)) });
    }).observe(canvas);
  };

  const drawAll = (root) => root.querySelectorAll?.("[data-pain-chart]").forEach(draw);
  drawAll(document);
  document.addEventListener("htmx:load", (event) => drawAll(event.target.parentNode ?? event.target));
})();
