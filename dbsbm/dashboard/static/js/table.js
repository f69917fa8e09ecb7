// Tables that can be sorted and searched; values come raw, and are made readable here.

import { href } from "./address.js";
import { h, prose, replaceChildren } from "./dom.js";
import { levelOf, moment, shown, signOf } from "./format.js";

const SEARCH_FROM = 12;
const RIGHT = new Set(["s", "bytes", "ratio", "count", "per_second", "percent"]);

/** A table of `columns` ({title, unit}) that `update({rows})` fills. */
export class Table {
  constructor({ title, columns, empty }) {
    this.columns = columns;
    this.emptyText = empty;
    this.rows = [];
    this.sorted = null;
    this.body = h("tbody");
    this.heads = columns.map((column, index) =>
      h("th", { scope: "col", class: side(column) },
        h("button", { type: "button", onclick: () => this.sortBy(index) }, column.title)));
    this.search = h("input", {
      type: "search", placeholder: "Filter", "aria-label": `Filter ${title}`, hidden: true,
      oninput: () => this.draw(),
    });
    this.scroll = h("div", { class: "scroll", role: "region", "aria-label": title, tabindex: "0" },
      h("table", {}, h("thead", {}, h("tr", {}, this.heads)), this.body));
    this.message = h("p", { class: "loading" }, "Loading …");
    this.scroll.hidden = true;
    this.element = h("div", {}, this.message, this.scroll);
  }

  update({ rows }) {
    this.rows = rows;
    this.search.hidden = rows.length < SEARCH_FROM;
    this.message.hidden = rows.length > 0;
    this.message.className = "empty";
    this.message.replaceChildren(...prose(this.emptyText));
    this.scroll.hidden = rows.length === 0;
    this.draw();
  }

  sortBy(index) {
    const isSame = this.sorted?.index === index;
    const startsDown = RIGHT.has(this.columns[index].unit) || this.columns[index].unit === "time";
    this.sorted = { index, isDown: isSame ? !this.sorted.isDown : startsDown };
    this.draw();
  }

  draw() {
    this.heads.forEach((head, index) => {
      if (this.sorted?.index === index) head.setAttribute("aria-sort", this.sorted.isDown ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    const wanted = this.search.hidden ? "" : this.search.value.trim().toLowerCase();
    const rows = this.rows.filter((row) => wanted === "" || row.cells.join("\n").toLowerCase().includes(wanted));
    if (this.sorted) rows.sort(order(this.sorted));
    replaceChildren(this.body, rows.map((row) => this.line(row)));
  }

  line(row) {
    const linked = row.href === null ? -1 : this.linkedColumn();
    return h("tr", {}, this.columns.map((column, index) => {
      const shownCell = cell(row.cells[index], column.unit);
      const content = index === linked ? h("a", { href: href(row.href) }, shownCell) : shownCell;
      return h("td", { class: side(column) }, content);
    }));
  }

  linkedColumn() {
    const isText = ({ unit }) => unit === "code" || unit === "text";
    const code = this.columns.findIndex(({ unit }) => unit === "code");
    return code >= 0 ? code : Math.max(0, this.columns.findIndex(isText));
  }
}

function side({ unit }) {
  if (RIGHT.has(unit)) return "num";
  return unit === "time" ? "time" : null;
}

function order({ index, isDown }) {
  return (one, other) => {
    const [a, b] = [one.cells[index], other.cells[index]];
    if (a === null || b === null) return (a === null) - (b === null);
    const result = typeof a === "number" ? a - b : String(a).localeCompare(String(b));
    return isDown ? -result : result;
  };
}

/** One value as an element or text. */
export function cell(value, unit) {
  if (value === null || value === undefined) return h("span", { class: "quiet-note", "aria-label": "not known" }, "–");
  if (unit === "time") return h("time", { datetime: new Date(value * 1000).toISOString() }, moment(value));
  if (unit === "state") return state(String(value));
  if (unit === "code") return h("span", { class: "clamp code", title: value }, String(value));
  if (unit === "text") return h("span", { class: "clamp" }, String(value));
  if (unit === "ratio") return meter(value);
  return shown(value, unit);
}

function state(text) {
  const level = levelOf(text);
  if (level === null) return h("span", { class: "state" }, text);
  return h("span", { class: `state ${level}` },
    h("span", { class: `sign ${level}`, "aria-hidden": "true" }, signOf(level)), text);
}

function meter(value) {
  const bar = h("i", { "aria-hidden": "true" });
  bar.style.setProperty("--part", `${Math.max(0, Math.min(100, value * 100))}%`);
  return h("span", { class: "meter" }, bar, h("span", {}, shown(value, "ratio")));
}
