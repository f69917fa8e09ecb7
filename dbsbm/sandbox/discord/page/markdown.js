// Discord's markdown, as far as bots use it, built as nodes and never as HTML text.

import { ago, h, localPath } from "./dom.js";

const BLOCKS = [
  [/^```(?:[\w+-]*\n)?([\s\S]+?)```/, (m) => h("pre", {}, h("code", {}, m[1].replace(/\n$/, "")))],
  [/^(#{1,3}) +([^\n]+)\n?/, (m, ctx) => h(`h${m[1].length + 2}`, {}, inline(m[2], ctx))],
  [/^-# +([^\n]+)\n?/, (m, ctx) => h("small", { class: "subtext" }, inline(m[1], ctx))],
  [/^((?:> ?[^\n]*(?:\n|$))+)/, (m, ctx) => h("blockquote", {}, inline(m[1].replace(/^> ?/gm, "").trimEnd(), ctx))],
  [/^((?:[-*] +[^\n]+(?:\n|$))+)/, (m, ctx) => h("ul", {}, listItems(m[1], /^[-*] +/, ctx))],
  [/^((?:\d+\. +[^\n]+(?:\n|$))+)/, (m, ctx) => h("ol", {}, listItems(m[1], /^\d+\. +/, ctx))],
];

const INLINE = [
  [/^\\([^\w\s])/, (m) => m[1]],
  [/^``([\s\S]+?)``(?!`)/, (m) => h("code", {}, m[1])],
  [/^`([^`]+)`/, (m) => h("code", {}, m[1])],
  [/^\*\*\*([\s\S]+?)\*\*\*/, (m, ctx) => h("strong", {}, h("em", {}, inline(m[1], ctx)))],
  [/^\*\*([\s\S]+?)\*\*(?!\*)/, (m, ctx) => h("strong", {}, inline(m[1], ctx))],
  [/^__([\s\S]+?)__(?!_)/, (m, ctx) => h("u", {}, inline(m[1], ctx))],
  [/^\*(?!\s)([^*]+?)\*(?!\*)/, (m, ctx) => h("em", {}, inline(m[1], ctx))],
  [/^_([^_]+?)_(?!\w)/, (m, ctx) => h("em", {}, inline(m[1], ctx))],
  [/^~~([\s\S]+?)~~/, (m, ctx) => h("s", {}, inline(m[1], ctx))],
  [/^\|\|([\s\S]+?)\|\|/, (m, ctx) => spoiler(inline(m[1], ctx))],
  [/^\[([^\]\n]+)\]\(<?(https?:\/\/[^\s)>]+)>?\)/, (m, ctx) => link(m[2], inline(m[1], ctx))],
  [/^<(https?:\/\/[^\s>]+)>/, (m) => link(m[1], m[1])],
  [/^https?:\/\/[^\s<>]*[^\s<>.,;:!?'")\]]/, (m) => link(m[0], m[0])],
  [/^<@!?(\d+)>/, (m, ctx) => mention(`@${ctx.memberName(m[1])}`)],
  [/^<@&(\d+)>/, (m, ctx) => mention(`@${ctx.roleName(m[1])}`)],
  [/^<#(\d+)>/, (m, ctx) => mention(`#${ctx.channelName(m[1])}`)],
  [/^<\/([^:>]+):\d+>/, (m) => mention(`/${m[1]}`)],
  [/^<t:(-?\d+)(?::([tTdDfFR]))?>/, (m) => timestamp(Number(m[1]) * 1000, m[2] ?? "f")],
  [/^@(everyone|here)\b/, (m) => mention(m[0])],
];

const PLAIN = /^[^\\`*_~|[<h@\n]+/;

function run(rules, text, ctx) {
  for (const [pattern, build] of rules) {
    const match = pattern.exec(text);
    if (match) return [build(match, ctx), match[0].length];
  }
  return null;
}

/** Turn the text of one line or span into nodes. */
export function inline(text, ctx) {
  const nodes = [];
  for (let rest = text, before = ""; rest; ) {
    // `_` in the middle of a word is a letter, not emphasis.
    const midWord = rest[0] === "_" && /\w$/.test(before);
    const plain = PLAIN.exec(rest);
    const found = plain || midWord ? null : run(INLINE, rest, ctx);
    const [node, length] = found ?? [plain ? plain[0] : rest[0], plain ? plain[0].length : 1];
    nodes.push(node);
    before = rest.slice(0, length);
    rest = rest.slice(length);
  }
  return nodes;
}

/** Turn a message's text into nodes. */
export function markdown(text, ctx) {
  const nodes = [];
  let line = "";
  const flush = () => {
    if (line) nodes.push(...inline(line, ctx));
    line = "";
  };
  for (let rest = text, atStart = true; rest; ) {
    const block = atStart || rest.startsWith("```") ? run(BLOCKS, rest, ctx) : null;
    if (block) {
      flush();
      nodes.push(block[0]);
      rest = rest.slice(block[1]);
      atStart = true;
      continue;
    }
    line += rest[0];
    atStart = rest[0] === "\n";
    rest = rest.slice(1);
  }
  flush();
  return nodes;
}

function listItems(text, bullet, ctx) {
  return text.trimEnd().split("\n").map((line) => h("li", {}, inline(line.replace(bullet, ""), ctx)));
}

const mention = (text) => h("span", { class: "mention" }, text);

function link(url, content) {
  const path = localPath(url);
  return h("a", { href: path ?? url, target: "_blank", rel: "noopener noreferrer" }, content);
}

function spoiler(content) {
  const reveal = (event) => event.currentTarget.classList.add("open");
  return h("button", { type: "button", class: "spoiler", title: "Show spoiler", onclick: reveal }, content);
}

const DATE = { dateStyle: "long" };
const STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: DATE,
  f: { ...DATE, timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
};

function timestamp(ms, style) {
  const moment = new Date(ms);
  const relative = style === "R";
  const text = relative ? ago(moment) : new Intl.DateTimeFormat("en", STYLES[style]).format(moment);
  const props = { class: "timestamp", datetime: moment.toISOString(), title: moment.toLocaleString() };
  return h("time", relative ? { ...props, "data-relative": "" } : props, text);
}
