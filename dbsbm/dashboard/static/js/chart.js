// Charts, drawn by Plotly; legend, ticks and the table of values are our own.

import { h, svg } from "./dom.js";
import { moment, shown } from "./format.js";

// Lines differ by their dashes, too: colour alone tells some people nothing.
const DASHES = ["", "6 2", "2 2", "8 2 2 2", "12 3", "4 4", "8 2 2 2 2 2", "2 5"];
const CONFIG = { displayModeBar: false, responsive: true, doubleClick: false, showTips: false };
const MOST_ROWS = 400;

/** Resolves once the chart library has arrived. */
const plotly = new Promise((resolve, reject) => {
  if (window.Plotly) {
    resolve(window.Plotly);
    return;
  }
  const script = document.getElementById("plotly");
  script.addEventListener("load", () => resolve(window.Plotly));
  script.addEventListener("error", () => reject(new Error("The chart library did not arrive: reload the page.")));
});

/** One chart with its legend and its table; `update(data)` draws it. */
export class Chart {
  constructor({ title, unit, bars }) {
    this.title = title;
    this.unit = unit;
    this.isBars = bars;
    this.data = null;
    this.message = h("p", { class: "loading" }, "Loading …");
    this.canvas = h("div", { role: "img" });
    this.canvas.style.height = "100%";
    this.plot = h("div", { class: "plot" }, this.canvas, this.message);
    this.legend = h("ul", { class: "legend" });
    this.note = h("p", { class: "quiet-note" });
    this.values = h("details", { class: "values", hidden: true, ontoggle: () => this.fillTable() },
      h("summary", {}, "Values as a table"));
    this.element = h("div", {}, this.legend, this.plot, this.note, this.values);
    document.addEventListener("themechange", () => this.draw());
  }

  async update(data) {
    this.data = data;
    const isEmpty = data.lines.length === 0;
    this.message.hidden = !isEmpty;
    this.message.className = "empty";
    this.message.textContent = "Nothing was measured in this range.";
    this.canvas.hidden = isEmpty;
    this.values.hidden = isEmpty;
    this.note.textContent = data.left_out ? `And ${data.left_out} more: the largest are shown.` : "";
    if (!isEmpty) this.canvas.setAttribute("aria-label", this.inWords());
    this.drawLegend();
    this.fillTable();
    await this.draw();
  }

  async draw() {
    if (!this.data || this.canvas.hidden || !this.element.isConnected) return;
    const library = await plotly;
    if (!this.element.isConnected) return;
    await library.react(this.canvas, this.traces(), this.layout(), CONFIG);
  }

  remove() {
    if (window.Plotly) window.Plotly.purge(this.canvas);
  }

  moments() {
    const { start, step, lines } = this.data;
    return lines[0].values.map((_, index) => start + index * step);
  }

  traces() {
    const x = this.moments().map((at) => new Date(at * 1000).toISOString().slice(0, 19));
    return this.data.lines.map((line, index) => ({
      x,
      y: line.values,
      name: line.name,
      text: line.values.map((value) => shown(value, this.unit)),
      hovertemplate: `${escaped(line.name)}: <b>%{text}</b><extra></extra>`,
      textposition: "none",
      ...(this.isBars ? this.barStyle(index) : lineStyle(line.values, index)),
    }));
  }

  barStyle(index) {
    return { type: "bar", marker: { color: colour(index), pattern: { shape: ["", "/", "x", "-", "+", "\\", ".", "|"][index] } } };
  }

  layout() {
    const ink = token("--ink-2");
    const line = token("--line-soft");
    const { limit, since, until } = this.data;
    const [top, ticks] = scale(this.data.lines, limit, this.unit, this.isBars);
    return {
      margin: { l: 58, r: 8, t: 8, b: 26 },
      paper_bgcolor: "transparent",
      plot_bgcolor: "transparent",
      font: { family: token("--sans"), size: 12, color: ink },
      showlegend: false,
      dragmode: false,
      barmode: "stack",
      bargap: 0.15,
      hovermode: "x unified",
      hoverlabel: { bgcolor: token("--card"), bordercolor: token("--line"), font: { color: token("--ink"), size: 12 } },
      xaxis: {
        type: "date", fixedrange: true, range: [iso(since), iso(until)], gridcolor: line, zeroline: false,
        tickcolor: line, nticks: 6, hoverformat: "%-d %b %Y %H:%M UTC", tickformatstops: TICKS, tickangle: 0,
      },
      yaxis: {
        fixedrange: true, range: [0, top], tickvals: ticks, ticktext: ticks.map((tick) => shown(tick, this.unit, top)),
        gridcolor: line, zeroline: false,
      },
      shapes: limit !== null && limit <= top ? [{
        type: "line", xref: "paper", x0: 0, x1: 1, y0: limit, y1: limit,
        line: { color: token("--unwell"), width: 1, dash: "4px,4px" },
      }] : [],
      annotations: limit !== null && limit <= top ? [{
        xref: "paper", x: 1, y: limit, xanchor: "right", yanchor: "bottom", showarrow: false,
        text: `limit ${shown(limit, this.unit)}`, font: { color: token("--unwell"), size: 11 }, bgcolor: token("--card"), borderpad: 1,
      }] : [],
    };
  }

