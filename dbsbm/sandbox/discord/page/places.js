// The left side: servers, channels, and who the visitor is acting as.

import { $, h, initials, paintAvatar } from "./dom.js";

/** Draw servers, channels and people; `go({guild, channel, member})` changes the place. */
export function drawPlaces(view, go) {
  drawGuilds(view, go);
  drawChannels(view, go);
  drawMember(view, go);
}

function drawGuilds(view, go) {
  $("guilds").replaceChildren(...view.guilds.map((guild) => {
    const here = guild.id === view.guild.id;
    const props = { class: here ? "guild here" : "guild", type: "button", title: guild.name, "aria-label": guild.name, "aria-current": String(here) };
    return h("div", { role: "listitem" }, h("button", { ...props, onclick: () => go({ guild: guild.id }) }, initials(guild.name)));
  }));
  $("guild-name").textContent = view.guild.name;
}

function drawChannels(view, go) {
  const visible = view.guild.channels.filter((c) => view.me.sees.includes(c.id));
  $("channels").replaceChildren(...visible.map((channel) => {
    const here = channel.id === view.channel.id;
    const unread = view.unread.has(channel.id) && !here;
    const classes = ["channel", here && "here", unread && "unread"].filter(Boolean).join(" ");
    const props = { class: classes, type: "button", "aria-current": String(here), onclick: () => go({ channel: channel.id }) };
    return h("div", { role: "listitem" }, h("button", props, h("span", { class: "hash", "aria-hidden": "true" }, "#"), channel.name));
  }));
}

function drawMember(view, go) {
  const people = view.guild.members.filter((m) => !m.bot);
  const select = $("member");
  select.replaceChildren(...people.map((m) => h("option", { value: m.id, selected: m.id === view.me.id }, `${standing(m)}${m.name}`)));
  select.value = view.me.id;
  select.onchange = () => go({ member: select.value });
  paintAvatar($("me-avatar"), view.me.name, view.me.id);
  $("me-roles").textContent = rights(view.me);
}

function standing(member) {
  return member.owner || member.administrator ? "👑 " : "";
}

function rights(member) {
  const roles = member.roles.join(", ") || "no roles";
  if (member.owner) return `Owner · ${roles}`;
  return member.administrator ? `Administrator · ${roles}` : roles;
}

/** Draw what stands at the top of an empty channel: where one is, and what to try. */
export function drawWelcome(view, commands, open) {
  const mayWrite = view.me.writes.includes(view.channel.id);
  const offered = mayWrite ? commands.slice(0, 6) : [];
  const tries = offered.map((command) =>
    h("button", { type: "button", class: "try", onclick: () => open(command) },
      h("strong", {}, `/${command.name}`), h("span", {}, command.description)));
  let advice = `You are ${view.me.name}. Type / below to see every command, or start with one of these:`;
  if (!mayWrite) advice = `You are ${view.me.name}. You may read this channel, but not write in it.`;
  else if (!tries.length) advice = "The bot has not registered any commands you may use here yet.";
  $("welcome").replaceChildren(
    h("span", { class: "big-hash", "aria-hidden": "true" }, "#"),
    h("h2", {}, `Welcome to #${view.channel.name}`), h("p", {}, advice), h("div", { class: "tries" }, tries));
}

/** Draw the head of the chat: channel, topic, and whether the bot is there. */
export function drawHead(view) {
  $("channel-name").textContent = view.channel.name;
  $("channel-topic").textContent = view.channel.topic;
  const state = { live: ["online", `${view.bot.name} is online`], offline: ["offline", `${view.bot.name} is not connected: commands will not be answered`], lost: ["lost", "The stand-in does not answer; trying again…"] };
  const [kind, text] = state[view.lost ? "lost" : view.bot.connected ? "live" : "offline"];
  $("status").className = `status ${kind}`;
  $("status").textContent = text;
  document.title = `#${view.channel.name} · Discord stand-in`;
}
