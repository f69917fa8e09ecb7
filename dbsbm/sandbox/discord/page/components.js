// Buttons, menus and the Components V2 layouts of a message.

import { color, h, localPath } from "./dom.js";
import { markdown } from "./markdown.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link", 6: "premium" };

/** Build the components of a message; `ctx.use(customId, values)` tells the bot. */
export function components(list, ctx) {
  return list.map((component) => BUILDERS[component.type]?.(component, ctx) ?? null);
}

const BUILDERS = {
  1: (row, ctx) => h("div", { class: "row" }, components(row.components, ctx)),
  2: button,
  3: (menu, ctx) => select(menu, menu.options, ctx),
  5: (menu, ctx) => select(menu, people(ctx), ctx),
  6: (menu, ctx) => select(menu, roles(ctx), ctx),
  7: (menu, ctx) => select(menu, [...people(ctx), ...roles(ctx)], ctx),
  8: (menu, ctx) => select(menu, ctx.guild.channels.map((c) => ({ label: `#${c.name}`, value: c.id })), ctx),
  9: (section, ctx) => h("div", { class: "section" },
    h("div", { class: "section-text" }, components(section.components, ctx)),
    components([section.accessory], ctx)),
  10: (text, ctx) => h("div", { class: "text-display" }, markdown(text.content, ctx)),
  11: (thumb) => picture(thumb.media, thumb.description, "thumbnail"),
  12: (gallery) => h("div", { class: `gallery count-${Math.min(gallery.items.length, 4)}` },
    gallery.items.map((item) => picture(item.media, item.description, "gallery-item"))),
  13: (file) => fileCard(file.file.url.split("/").pop(), file.file.url),
  14: (line) => h("hr", { class: line.divider === false ? "gap" : "divider" }),
  17: (box, ctx) => {
    const node = h("div", { class: "container" }, components(box.components, ctx));
    if (box.accent_color) node.style.borderLeftColor = color(box.accent_color);
    return node;
  },
};

function button(item, ctx) {
  const inside = [item.emoji ? h("span", {}, item.emoji.name ?? "") : null, item.label ?? ""];
  if (item.style === 5) {
    const props = { class: "button link", href: item.url, target: "_blank", rel: "noopener noreferrer" };
    return h("a", props, inside, h("span", { class: "out" }, " ↗"));
  }
  const press = async (event) => {
    const pressed = event.currentTarget;
    pressed.classList.add("busy");
    await ctx.use(item.custom_id, []);
    pressed.classList.remove("busy");
  };
  const props = { type: "button", class: `button ${STYLES[item.style]}`, disabled: Boolean(item.disabled) };
  return h("button", { ...props, onclick: press, "data-custom-id": item.custom_id }, inside);
}

const people = (ctx) => ctx.guild.members.map((m) => ({ label: m.name, value: m.id }));
const roles = (ctx) => ctx.guild.roles.map((r) => ({ label: r.name.replace(/^(?!@)/, "@"), value: r.id }));

function select(menu, options, ctx) {
  const many = (menu.max_values ?? 1) > 1;
  const title = menu.placeholder ?? "Make a selection";
  const entries = options.map((o) => h("option", { value: o.value, title: o.description ?? "", selected: Boolean(o.default) }, o.label));
  const chosen = options.some((o) => o.default);
  const prompt = h("option", { value: "", disabled: true, selected: !chosen, hidden: true }, title);
  const props = { class: "select", "aria-label": title, disabled: Boolean(menu.disabled), "data-custom-id": menu.custom_id };
  if (!many) {
    return h("select", { ...props, onchange: (e) => ctx.use(menu.custom_id, [e.currentTarget.value]) }, prompt, entries);
  }
  const list = h("select", { ...props, multiple: true, size: String(Math.min(entries.length, 5)) }, entries);
  const values = () => [...list.selectedOptions].map((o) => o.value);
  const done = h("button", { type: "button", class: "button secondary", onclick: () => ctx.use(menu.custom_id, values()) }, "Choose");
  return h("div", { class: "multi" }, list, done);
}

/** A picture of this server; for anyone else's only its address, as nothing leaves this machine. */
export function picture(media, description, className) {
  const path = localPath(media.url);
  if (path === null) {
    const host = URL.canParse(media.url) ? new URL(media.url).host : media.url;
    return h("span", { class: `${className} elsewhere`, title: media.url }, `Picture on ${host}, not loaded here`);
  }
  const size = media.width ? { width: String(media.width), height: String(media.height) } : {};
  const image = h("img", { src: path, alt: description ?? "", loading: "lazy", ...size });
  const open = () => showLarge(path, description);
  return h("button", { type: "button", class: `picture ${className}`, title: "Show large", onclick: open }, image);
}

function showLarge(path, description) {
  const box = document.getElementById("lightbox");
  const close = h("button", { type: "button", class: "close", "aria-label": "Close", onclick: () => box.close() }, "×");
  const original = h("a", { href: path, target: "_blank", rel: "noopener" }, "Open original");
  box.replaceChildren(h("img", { src: path, alt: description ?? "" }), original, close);
  box.onclick = (event) => event.target === box && box.close();
  box.showModal();
}

export function fileCard(name, url, size) {
  const path = localPath(url);
  const detail = size === undefined ? null : h("span", { class: "size" }, readable(size));
  const title = path ? h("a", { href: path, download: name }, name) : h("span", {}, name);
  return h("div", { class: "file" }, h("span", { class: "file-icon", "aria-hidden": "true" }, "📄"), h("div", {}, title, detail));
}

function readable(bytes) {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}