  drawLegend() {
    this.legend.replaceChildren(...this.data.lines.map((line, index) => {
      const known = line.values.filter((value) => value !== null);
      const last = known[known.length - 1] ?? null;
      const sum = known.reduce((total, value) => total + value, 0);
      const figure = this.isBars ? `${shown(sum, this.unit)} in all` : shown(last, this.unit);
      return h("li", {}, swatch(index, this.isBars), h("span", { class: "name" }, line.name), h("b", {}, figure));
    }));
  }

  /** What somebody who does not see the chart is told. */
  inWords() {
    const lines = this.data.lines.map((line) => {
      const known = line.values.filter((value) => value !== null);
      if (known.length === 0) return `${line.name}: nothing`;
      const last = shown(known[known.length - 1], this.unit);
      const low = shown(Math.min(...known), this.unit);
      const high = shown(Math.max(...known), this.unit);
      return `${line.name}: last ${last}, between ${low} and ${high}`;
    });
    return `Chart: ${this.title}. ${lines.join(". ")}. The values follow as a table.`;
  }

  fillTable() {
    this.values.querySelector(".scroll")?.remove();
    if (!this.values.open || !this.data?.lines.length) return;
    const heads = ["time (UTC)", ...this.data.lines.map((line) => line.name)];
    const rows = this.moments().map((at, index) => [at, index]).reverse().slice(0, MOST_ROWS);
    this.values.append(h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Values: ${this.title}` },
      h("table", {},
        h("thead", {}, h("tr", {}, heads.map((head, index) => h("th", { scope: "col", class: index ? "num" : null }, head)))),
        h("tbody", {}, rows.map(([at, index]) => h("tr", {},
          h("th", { scope: "row" }, moment(at, false)),
          this.data.lines.map((line) => h("td", { class: "num" }, shown(line.values[index], this.unit)))))))));
  }
}

const TICKS = [
  { dtickrange: [null, 60000], value: "%H:%M:%S" },
  { dtickrange: [60000, 86400000], value: "%H:%M\n%-d %b" },
  { dtickrange: [86400000, 604800000], value: "%-d %b" },
  { dtickrange: [604800000, "M1"], value: "%-d %b" },
  { dtickrange: ["M1", null], value: "%b\n%Y" },
];

function lineStyle(values, index) {
  const isAlone = (at) => values[at] !== null && (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null;
  return {
    type: "scatter",
    mode: "lines+markers",
    connectgaps: false,
    line: { color: colour(index), width: 1.75, dash: DASHES[index].replaceAll(" ", "px,") + (index ? "px" : "solid") },
    // A point without neighbours is no line: it would not be seen.
    marker: { color: colour(index), size: values.map((_, at) => (isAlone(at) ? 5 : 0)), line: { width: 0 } },
  };
}

function swatch(index, isBars) {
  const box = svg("svg", { width: 22, height: 10, "aria-hidden": "true" });
  const style = `stroke:${colour(index)}`;
  box.append(isBars
    ? svg("rect", { x: 5, width: 12, height: 10, rx: 2, style: `fill:${colour(index)}` })
    : svg("line", { x1: 0, x2: 22, y1: 5, y2: 5, "stroke-width": 2.5, "stroke-dasharray": DASHES[index], style }));
  return box;
}

/** The top of the axis and its ticks: round numbers in the unit that is shown. */
function scale(lines, limit, unit, isStacked) {
  const sums = lines[0].values.map((_, at) => {
    const values = lines.map((line) => line.values[at] ?? 0);
    return isStacked ? values.reduce((sum, value) => sum + value, 0) : Math.max(...values);
  });
  const high = Math.max(...sums);
  if (unit === "ratio") return [1.02, [0, 0.25, 0.5, 0.75, 1]];
  // A limit that is far away would press the line to the ground.
  const goal = Math.max(high, limit !== null && limit < high * 3 ? limit : 0) * 1.08 || 1;
  const base = unit === "bytes" ? 1024 ** Math.floor(Math.log(goal) / Math.log(1024)) : 1;
  let step = round((goal / base) / 4) * base;
  if (unit === "count") step = Math.max(1, step);
  const ticks = [];
  for (let tick = 0; tick <= goal; tick += step) ticks.push(Number(tick.toPrecision(12)));
  return [Math.max(goal, step * 1.05), ticks];
}

function round(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].find((step) => step * power >= value) * power;
}

const iso = (unix) => new Date(unix * 1000).toISOString().slice(0, 19);
const colour = (index) => token(`--series-${(index % 8) + 1}`);
const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Plotly reads a little HTML in its texts; names are none. */
function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll("%{", "% {");
}
