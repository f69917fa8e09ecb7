// Where a member types: a message, or a command with its options.

import { h } from "./dom.js";
import { Popup } from "./popup.js";
import { TYPE, describe, isClosed, readFile, runnable, suggest } from "./options.js";

const ASK_AFTER_MS = 150;

export class Composer {
  /** `ctx` knows the place and sends: ctx.run(name, options), ctx.write(text). */
  constructor(form, ctx) {
    this.form = form;
    this.ctx = ctx;
    this.commands = [];
    this.command = null;
    this.fields = [];
    this.asked = 0;
    this.popup = new Popup((entry) => this.pick(entry));
    this.hint = h("p", { class: "hint", role: "alert" });
    this.text = h("input", {
      class: "text", type: "text", enterkeyhint: "send", maxlength: "2000", role: "combobox",
      "aria-label": "Message or command", "aria-controls": "popup", "aria-expanded": "false", oninput: () => this.typed(),
    });
    this.bar = h("div", { class: "bar" });
    this.send = h("button", { class: "send", type: "submit", "aria-label": "Send" }, "➤");
    form.append(this.popup.node, this.hint, this.bar);
    form.addEventListener("submit", (event) => { event.preventDefault(); this.submit(); });
    form.addEventListener("keydown", (event) => this.key(event));
    form.addEventListener("focusout", (event) => {
      if (!form.contains(event.relatedTarget)) this.popup.hide();
    });
    this.showText("");
    this.text.disabled = true;
  }

  setCommands(commands) {
    this.commands = runnable(commands);
    if (this.command && !this.commands.some((c) => c.name === this.command.name)) this.showText("");
    if (!this.command && this.text.value.startsWith("/")) this.typed();
  }

  setPlace(channel, mayWrite) {
    this.text.disabled = !mayWrite;
    this.send.disabled = !mayWrite;
    this.text.placeholder = mayWrite
      ? `Message #${channel} — type / for commands`
      : "You do not have permission to send messages in this channel.";
    if (!mayWrite) this.showText("");
  }

  complain(message) {
    this.hint.textContent = message;
  }

  // Plain text, and the choice of a command

  showText(value) {
    this.command = null;
    this.fields = [];
    this.text.value = value;
    this.bar.className = "bar";
    this.bar.replaceChildren(this.text, this.send);
    this.popup.hide();
    this.complain("");
  }

  typed() {
    this.complain("");
    const typed = this.text.value;
    if (!typed.startsWith("/")) return this.popup.hide();
    const wanted = typed.slice(1).trimStart().toLowerCase();
    const found = this.commands.filter((c) => c.name.includes(wanted.trim()));
    const exact = this.commands.find((c) => `${c.name} ` === wanted);
    if (exact) return this.openCommand(exact);
    found.sort((a, b) => Number(b.name.startsWith(wanted)) - Number(a.name.startsWith(wanted)));
    const entries = found.map((command) => ({
      command, label: `/${command.name}`, description: command.description,
      detail: command.options.map((o) => (o.required ? o.name : `${o.name}?`)).join("  "),
    }));
    this.popup.show(`${this.ctx.bot.name} commands`, entries, entries.length ? "" : this.noCommand(wanted));
  }

  noCommand(wanted) {
    if (this.commands.length) return `No command starts with “/${wanted}”.`;
    return "No commands here: the bot has not registered any yet, or you may not use them in this channel.";
  }

  openCommand(command, values = {}) {
    this.showText("");
    this.command = command;
    const shown = command.options.filter((o) => o.required || o.name in values);
    this.fields = shown.map((option) => this.field(option));
    this.drawCommand();
    const first = this.fields[0];
    if (first) this.focus(first);
    else this.send.focus();
  }

  // The options of a command

  drawCommand() {
    const missing = this.command.options.filter((o) => !this.fields.some((f) => f.option === o));
    const more = missing.map((option) => h("button", {
      class: "more", type: "button", title: option.description, onclick: () => this.addField(option),
    }, `+ ${option.name}`));
    const cancel = h("button", { class: "cancel", type: "button", "aria-label": "Cancel the command", onclick: () => this.cancel() }, "×");
    this.bar.className = "bar command";
    this.bar.replaceChildren(cancel, h("span", { class: "command-name" }, `/${this.command.name}`),
      ...this.fields.map((f) => f.node), ...more, this.send);
  }

