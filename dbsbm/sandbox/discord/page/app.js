// The page: what is known, where the visitor is, and what happens when something changes.

import { Refused, get, listen, post } from "./api.js";
import { $, refreshTimes } from "./dom.js";
import { Composer } from "./composer.js";
import { MessageList } from "./messages.js";
import { showModal } from "./modal.js";
import { runnable } from "./options.js";
import { drawHead, drawPlaces, drawWelcome } from "./places.js";

const KEPT = 500;

const view = {
  guilds: [], guild: null, channel: null, me: null, bot: null, tokenSeconds: 900,
  messages: new Map(), pending: new Map(), dismissed: new Set(), unread: new Set(), lost: false,
};
const list = new MessageList();
let commands = [];
let drawing = false;

/** What the parts of the page ask about and act through. */
const ctx = {
  get guild() { return view.guild; },
  get me() { return view.me; },
  get bot() { return view.bot; },
  get tokenSeconds() { return view.tokenSeconds; },
  message: (id) => view.messages.get(id),
  memberName: (id) => view.guild.members.find((m) => m.id === id)?.name ?? "unknown member",
  roleName: (id) => view.guild.roles.find((r) => r.id === id)?.name.replace(/^@/, "") ?? "unknown role",
  channelName: (id) => view.guild.channels.find((c) => c.id === id)?.name ?? "unknown channel",
  place: () => ({ guild: view.guild.id, channel: view.channel.id, member: view.me.id }),
  run: (command, options) => act(() => post("/interactions", { ...ctx.place(), command, options })),
  write: (content) => act(() => post("/messages", { ...ctx.place(), content })),
  use: (message, customId, values) => act(() => post("/components", { ...ctx.place(), message_id: message, custom_id: customId, values })),
  dismiss: (id) => { view.dismissed.add(id); draw(); },
};
const composer = new Composer($("composer"), ctx);

async function act(request) {
  try {
    await request();
    composer.complain("");
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    composer.complain(error.message);
    return false;
  }
}

// Where the visitor is; kept in the address, so that a place can be bookmarked

const fromAddress = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));

async function go(change) {
  const now = { guild: view.guild?.id, channel: view.channel?.id, member: view.me?.id, ...change };
  const pick = (items, id) => items.find((item) => item.id === id) ?? items[0];
  view.guild = pick(view.guilds, now.guild);
  view.me = pick(view.guild.members.filter((m) => !m.bot), now.member);
  const visible = view.guild.channels.filter((c) => view.me.sees.includes(c.id));
  view.channel = pick(visible, now.channel);
  history.replaceState(null, "", `#${new URLSearchParams(ctx.place())}`);
  document.body.classList.remove("drawer");
  view.unread.delete(view.channel.id);
  view.messages.clear();
  list.clear();
  composer.setPlace(view.channel.name, view.me.writes.includes(view.channel.id));
  drawPlaces(view, go);
  drawHead(view);
  const { channel, me } = view;
  const [found] = await Promise.all([get(`/channels/${channel.id}/messages?member=${me.id}`), loadCommands()]);
  if (view.channel !== channel || view.me !== me) return;
  found.forEach((message) => view.messages.set(message.id, message));
  draw();
  $("scroller").scrollTop = $("scroller").scrollHeight;
}

async function loadCommands() {
  const found = await get(`/commands?${new URLSearchParams(ctx.place())}`);
  commands = runnable(found);
  composer.setCommands(found);
  drawWelcome(view, commands, (command) => composer.openCommand(command));
}

async function load() {
  const state = await get("/state");
  view.guilds = state.guilds;
  view.bot = state.bot;
  view.tokenSeconds = state.token_seconds;
  view.lost = false;
  await go(view.guild ? {} : fromAddress());
}

// Drawing, at most once a frame

function draw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    const mine = [...view.pending.values()].filter((i) => i.channel_id === view.channel.id && i.member_id === view.me.id);
    const shown = [...view.messages.values(), ...mine].filter((entry) => !view.dismissed.has(entry.id));
    list.draw(shown, ctx);
    $("welcome").classList.toggle("small", shown.length > 0);
  });
}

// What the stand-in tells

const handlers = {
  message({ message }) {
    if (message.channel_id !== view.channel.id) return unread(message);
    if (message.visible_to && message.visible_to !== view.me.id) return;
    view.messages.set(message.id, message);
    if (view.messages.size > KEPT) view.messages.delete(view.messages.keys().next().value);
    if (message.interaction_id) view.pending.delete(message.interaction_id);
    draw();
  },
  deleted({ message_id: id }) {
    view.messages.delete(id);
    draw();
  },
  interaction({ interaction }) {
    const { id, kind, state, member_id: member } = interaction;
    if (kind === "autocomplete") return;
    const shown = state === "pending" ? kind === "command" : state === "failed";
    if (shown) view.pending.set(id, interaction);
    else view.pending.delete(id);
    if (view.pending.size > KEPT) view.pending.delete(view.pending.keys().next().value);
    if (interaction.ack?.kind === "modal" && member === view.me.id && !view.dismissed.has(id)) openModal(interaction);
    draw();
  },
  commands: () => loadCommands(),
  bot({ connected }) {
    view.bot.connected = connected;
    drawHead(view);
  },
  resync: () => load(),
};

function unread(message) {
  if (message.visible_to || view.unread.has(message.channel_id)) return;
  view.unread.add(message.channel_id);
  drawPlaces(view, go);
}

function openModal(interaction) {
  view.dismissed.add(interaction.id);
  showModal(interaction.modal, ctx, async (values) => {
    try {
      await post("/modals", { interaction_id: interaction.id, values });
      return null;
    } catch (error) {
      return error.message;
    }
  });
}

listen({
  onEvent: (event) => view.channel && handlers[event.type]?.(event),
  onOpen: () => load().catch(lost),
  onLost: lost,
});

function lost() {
  view.lost = true;
  if (view.channel) drawHead(view);
}

const drawer = (open) => {
  document.body.classList.toggle("drawer", open);
  $("menu").setAttribute("aria-expanded", String(open));
};
$("menu").onclick = () => drawer(!document.body.classList.contains("drawer"));
$("backdrop").onclick = () => drawer(false);
addEventListener("hashchange", () => go(fromAddress()));
addEventListener("keydown", (event) => {
  // As in Discord: start typing anywhere.
  const typing = event.target.closest("input, textarea, select, dialog, button");
  if (event.key === "/" && !typing) composer.text.focus();
});
setInterval(() => {
  refreshTimes();
  if (view.channel) draw();
}, 10_000);
