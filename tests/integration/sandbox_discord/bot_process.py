"""A real discord.py bot in a process of its own, pointed at the stand-in.

Run as `python bot_process.py API_URL GATEWAY_URL`; the token comes on standard input.
"""

from __future__ import annotations

import asyncio
import io
import sys

import discord
import yarl
from discord import app_commands
from discord.ext import commands

TEAMS = ["Bruins", "Canucks", "Capitals", "Coyotes", "Kraken", "Maple Leafs"]
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


class Tail(discord.ui.DynamicItem[discord.ui.Button], template=r"slip:(?P<bet>\d+):tail"):
    """A button whose state is its custom id, so that it works after a restart."""

    def __init__(self, bet: int) -> None:
        super().__init__(discord.ui.Button(label="Tail", custom_id=f"slip:{bet}:tail"))
        self.bet = bet

    @classmethod
    async def from_custom_id(cls, _interaction, _item, match):
        return cls(int(match["bet"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        who = interaction.user.display_name
        await interaction.response.send_message(f"{who} tails bet {self.bet}", ephemeral=True)


class NoteModal(discord.ui.Modal, title="Leave a note"):
    note = discord.ui.Label(text="Note", component=discord.ui.TextInput(max_length=40))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"noted: {self.note.component.value}")


class Panel(discord.ui.View):
    @discord.ui.button(label="Note", custom_id="panel:note")
    async def note(self, interaction, _button):
        await interaction.response.send_modal(NoteModal())

    @discord.ui.button(label="Count", custom_id="panel:count")
    async def count(self, interaction, button):
        button.label = "Counted"
        await interaction.response.edit_message(content="counted", view=self)

    @discord.ui.select(
        custom_id="panel:sport",
        options=[
            discord.SelectOption(label="Hockey", value="nhl"),
            discord.SelectOption(label="NBA"),
        ],
    )
    async def sport(self, interaction, select):
        await interaction.response.defer()
        await interaction.edit_original_response(content=f"sport: {select.values[0]}")


class Card(discord.ui.LayoutView):
    box = discord.ui.Container(
        discord.ui.TextDisplay("## Slip"),
        discord.ui.MediaGallery(discord.MediaGalleryItem("attachment://slip.png")),
        accent_colour=0x23A55A,
    )


class TestBot(commands.Bot):
    def __init__(self) -> None:
        super().__init__("!", intents=discord.Intents(guilds=True, guild_messages=True))

    async def setup_hook(self) -> None:
        self.add_dynamic_items(Tail)
        self.add_view(Panel(timeout=None))
        self.tree.add_command(bet)
        for command in (slip, slow, panel, card, manage, post, whoami, after_expiry):
            self.tree.add_command(command)
        await self.tree.sync()

    async def on_resumed(self) -> None:
        sys.stdout.write("resumed\n")
        sys.stdout.flush()


bet = app_commands.Group(name="bet", description="Bets")


@bet.command(name="place", description="Place a bet")
@app_commands.describe(team="Who wins", stake="Units")
async def place(
    interaction: discord.Interaction,
    team: str,
    stake: app_commands.Range[float, 0.1, 100.0],
    friend: discord.Member | None = None,
) -> None:
    await interaction.response.defer()
    view = discord.ui.View(timeout=None)
    view.add_item(Tail(7))
    embed = discord.Embed(title=team, description=f"{stake} units")
    embed.set_image(url="attachment://slip.png")
    if friend is not None:
        embed.add_field(name="with", value=friend.display_name)
    file = discord.File(io.BytesIO(PNG), "slip.png")
    await interaction.edit_original_response(embed=embed, attachments=[file], view=view)


@place.autocomplete("team")
async def team_choices(interaction: discord.Interaction, current: str):
    if current == "wait":
        await asyncio.sleep(1.5)
    found = [t for t in TEAMS if current.lower() in t.lower()]
    return [app_commands.Choice(name=t, value=t) for t in found]


@app_commands.command(description="Answer at once")
async def slip(interaction: discord.Interaction, text: str) -> None:
    await interaction.response.send_message(text)
    await interaction.followup.send("and one more thing", ephemeral=True)


@app_commands.command(description="Answer too late")
async def slow(interaction: discord.Interaction) -> None:
    await asyncio.sleep(1.5)
    try:
        await interaction.response.send_message("late")
    except discord.NotFound as error:
        sys.stdout.write(f"late {error.code}\n")
        sys.stdout.flush()


@app_commands.command(description="Buttons and a menu")
async def panel(interaction: discord.Interaction) -> None:
    await interaction.response.send_message("panel", view=Panel(timeout=None))


@app_commands.command(description="Components V2")
async def card(interaction: discord.Interaction) -> None:
    file = discord.File(io.BytesIO(PNG), "slip.png")
    await interaction.response.send_message(view=Card(), file=file)


@app_commands.command(description="Admins only")
@app_commands.default_permissions(manage_guild=True)
async def manage(interaction: discord.Interaction) -> None:
    rights = interaction.permissions
    await interaction.response.send_message(f"administrator: {rights.administrator}")


@app_commands.command(description="Post into a channel")
async def post(
    interaction: discord.Interaction, channel: discord.TextChannel, times: int = 1
) -> None:
    await interaction.response.defer(ephemeral=True)
    try:
        for number in range(times):
            await channel.send(f"post {number}")
    except discord.Forbidden as error:
        await interaction.followup.send(f"refused {error.code}")
        return
    await interaction.followup.send("posted")


@app_commands.command(description="Say who asks")
async def whoami(interaction: discord.Interaction) -> None:
    member = interaction.user
    roles = ", ".join(sorted(role.name for role in member.roles if not role.is_default()))
    place = f"{interaction.guild.name} | {interaction.channel.name}"
    await interaction.response.send_message(
        f"{place} | {member.display_name} | {roles} | "
        f"admin={interaction.permissions.administrator} | {interaction.locale}"
    )


@app_commands.command(description="Edit after the token's life")
async def after_expiry(interaction: discord.Interaction, seconds: float) -> None:
    await interaction.response.defer()
    await asyncio.sleep(seconds)
    try:
        await interaction.edit_original_response(content="too late")
    except discord.HTTPException as error:
        await interaction.channel.send(f"fallback {error.status} {error.code}")


def main() -> None:
    discord.http.Route.BASE = sys.argv[1]
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(sys.argv[2])
    TestBot().run(sys.stdin.readline().strip(), log_handler=None)


if __name__ == "__main__":
    main()
