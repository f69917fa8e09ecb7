// One message, and the list of them.

import { $, avatar, color, h, localPath, relativeTime } from "./dom.js";
import { components, fileCard, picture } from "./components.js";
import { inline, markdown } from "./markdown.js";

const EPHEMERAL = 64;
const GROUP_MS = 7 * 60 * 1000;
const SHOWN = 200;

function author(message, ctx) {
  const member = ctx.guild.members.find((m) => m.id === message.author.id);
  return member ?? { id: message.author.id, name: message.author.global_name, color: 0 };
}

function head(person, message) {
  const name = h("span", { class: "author" }, person.name);
  if (person.color) name.style.color = color(person.color);
  const tag = message.author.bot ? h("span", { class: "app-tag" }, "APP") : null;
  return h("header", { class: "message-head" }, name, tag, relativeTime(message.timestamp));
}

function origin(message, ctx) {
  if (message.interaction) {
    const user = ctx.guild.members.find((m) => m.id === message.interaction.user.id);
    const name = user?.name ?? message.interaction.user.global_name;
    return h("div", { class: "origin" }, avatar({ id: message.interaction.user.id, name }, false),
      h("span", { class: "origin-name" }, name), " used ", h("span", { class: "mention" }, `/${message.interaction.name}`));
  }
  const target = message.message_reference && ctx.message(message.message_reference.message_id);
  if (!target) return null;
  const preview = target.content || target.embeds[0]?.title || "attachment";
  return h("div", { class: "origin" }, avatar(author(target, ctx), target.author.bot),
    h("span", { class: "origin-name" }, author(target, ctx).name), h("span", { class: "preview" }, inline(preview.split("\n")[0], ctx)));
}

function embed(data, ctx) {
  const node = h("article", { class: "embed" });
  node.style.borderLeftColor = data.color ? color(data.color) : "";
  const text = h("div", { class: "embed-text" });
  if (data.author) text.append(h("div", { class: "embed-author" }, data.author.name));
  if (data.title) text.append(h("div", { class: "embed-title" }, titleLink(data, ctx)));
  if (data.description) text.append(h("div", { class: "embed-description" }, markdown(data.description, ctx)));
  if (data.fields?.length) text.append(fields(data.fields, ctx));
  const thumb = data.thumbnail && picture(data.thumbnail, "", "thumbnail");
  node.append(h("div", { class: "embed-top" }, text, thumb));
  if (data.image) node.append(picture(data.image, data.title, "embed-image"));
  if (data.footer || data.timestamp) {
    const when = data.timestamp ? relativeTime(data.timestamp) : null;
    const dot = data.footer && when ? " • " : null;
    node.append(h("footer", { class: "embed-footer" }, data.footer?.text, dot, when));
  }
  return node;
}

function titleLink(data, ctx) {
  const title = inline(data.title, ctx);
  return data.url ? h("a", { href: data.url, target: "_blank", rel: "noopener noreferrer" }, title) : title;
}

function fields(list, ctx) {
  return h("div", { class: "embed-fields" }, list.map((field) =>
    h("div", { class: field.inline ? "field inline" : "field" },
      h("div", { class: "field-name" }, inline(field.name, ctx)), h("div", { class: "field-value" }, markdown(field.value, ctx)))));
}

function attachment(file) {
  const isImage = file.content_type.startsWith("image/") && file.width && localPath(file.url);
  return isImage ? picture(file, file.description, "attached") : fileCard(file.filename, file.url, file.size);
}

/** Once its token is past its life, the bot can never say what it was thinking about. */
const gaveUp = (message, ctx) => message.loading && Date.now() - new Date(message.timestamp) > ctx.tokenSeconds * 1000;

function failure(text) {
  return h("div", { class: "failed", role: "alert" }, h("span", { "aria-hidden": "true" }, "❗ "), text);
}

function body(message, ctx) {
  if (gaveUp(message, ctx)) return failure("The application did not respond");
  if (message.loading) return h("div", { class: "thinking" }, dots(), `${message.author.global_name} is thinking…`);
  const edited = message.edited_timestamp
    ? h("span", { class: "edited", title: new Date(message.edited_timestamp).toLocaleString() }, " (edited)") : null;
  return [
    message.content ? h("div", { class: "content" }, markdown(message.content, ctx), edited) : null,
    message.embeds.map((data) => embed(data, ctx)),
    message.attachments.map(attachment),
    message.components.length ? h("div", { class: "components" }, components(message.components, componentContext(message, ctx))) : null,
    message.content ? null : edited,
  ];
}

