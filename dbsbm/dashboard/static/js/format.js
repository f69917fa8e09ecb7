// Numbers for people: three significant digits, the unit always beside them.

const SPACE = "\u00a0";

function digits(value) {
  const size = Math.abs(value);
  const places = size >= 100 || size === 0 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return Number(value.toFixed(places)).toLocaleString("en-US", { maximumFractionDigits: places });
}

const SECONDS = [[172800, "d", 86400], [5400, "h", 3600], [120, "min", 60], [1, "s", 1],
  [0.001, "ms", 0.001], [0, "µs", 0.000001]];

function seconds(value, like = value) {
  if (like === 0) return ["0", "s"];
  const size = Math.abs(like);
  const [, unit, factor] = SECONDS.find(([from]) => size >= from);
  return [digits(value / factor), unit];
}

const BYTES = [[1024 ** 4, "TiB"], [1024 ** 3, "GiB"], [1024 ** 2, "MiB"], [1024, "KiB"], [1, "B"]];

function bytes(value, like = value) {
  const [factor, unit] = BYTES.find(([step]) => Math.abs(like) >= step) ?? BYTES[BYTES.length - 1];
  return [digits(value / factor), unit];
}

function count(value) {
  const size = Math.abs(value);
  if (size >= 1e9) return [digits(value / 1e9), "G"];
  if (size >= 1e6) return [digits(value / 1e6), "M"];
  if (size >= 1e5) return [digits(value / 1e3), "k"];
  return [Number.isInteger(value) ? value.toLocaleString("en-US") : digits(value), ""];
}

function rate(value, like = value) {
  if (like === 0) return ["0", "/s"];
  if (Math.abs(like) < 0.1) return [digits(value * 60), "/min"];
  return [count(value).join(""), "/s"];
}

const PARTS = {
  s: seconds,
  bytes,
  ratio: (value) => [Number((value * 100).toFixed(value > 0.999 || value < 0.01 ? 2 : 1)).toString(), "%"],
  percent: (value) => [digits(value), "%"],
  count,
  per_second: rate,
};

/** Number and unit, apart: a tile writes the unit smaller. */
export function parts(value, unit, like = value) {
  if (value === null || value === undefined) return ["–", ""];
  return (PARTS[unit] ?? count)(value, like);
}

/** Number and unit in one string; ticks of an axis share the unit of its top, `like`. */
export function shown(value, unit, like) {
  const [number, mark] = parts(value, unit, like);
  const glue = mark === "" || mark.startsWith("/") ? "" : SPACE;
  return `${number}${glue}${mark}`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (number) => String(number).padStart(2, "0");

/** A moment in UTC, from Unix seconds. */
export function moment(unix, withSeconds = true) {
  const at = new Date(unix * 1000);
  const clock = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
  const day = `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]}`;
  const isOld = Date.now() / 1000 - unix > 300 * 86400;
  const date = isOld ? `${day} ${at.getUTCFullYear()}` : day;
  return `${date} ${clock}${withSeconds ? `:${two(at.getUTCSeconds())}` : ""}`;
}

/** How long ago, in the largest unit. */
export function ago(age) {
  for (const [unit, length] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (age >= length) {
      const number = Math.floor(age / length);
      return `${number} ${unit}${number === 1 ? "" : "s"} ago`;
    }
  }
  return `${Math.max(0, Math.round(age))} s ago`;
}

const LEVELS = {
  well: "well", ok: "well", done: "well", placed: "well", won: "well", healthy: "well",
  resolved: "well", gone: "well", replied: "well", verified: "well",
  attention: "attention", warn: "attention", warning: "attention", pending: "attention",
  missed: "attention", stale: "attention",
  unwell: "unwell", page: "unwell", critical: "unwell", failed: "unwell", dead: "unwell",
  firing: "unwell", error: "unwell", "given up": "unwell", unhealthy: "attention",
};
const SIGNS = { well: "✓", attention: "!", unwell: "✕", unknown: "?" };

/** How grave a state is, where that is known. */
export function levelOf(state) {
  return LEVELS[state] ?? null;
}

/** The mark of a level: its shape says the same as its colour. */
export function signOf(level) {
  return SIGNS[level] ?? "";
}
