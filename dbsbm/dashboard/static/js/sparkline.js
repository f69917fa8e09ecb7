// A line of a finger's width: the shape of the last hour, without axes.

import { svg } from "./dom.js";

const WIDTH = 120;
const HEIGHT = 40;

/** The values as SVG; a gap stays a gap, and the limit is drawn where it is in sight. */
export function sparkline(values, limit, isBars) {
  const known = values.filter((value) => value !== null);
  const drawing = svg("svg", {
    class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true",
  });
  if (known.length === 0) return drawing;
  const top = Math.max(...known) * 1.1 || 1;
  const x = (index) => ((index / Math.max(1, values.length - 1)) * WIDTH).toFixed(1);
  const y = (value) => (HEIGHT - 1 - (value / top) * (HEIGHT - 3)).toFixed(1);
  if (isBars) {
    const width = Math.max(1, WIDTH / values.length - 0.5);
    drawing.append(...values.flatMap((value, index) => (value === null ? [] : [
      svg("rect", { class: "bar-mark", x: x(index), y: y(value), width, height: HEIGHT - y(value) }),
    ])));
  } else for (const run of runs(values)) {
    const points = run.map((index) => `${x(index)},${y(values[index])}`);
    if (points.length === 1) points.push(points[0]);
    const [first, last] = [run[0], run[run.length - 1]];
    drawing.append(
      svg("polygon", { class: "area", points: `${x(first)},${HEIGHT} ${points.join(" ")} ${x(last)},${HEIGHT}` }),
      svg("polyline", { class: "path", points: points.join(" ") }),
    );
  }
  if (limit !== null && limit < top) {
    drawing.append(svg("line", { class: "bound", x1: 0, x2: WIDTH, y1: y(limit), y2: y(limit) }));
  }
  return drawing;
}

function runs(values) {
  const found = [];
  values.forEach((value, index) => {
    if (value === null) return;
    if (index > 0 && values[index - 1] !== null) found[found.length - 1].push(index);
    else found.push([index]);
  });
  return found;
}