const componentContext = (message, ctx) => ({ ...ctx, use: (id, values) => ctx.use(message.id, id, values) });

export const dots = () => h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i"));

export function onlyYou(dismiss) {
  return h("div", { class: "only-you" }, h("span", { "aria-hidden": "true" }, "👁 "), "Only you can see this • ",
    h("button", { type: "button", onclick: dismiss }, "Dismiss message"));
}

function build(message, compact, ctx) {
  const ephemeral = message.flags & EPHEMERAL;
  const mentioned = message.mentions.some((user) => user.id === ctx.me.id) || message.mention_everyone;
  const classes = ["message", compact && "compact", ephemeral && "ephemeral", mentioned && "mentioned"];
  const person = author(message, ctx);
  return h("li", { class: classes.filter(Boolean).join(" "), "data-id": message.id },
    compact ? null : origin(message, ctx),
    compact ? null : avatar(person, message.author.bot),
    h("div", { class: "message-body" }, compact ? null : head(person, message), body(message, ctx),
      ephemeral ? onlyYou(() => ctx.dismiss(message.id)) : null));
}

const VERBS = { command: " used ", component: " pressed ", modal_submit: " sent " };

/** What the member sees of a command before the bot has answered, or when it did not. */
function buildPending(interaction, ctx) {
  const failed = interaction.state === "failed";
  const bot = { id: ctx.bot.id, name: ctx.bot.name };
  const what = failed
    ? failure(interaction.kind === "command" ? interaction.error : "This interaction failed")
    : h("div", { class: "thinking" }, dots(), "Sending command…");
  return h("li", { class: `message local${failed ? " ephemeral" : ""}`, "data-id": interaction.id },
    h("div", { class: "origin" }, avatar(ctx.me, false), h("span", { class: "origin-name" }, ctx.me.name), VERBS[interaction.kind],
      h("span", { class: "mention" }, interaction.label)),
    avatar(bot, true),
    h("div", { class: "message-body" }, head({ ...bot, color: 0x949cf7 }, { author: { bot: true }, timestamp: interaction.created_at }),
      what, failed ? onlyYou(() => ctx.dismiss(interaction.id)) : null));
}

/** Keeps the list of messages in step with what is known, touching only what changed. */
export class MessageList {
  constructor() {
    this.drawn = new Map();
  }

  clear() {
    this.drawn.clear();
    $("messages").replaceChildren();
  }

  /** Draw messages and open interactions, sorted by id, which is by time. */
  draw(entries, ctx) {
    const scroller = $("scroller");
    const atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
    const sorted = entries.sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1)).slice(-SHOWN);
    const nodes = sorted.map((entry, index) => this.node(entry, sorted[index - 1], ctx));
    const kept = new Set(sorted.map((entry) => entry.id));
    for (const id of this.drawn.keys()) if (!kept.has(id)) this.drawn.delete(id);
    arrange($("messages"), nodes);
    if (atEnd) scroller.scrollTop = scroller.scrollHeight;
  }

  node(entry, previous, ctx) {
    const compact = Boolean(entry.author && previous?.author && !entry.interaction && !entry.message_reference
      && previous.author.id === entry.author.id && new Date(entry.timestamp) - new Date(previous.timestamp) < GROUP_MS);
    const key = JSON.stringify([entry, compact, gaveUp(entry, ctx)]);
    const old = this.drawn.get(entry.id);
    if (old?.key === key) return old.node;
    const node = entry.author ? build(entry, compact, ctx) : buildPending(entry, ctx);
    // A picture that arrives later must not push the newest message out of sight.
    node.querySelectorAll("img").forEach((image) => image.addEventListener("load", stayAtEnd, { once: true }));
    this.drawn.set(entry.id, { key, node });
    return node;
  }
}

/** Give a list exactly these children without moving those that are in place, to keep the focus. */
function arrange(list, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...list.children]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, index) => {
    if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
  });
}

function stayAtEnd(event) {
  const scroller = $("scroller");
  const below = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
  if (below < event.target.getBoundingClientRect().height + 120) scroller.scrollTop = scroller.scrollHeight;
}
