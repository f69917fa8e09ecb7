// Puts the page together, and keeps it up to date.

import { current, href, onNavigation, RANGES, SECTIONS } from "./address.js";
import { get, post } from "./api.js";
import { h, replaceChildren } from "./dom.js";
import { ago } from "./format.js";
import { updateTiles, verdictLine, verdictPanel } from "./health.js";
import { listen } from "./live.js";
import { Panels } from "./panels.js";

const STALE_AFTER = 180;
const content = document.getElementById("content");
const live = document.getElementById("live");
const sections = document.getElementById("sections");
const ranges = document.getElementById("ranges");
const page = { panels: null, verdict: null, tiles: null, title: "" };
const news = { health: null, clockAhead: 0, isLive: false, error: null };

/** The links above the page. They are made once: a link that is made anew loses the focus. */
function makeFrame() {
  sections.replaceChildren(...SECTIONS.map(([, title]) => h("a", {}, title, h("span", { class: "badge", hidden: true }))));
  ranges.replaceChildren(...RANGES.map(([, text, spoken]) => h("a", { "aria-label": spoken }, text)));
}

function drawFrame() {
  const { section, range } = current();
  SECTIONS.forEach(([id], index) => {
    const link = sections.children[index];
    const isHere = id === section || (id === "tasks" && section === "traces");
    point(link, href(id === "health" ? "/" : `/${id}`), isHere && "page");
    drawBadge(link.querySelector(".badge"), id === "alerts" ? news.health?.incidents : 0);
  });
  RANGES.forEach(([name], index) => point(ranges.children[index], href(location.pathname, name), name === range && "true"));
}

function point(link, goal, here) {
  link.setAttribute("href", goal);
  if (here) link.setAttribute("aria-current", here);
  else link.removeAttribute("aria-current");
}

function drawBadge(badge, open) {
  badge.hidden = !open;
  badge.replaceChildren(...(open ? [String(open), h("span", { class: "hidden" }, " open")] : []));
}

async function drawPage(isNewPage) {
  const { section, path, range } = current();
  drawFrame();
  if (!isNewPage && page.panels) {
    page.panels.setRange(range);
    drawNews();
    if (!path.includes("/")) return;
  }
  const wanted = `${path} ${range}`;
  page.wanted = wanted;
  let view;
  try {
    view = await get(`view/${path}?range=${range}`);
  } catch (error) {
    view = { title: "This page cannot be shown", blocks: [], problem: error.message };
  }
  if (page.wanted !== wanted) return;
  page.panels?.remove();
  page.panels = new Panels(view.blocks, range, () => drawPage(true));
  page.verdict = h("div");
  page.tiles = section === "health" ? h("div", { class: "tiles" }) : null;
  content.replaceChildren(...[page.verdict, heading(section, path, view), page.tiles, page.panels.element].filter(Boolean));
  document.title = `${view.title} · DBSBM`;
  drawNews();
  if (isNewPage && page.isSettled) settle();
  page.isSettled = true;
}

function heading(section, path, view) {
  if (section === "health") return null;
  const [, title] = SECTIONS.find(([id]) => id === section) ?? ["tasks", "Tasks"];
  const isDetail = path.includes("/");
  const up = section === "traces" ? "/tasks" : `/${section}`;
  return h("div", { class: "head" },
    isDetail ? h("p", { class: "crumb" }, h("a", { href: href(up) }, `← ${title}`)) : null,
    h("h1", { tabindex: "-1" }, view.title),
    view.problem ? h("p", { class: "problem", role: "alert" }, view.problem) : null,
    path === "tasks" ? traceForm() : null);
}

function traceForm() {
  const field = h("input", { id: "trace-id", name: "trace", required: true, autocomplete: "off", spellcheck: "false" });
  return h("form", {
    class: "find", role: "search",
    onsubmit: (event) => {
      event.preventDefault();
      go(`/traces/${encodeURIComponent(field.value.trim())}`);
    },
  }, h("label", { for: "trace-id" }, "Follow a trace"), field, h("button", { type: "submit" }, "Show"));
}

/** After a step to another page: to the anchor, or to the top, and the heading is read out. */
function settle() {
  const anchor = location.hash && document.getElementById(location.hash.slice(1));
  if (anchor) anchor.scrollIntoView();
  else scrollTo(0, 0);
  content.querySelector("h1")?.focus({ preventScroll: true });
}

function drawNews() {
  const { health } = news;
  drawAge();
  if (!health || !page.verdict) return;
  const isFirstPage = page.tiles !== null;
  const drawn = isFirstPage ? verdictPanel(health.verdict) : verdictLine(health.verdict);
  const text = JSON.stringify([health.verdict, current().range]);
  if (page.verdict.dataset.text !== text) {
    page.verdict.dataset.text = text;
    replaceChildren(page.verdict, drawn ? [drawn] : []);
  }
  if (isFirstPage) updateTiles(page.tiles, health.tiles);
}

function drawAge() {
  const { health, isLive, error, clockAhead } = news;
  const now = Date.now() / 1000 + clockAhead;
  const age = health?.last_sample ? now - health.last_sample : null;
  const sample = age === null ? "no sample yet" : `last sample ${ago(age)}`;
  let text = `Live, ${sample}`;
  if (!health && !error) text = "Connecting …";
  else if (error) text = error.message;
  else if (!isLive) text = `Not live, asking every 15 s, ${sample}`;
  live.textContent = text;
  live.classList.toggle("stale", Boolean(error) || (health && (!isLive || age === null || age > STALE_AFTER)));
}

function onNews(health, now, isLive, error) {
  const before = news.health;
  if (health) {
    news.health = health;
    news.clockAhead = now - Date.now() / 1000;
  }
  news.isLive = isLive;
  news.error = error;
  if (before?.incidents !== news.health?.incidents) drawFrame();
  drawNews();
  const isNewer = before && health && (before.last_sample !== health.last_sample || before.incidents !== health.incidents);
  if (isNewer) page.panels?.refresh();
}

function setUpTools() {
  const button = document.getElementById("theme");
  const label = () => {
    const isDark = document.documentElement.dataset.theme === "dark";
    button.textContent = isDark ? "Light" : "Dark";
    button.setAttribute("aria-label", `Switch to ${isDark ? "light" : "dark"} colours`);
  };
  button.addEventListener("click", () => {
    const isDark = document.documentElement.dataset.theme === "dark";
    localStorage.setItem("theme", isDark ? "light" : "dark");
    document.documentElement.dataset.theme = isDark ? "light" : "dark";
    document.dispatchEvent(new Event("themechange"));
  });
  document.addEventListener("themechange", label);
  label();
  document.getElementById("logout").addEventListener("click", async () => {
    const { goal } = await post("/logout");
    location.assign(goal);
  });
}

const go = onNavigation(drawPage);
makeFrame();
setUpTools();
listen(onNews);
setInterval(drawAge, 1000);
drawPage(true);
