// The options of a command: what each type suggests, and how its value is sent.

import { post } from "./api.js";

export const TYPE = { SUB: 1, GROUP: 2, STRING: 3, INTEGER: 4, BOOLEAN: 5, USER: 6, CHANNEL: 7, ROLE: 8, MENTIONABLE: 9, NUMBER: 10, FILE: 11 };

const NAMES = {
  3: "text", 4: "whole number", 5: "true or false", 6: "member", 7: "channel", 8: "role", 9: "member or role", 10: "number", 11: "file",
};

/** Flatten commands and their subcommands to what can be typed. */
export function runnable(commands) {
  const found = [];
  const visit = (node, path) => {
    const nested = (node.options ?? []).filter((o) => o.type <= TYPE.GROUP);
    const name = [...path, node.name];
    if (nested.length) nested.forEach((child) => visit(child, name));
    else found.push({ name: name.join(" "), description: node.description, options: node.options ?? [] });
  };
  commands.filter((c) => c.type === 1).forEach((c) => visit(c, []));
  return found.sort((a, b) => a.name.localeCompare(b.name));
}

/** Say in words what an option takes. */
export function describe(option) {
  const least = option.min_value ?? option.min_length;
  const most = option.max_value ?? option.max_length;
  const unit = option.type === TYPE.STRING ? " characters" : "";
  let range = "";
  if (least !== undefined && most !== undefined) range = `, ${least} to ${most}${unit}`;
  else if (least !== undefined) range = `, at least ${least}${unit}`;
  else if (most !== undefined) range = `, at most ${most}${unit}`;
  return `${NAMES[option.type]}${range}`;
}

const entry = (label, value, detail = "") => ({ label: String(label), value, detail });

function listed(option, ctx) {
  const people = () => ctx.guild.members.map((m) => entry(m.name, m.id, `@${m.username}`));
  const roles = () => ctx.guild.roles.map((r) => entry(r.name.replace(/^(?!@)/, "@"), r.id, "role"));
  if (option.choices) return option.choices.map((c) => entry(c.name, c.value));
  switch (option.type) {
    case TYPE.BOOLEAN: return [entry("True", true), entry("False", false)];
    case TYPE.USER: return people();
    case TYPE.ROLE: return roles();
    case TYPE.MENTIONABLE: return [...people(), ...roles()];
    case TYPE.CHANNEL: return ctx.guild.channels.map((c) => entry(`#${c.name}`, c.id));
    default: return null;
  }
}

/** Whether an option only takes what is suggested. */
export const isClosed = (option) => Boolean(option.choices)
  || [TYPE.BOOLEAN, TYPE.USER, TYPE.CHANNEL, TYPE.ROLE, TYPE.MENTIONABLE].includes(option.type);

/** Return suggestions for what is typed in an option; `ask` sends what autocomplete needs. */
export async function suggest(option, typed, ctx, ask) {
  if (option.autocomplete) {
    const answer = await post("/autocomplete", { ...ctx.place(), ...ask(), option: option.name, value: typed });
    if (answer.error) throw new Error("Loading options failed");
    return answer.choices.map((c) => entry(c.name, c.value));
  }
  const wanted = typed.trim().toLocaleLowerCase();
  return (listed(option, ctx) ?? []).filter((e) => `${e.label} ${e.detail}`.toLocaleLowerCase().includes(wanted)).slice(0, 25);
}

export const readFile = (file) => new Promise((resolve, reject) => {
  const reader = new FileReader();
  reader.onload = () => resolve({ filename: file.name, base64: reader.result.split(",")[1] ?? "" });
  reader.onerror = () => reject(reader.error);
  reader.readAsDataURL(file);
});
