// Elements without a template language. Text is only ever set as text.

/** An element with attributes (`on…` are listeners) and children (strings become text). */
export function h(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same for SVG. */
export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Other children for a box. Whoever is on one of them by keyboard is then on its successor. */
export function replaceChildren(box, children) {
  const focused = box.contains(document.activeElement) ? document.activeElement : null;
  box.replaceChildren(...children);
  if (!focused || box.contains(focused)) return;
  const isSuccessor = (element) => element.getAttribute("href") === focused.getAttribute("href");
  [...box.querySelectorAll(focused.localName)].find(isSuccessor)?.focus({ preventScroll: true });
}

/** A sentence as nodes: what stands between backticks is code. */
export function prose(text) {
  return text.split("`").map((part, index) => (index % 2 ? h("code", {}, part) : part));
}
