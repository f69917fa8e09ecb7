// The list above the composer: suggestions to pick with arrows, Enter, Tab or a click.

import { h } from "./dom.js";

export class Popup {
  constructor(onPick) {
    this.onPick = onPick;
    this.entries = [];
    this.active = -1;
    this.node = h("div", { class: "popup", id: "popup", role: "listbox", hidden: true });
  }

  get open() {
    return !this.node.hidden;
  }

  get current() {
    return this.open ? this.entries[this.active] : undefined;
  }

  hide() {
    this.node.hidden = true;
    this.entries = [];
    this.active = -1;
  }

  /** Show entries of {label, detail, description} under a title, the first one highlighted. */
  show(title, entries, note = "") {
    this.entries = entries;
    this.active = entries.length ? 0 : -1;
    const items = entries.map((entry, index) => this.item(entry, index));
    const empty = note ? [h("p", { class: "popup-note" }, note)] : [];
    this.node.replaceChildren(h("p", { class: "popup-title" }, title), ...items, ...empty);
    this.node.hidden = false;
    this.highlight();
  }

  item(entry, index) {
    // mousedown, not click: the field must not lose its focus before the pick.
    const pick = (event) => {
      event.preventDefault();
      this.onPick(this.entries[index]);
    };
    return h("div", { class: "popup-item", role: "option", id: `popup-${index}`, onmousedown: pick, onmousemove: () => this.move(index - this.active) },
      h("div", { class: "popup-label" }, entry.label, entry.detail ? h("span", { class: "popup-detail" }, entry.detail) : null),
      entry.description ? h("div", { class: "popup-description" }, entry.description) : null);
  }

  move(step) {
    if (!this.entries.length || !step) return;
    this.active = (this.active + step + this.entries.length) % this.entries.length;
    this.highlight();
  }

  highlight() {
    for (const [index, item] of [...this.node.querySelectorAll(".popup-item")].entries()) {
      item.setAttribute("aria-selected", String(index === this.active));
      if (index === this.active) item.scrollIntoView({ block: "nearest" });
    }
  }
}
