// The address is the page's only state: links can be shared, and "back" works.

export const RANGES = [
  ["1h", "1 h", "the last hour"],
  ["6h", "6 h", "the last 6 hours"],
  ["24h", "24 h", "the last 24 hours"],
  ["7d", "7 d", "the last 7 days"],
  ["30d", "30 d", "the last 30 days"],
  ["1y", "1 y", "the last year"],
];
const DEFAULT_RANGE = "1h";

export const SECTIONS = [
  ["health", "Health"], ["tasks", "Tasks"], ["queries", "Queries"], ["calls", "API"],
  ["cache", "Cache"], ["system", "System"], ["alerts", "Alerts"], ["findings", "Findings"],
];

/** What is shown: the path's parts, still encoded, and the range. */
export function current() {
  const names = location.pathname.split("/").filter(Boolean);
  const asked = new URLSearchParams(location.search).get("range");
  const range = RANGES.some(([name]) => name === asked) ? asked : DEFAULT_RANGE;
  return { section: names[0] ?? "health", path: names.join("/") || "health", range };
}

/** A link within the page that keeps the range. */
export function href(path, range = current().range) {
  const [bare, anchor] = path.split("#");
  const query = range === DEFAULT_RANGE ? "" : `?range=${range}`;
  return `${bare}${query}${anchor ? `#${anchor}` : ""}`;
}

/** Calls `change(isNewPage)` whenever a link within the page is followed, or "back" is pressed. */
export function onNavigation(change) {
  let shown = current();
  const settle = () => {
    const next = current();
    const isNewPage = next.path !== shown.path;
    if (isNewPage || next.range !== shown.range) {
      shown = next;
      change(isNewPage);
    }
  };
  addEventListener("popstate", settle);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    const isPlain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (!link || !isPlain || link.origin !== location.origin || link.getAttribute("href").startsWith("#")) return;
    event.preventDefault();
    if (link.href !== location.href) history.pushState(null, "", link.href);
    settle();
  });
  return (path) => {
    history.pushState(null, "", href(path));
    settle();
  };
}
