// The parts of a page. Each asks for its own numbers, once it is in sight.

import { get, post, query } from "./api.js";
import { Chart } from "./chart.js";
import { h, prose } from "./dom.js";
import { cell, Table } from "./table.js";

/** The panels of one page. */
export class Panels {
  constructor(blocks, range, onChanged) {
    this.range = range;
    this.stop = new AbortController();
    this.onChanged = onChanged;
    this.loaders = [];
    this.watch = new IntersectionObserver((entries) => this.onSight(entries), { rootMargin: "300px" });
    this.element = h("div", { class: "panels" }, blocks.map((block) => this.make(block)));
    for (const loader of this.loaders) this.watch.observe(loader.element);
  }

  /** Everything is old now: what is in sight is read again, the rest when it comes in sight. */
  refresh() {
    for (const loader of this.loaders) {
      loader.isOld = true;
      if (loader.isSeen) this.load(loader);
    }
  }

  /** Another range for the same panels. */
  setRange(range) {
    this.range = range;
    this.stop.abort();
    this.stop = new AbortController();
    for (const loader of this.loaders) loader.isBusy = false;
    this.refresh();
  }

  remove() {
    this.stop.abort();
    this.watch.disconnect();
    for (const { part } of this.loaders) part.remove?.();
  }

  onSight(entries) {
    for (const entry of entries) {
      const loader = this.loaders.find(({ element }) => element === entry.target);
      loader.isSeen = entry.isIntersecting;
      if (loader.isSeen && loader.isOld) this.load(loader);
    }
  }

  async load(loader) {
    if (loader.isBusy) return;
    const { signal } = this.stop;
    loader.isBusy = true;
    try {
      const { kind, id, where } = loader.block;
      const data = await get(`${kind}/${id}?${query(this.range, where)}`, signal);
      loader.isOld = false;
      loader.problem.textContent = "";
      await loader.part.update(data);
    } catch (error) {
      if (error.name === "AbortError") return;
      loader.problem.textContent = error.message;
      if (loader.part.message.className === "loading") loader.part.message.hidden = true;
    } finally {
      if (signal === this.stop.signal) loader.isBusy = false;
    }
  }

  make(block) {
    if (block.kind === "chart" || block.kind === "table") return this.numbers(block);
    const maker = { facts, code, list, advice, actions: (each) => this.actions(each) }[block.kind];
    return maker(block);
  }

  numbers(block) {
    const part = block.kind === "chart" ? new Chart(block) : new Table(block);
    const problem = h("p", { class: "problem", role: "status" });
    const element = h("section", { class: `panel ${block.kind}${block.wide ? " wide" : ""}`, id: block.id },
      h("div", { class: "top-line" },
        h("div", {}, h("h2", {}, block.title), h("p", { class: "about" }, prose(block.about))),
        part.search ?? null),
      problem, part.element);
    this.loaders.push({ block, part, problem, element, isOld: true, isSeen: false, isBusy: false });
    return element;
  }

  actions({ incident }) {
    const answer = h("span", { role: "status" });
    const act = async (path, content, done) => {
      try {
        await post(`/data/incidents/${incident}/${path}`, content);
        answer.textContent = done;
        this.onChanged();
      } catch (error) {
        answer.textContent = error.message;
      }
    };
    const silence = (time, words) => h("button", {
      type: "button", onclick: () => act("silence", { for: time }, `Nobody is told for ${words}.`),
    }, `Silence for ${words}`);
    return h("section", { class: "panel", "aria-label": "What to do" },
      h("div", { class: "actions" },
        h("button", { type: "button", class: "main", onclick: () => act("acknowledge", {}, "Acknowledged.") }, "Acknowledge"),
        silence("1h", "1 hour"), silence("8h", "8 hours"), silence("24h", "24 hours"), answer));
  }
}

function facts(block) {
  return h("section", { class: "panel", "aria-label": block.title ?? "Facts" },
    block.title ? h("h2", {}, block.title) : null, h("dl", { class: "facts" },
    block.facts.map((fact) => h("div", {}, h("dt", {}, fact.title), h("dd", {}, cell(fact.value, fact.unit))))));
}

function code(block) {
  return h("section", { class: "panel" }, h("h2", {}, block.title), snippet(block.text));
}

function advice(block) {
  return h("section", { class: "panel" }, h("h2", {}, block.title),
    block.lines.map((line) => (line.code ? snippet(line.text) : h("p", { class: "advice" }, prose(line.text)))));
}

/** Code with a button that copies it; where the browser does not let it, it is selected instead. */
function snippet(text) {
  const pre = h("pre", { tabindex: "0" }, text);
  const button = h("button", { type: "button", class: "copy", "aria-live": "polite", onclick: () => copy() }, "Copy");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(pre);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  };
  return h("div", { class: "snippet" }, pre, button);
}

function list(block) {
  return h("section", { class: "panel" }, h("h2", {}, block.title),
    h("ul", { class: "lines" }, block.lines.map((line) => h("li", {}, line))));
}
