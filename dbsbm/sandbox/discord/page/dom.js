// Small helpers to build elements, and what every part of the page shows the same way.

export const $ = (id) => document.getElementById(id);

/** Build an element: h("a", {href: "/", class: "x", onclick: f}, "text", child, ...). */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name in node && typeof value !== "string") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  return node;
}

export const color = (number) => `#${Number(number).toString(16).padStart(6, "0")}`;

const HUES = [235, 152, 265, 28, 340, 190, 85, 12];

/** Fill an element with a person's initials on a colour of their own. */
export function paintAvatar(node, name, id) {
  const hue = HUES[Number(BigInt(id) % BigInt(HUES.length))];
  node.style.background = `linear-gradient(140deg, hsl(${hue} 62% 58%), hsl(${hue + 24} 60% 42%))`;
  node.textContent = initials(name);
  return node;
}

export function avatar(person, isBot) {
  const node = h("span", { class: "avatar", "aria-hidden": "true" });
  if (!isBot) return paintAvatar(node, person.name, person.id);
  node.classList.add("bot");
  return node;
}

export function initials(name) {
  const words = name.replace(/[^\p{L}\p{N} ]/gu, "").split(/\s+/).filter(Boolean);
  const letters = words.slice(0, 2).map((word) => [...word][0]);
  return letters.join("").toLocaleUpperCase() || "?";
}

const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const STEPS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60]];

/** Say how long ago, or how far ahead, a moment is. */
export function ago(moment, now = Date.now()) {
  const seconds = (moment - now) / 1000;
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return RELATIVE.format(Math.trunc(seconds / size), unit);
  }
  if (Math.abs(seconds) < 10) return "just now";
  return RELATIVE.format(Math.trunc(seconds), "second");
}

/** A time that keeps itself up to date; see refreshTimes. */
export function relativeTime(iso) {
  const moment = new Date(iso);
  return h("time", { datetime: iso, title: moment.toLocaleString(), "data-relative": "" }, ago(moment));
}

export function refreshTimes() {
  for (const node of document.querySelectorAll("time[data-relative]")) {
    node.textContent = ago(new Date(node.dateTime));
  }
}

/** The address of a file of this server without its host, or null for anyone else's. */
export function localPath(url) {
  try {
    const parsed = new URL(url, location.href);
    return parsed.pathname.startsWith("/attachments/") ? parsed.pathname : null;
  } catch {
    return null;
  }
}
