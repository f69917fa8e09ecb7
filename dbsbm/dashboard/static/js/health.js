// The verdict and the big numbers.

import { href } from "./address.js";
import { h } from "./dom.js";
import { parts, shown, signOf } from "./format.js";
import { sparkline } from "./sparkline.js";

/** The verdict with its reasons, for the first page. */
export function verdictPanel({ level, sentence, reasons }) {
  const lines = reasons.map((reason) =>
    h("li", { class: reason.level }, sign(reason.level), h("a", { href: href(reason.href) }, reason.text)));
  return h("section", { class: `verdict ${level}`, "aria-label": "Verdict" },
    h("h1", { tabindex: "-1" }, sign(level), sentence),
    lines.length ? h("ul", {}, lines) : null);
}

/** The verdict in one line, for the other pages. Nothing where all is well. */
export function verdictLine({ level, sentence, reasons }) {
  if (level === "well") return null;
  const text = reasons.length === 1 ? reasons[0].text : `${sentence} ${reasons.length} reasons.`;
  return h("a", { class: `verdict small ${level}`, href: href("/") }, sign(level), h("span", {}, text));
}

function sign(level) {
  return h("span", { class: `sign ${level}`, "aria-hidden": "true" }, signOf(level));
}

/** The big numbers; a tile that is there already keeps its element, and with it the focus. */
export function updateTiles(box, tiles) {
  const known = new Map([...box.children].map((tile) => [tile.id, tile]));
  const elements = tiles.map((tile) => {
    const id = `tile-${tile.id}`;
    const element = known.get(id) ?? h("a", { id });
    element.setAttribute("href", href(tile.href));
    element.setAttribute("class", `tile ${tile.state}`);
    element.replaceChildren(...content(tile));
    return element;
  });
  // An element that is put in again loses the focus, even in its old place.
  const isSame = elements.length === box.children.length && elements.every((element, index) => element === box.children[index]);
  if (!isSame) box.replaceChildren(...elements);
}

function content(tile) {
  const [number, unit] = parts(tile.value, tile.unit);
  const isBad = tile.state === "bad";
  const side = tile.best === "low" ? "above" : "below";
  const bound = isBad && tile.limit !== null ? `${side} ${shown(tile.limit, tile.unit)}` : "";
  return [
    h("span", { class: "name" }, h("span", {}, tile.title),
      isBad ? h("span", { class: "sign attention", "aria-hidden": "true" }, "!") : null),
    h("span", { class: "value" }, number, unit ? h("span", { class: "unit" }, unit) : null),
    sparkline(tile.spark, tile.limit, tile.bars),
    h("span", { class: "note" }, [bound, tile.note].filter(Boolean).join(" · ")),
  ];
}
