// A modal the bot showed: a form to fill in.

import { $, h } from "./dom.js";
import { markdown } from "./markdown.js";

/** Show a modal; `submit(values)` resolves to null, or to what is wrong with them. */
export function showModal(modal, ctx, submit) {
  const box = $("modal");
  const problem = h("p", { class: "hint", role: "alert" });
  const readers = [];
  const items = modal.components.map((item) => build(item, readers, ctx));
  const close = () => box.close();
  const form = h("form", { method: "dialog" },
    h("header", {}, h("h2", {}, modal.title), h("button", { type: "button", class: "close", "aria-label": "Close", onclick: close }, "×")),
    h("div", { class: "modal-fields" }, items), problem,
    h("footer", {}, h("button", { type: "button", class: "button secondary", onclick: close }, "Cancel"),
      h("button", { type: "submit", class: "button primary" }, "Submit")));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wrong = await submit(Object.fromEntries(readers.map((read) => read())));
    if (wrong) problem.textContent = wrong;
    else close();
  });
  box.replaceChildren(form);
  box.showModal();
  form.querySelector("input, textarea, select")?.focus();
}

function build(item, readers, ctx) {
  if (item.type === 10) return h("div", {}, markdown(item.content, ctx));
  if (item.type === 1) return labelled(item.components[0].label, "", item.components[0], readers, ctx);
  return labelled(item.label, item.description, item.component, readers, ctx);
}

function labelled(label, description, field, readers, ctx) {
  const star = field.required === false ? null : h("span", { class: "star", "aria-label": "required" }, " *");
  const control = CONTROLS[field.type]?.(field, readers, ctx) ?? h("em", {}, "This kind of field cannot be filled in here.");
  return h("label", { class: "modal-field" }, h("span", { class: "modal-label" }, label ?? field.custom_id, star),
    description ? h("span", { class: "modal-description" }, description) : null, control);
}

function textInput(field, readers) {
  const props = {
    class: "modal-input", placeholder: field.placeholder ?? "", minlength: field.min_length && String(field.min_length),
    maxlength: String(field.max_length ?? 4000), required: field.required !== false,
  };
  const input = field.style === 2 ? h("textarea", { ...props, rows: "4" }) : h("input", { ...props, type: "text" });
  input.value = field.value ?? "";
  readers.push(() => [field.custom_id, input.value]);
  return input;
}

function menu(options) {
  return (field, readers, ctx) => {
    const entries = options(field, ctx).map((o) => h("option", { value: o.value, selected: Boolean(o.default) }, o.label));
    const many = (field.max_values ?? 1) > 1;
    const prompt = many ? [] : [h("option", { value: "" }, field.placeholder ?? "Make a selection")];
    const select = h("select", { class: "modal-input", multiple: many, required: field.required !== false }, prompt, entries);
    readers.push(() => [field.custom_id, [...select.selectedOptions].map((o) => o.value).filter(Boolean)]);
    return select;
  };
}

function ticks(type) {
  return (field, readers) => {
    const boxes = (field.options ?? []).map((o) => {
      const input = h("input", { type, name: field.custom_id, value: o.value, checked: Boolean(o.default) });
      return { input, node: h("label", { class: "tick" }, input, ` ${o.label}`) };
    });
    readers.push(() => [field.custom_id, boxes.filter((b) => b.input.checked).map((b) => b.input.value)]);
    return h("span", { class: "ticks" }, boxes.map((b) => b.node));
  };
}

function checkbox(field, readers) {
  const input = h("input", { type: "checkbox", checked: Boolean(field.default) });
  readers.push(() => [field.custom_id, input.checked]);
  return input;
}

const people = (_, ctx) => ctx.guild.members.map((m) => ({ label: m.name, value: m.id }));
const roles = (_, ctx) => ctx.guild.roles.map((r) => ({ label: r.name, value: r.id }));
const channels = (_, ctx) => ctx.guild.channels.map((c) => ({ label: `#${c.name}`, value: c.id }));

const CONTROLS = {
  3: menu((field) => field.options),
  4: textInput,
  5: menu(people),
  6: menu(roles),
  7: menu((field, ctx) => [...people(field, ctx), ...roles(field, ctx)]),
  8: menu(channels),
  21: ticks("radio"),
  22: ticks("checkbox"),
  23: checkbox,
};