  field(option) {
    const field = { option, value: undefined, picked: false };
    const isFile = option.type === TYPE.FILE;
    field.input = h("input", {
      type: isFile ? "file" : "text", "aria-label": `${option.name}: ${option.description}`, "aria-controls": "popup",
      inputmode: { 4: "numeric", 10: "decimal" }[option.type], "aria-required": String(Boolean(option.required)), enterkeyhint: "next",
    });
    field.input.addEventListener("focus", () => this.refresh(field));
    field.input.addEventListener("input", () => { field.picked = false; this.fit(field); this.refresh(field); });
    field.node = h("label", { class: option.required ? "pill required" : "pill" }, h("span", {}, option.name), field.input);
    this.fit(field);
    return field;
  }

  fit(field) {
    if (field.option.type !== TYPE.FILE) field.input.style.width = `${Math.max(field.input.value.length + 2, 6)}ch`;
    field.node.classList.remove("wrong");
    this.complain("");
  }

  addField(option) {
    const field = this.field(option);
    this.fields.push(field);
    this.drawCommand();
    this.focus(field);
  }

  removeField(field) {
    const at = this.fields.indexOf(field);
    this.fields.splice(at, 1);
    this.drawCommand();
    this.focus(this.fields[Math.max(at - 1, 0)]);
  }

  focus(field) {
    if (!field) return this.send.focus();
    field.input.focus();
    this.refresh(field);
  }

  async refresh(field) {
    const { option, input } = field;
    const title = `${option.name} · ${option.description} · ${describe(option)}${option.required ? " · required" : ""}`;
    const ticket = ++this.asked;
    if (field.picked || (!option.autocomplete && !isClosed(option))) return this.popup.show(title, []);
    if (option.autocomplete) {
      this.popup.show(title, [], "Loading options…");
      await new Promise((wake) => setTimeout(wake, ASK_AFTER_MS));
      if (ticket !== this.asked) return;
    }
    let entries = [];
    let note = "";
    try {
      entries = await suggest(option, input.value, this.ctx, () => this.question());
      note = entries.length ? "" : "No options match your search.";
    } catch (error) {
      note = error.message;
    }
    // Only the newest question may answer, and only while its field is still in use.
    if (ticket === this.asked && document.activeElement === input) {
      this.popup.show(title, entries.map((e) => ({ ...e, field })), note);
    }
  }

  question() {
    const filled = this.fields.filter((f) => f.input.value && f.option.type !== TYPE.FILE);
    return { command: this.command.name, options: Object.fromEntries(filled.map((f) => [f.option.name, this.valueOf(f)])) };
  }

  valueOf(field) {
    return field.picked ? field.value : field.input.value;
  }

  pick(entry) {
    if (entry.command) return this.openCommand(entry.command);
    const { field } = entry;
    field.value = entry.value;
    field.input.value = entry.label;
    this.fit(field);
    field.picked = true;
    const empty = this.fields.find((f) => f.option.required && !f.input.value);
    if (empty) return this.focus(empty);
    this.popup.hide();
    this.send.focus();
  }

  cancel() {
    this.showText("");
    this.text.focus();
  }

  // Keys

  key(event) {
    const field = this.fields.find((f) => f.input === event.target);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.popup.entries.length) {
      event.preventDefault();
      this.popup.move(step);
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (this.popup.entries.length && !this.command) this.popup.hide();
      else this.cancel();
    } else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey && this.popup.current) {
      event.preventDefault();
      this.pick(this.popup.current);
    } else if (event.key === "Enter" && field) {
      event.preventDefault();
      this.next(field);
    } else if (event.key === "Backspace" && field && !field.input.value) {
      event.preventDefault();
      if (field.option.required) this.cancel();
      else this.removeField(field);
    } else if (event.key === "Backspace" && event.target === this.send && this.command) {
      this.focus(this.fields.at(-1));
    }
  }

  next(field) {
    const after = this.fields.slice(this.fields.indexOf(field) + 1);
    const empty = after.find((f) => f.option.required && !f.input.value);
    if (empty && field.input.value) this.focus(empty);
    else this.submit();
  }

  // Sending

  async submit() {
    if (this.command) return this.submitCommand();
    const text = this.text.value.trim();
    if (!text) return;
    if (text.startsWith("/")) return this.complain("Choose a command from the list.");
    if (await this.ctx.write(text)) this.showText("");
    this.text.focus();
  }

  async submitCommand() {
    const missing = this.fields.find((f) => f.option.required && !f.input.value);
    if (missing) {
      this.focus(missing);
      missing.node.classList.add("wrong");
      return this.complain(`The option “${missing.option.name}” is required.`);
    }
    const options = {};
    for (const field of this.fields) {
      const file = field.input.files?.[0];
      if (file) options[field.option.name] = await readFile(file);
      else if (field.input.value) options[field.option.name] = this.valueOf(field);
    }
    if (await this.ctx.run(this.command.name, options)) this.showText("");
    if (!this.command) this.text.focus();
  }
}
