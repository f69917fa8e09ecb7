"""hikari, a second and stricter client library, as an independent check of the protocol."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import hikari
import pytest

from dbsbm.sandbox.discord.app import DiscordStandin
from dbsbm.sandbox.discord.tokens import make_token

from .raw_bot import RawBot


class Seen:
    """Events as they come in, to be awaited one by one."""

    def __init__(self, bot: hikari.GatewayBot, *kinds: type[hikari.Event]) -> None:
        self.queue: asyncio.Queue[hikari.Event] = asyncio.Queue()
        for kind in kinds:
            bot.subscribe(kind, self._put)

    async def _put(self, event: hikari.Event) -> None:
        self.queue.put_nowait(event)

    async def next(self):
        async with asyncio.timeout(10):
            return await self.queue.get()


@pytest.fixture
async def standin() -> AsyncIterator[DiscordStandin]:
    async with DiscordStandin(make_token()) as server:
        yield server


@pytest.fixture
async def hikari_bot(standin, caplog) -> AsyncIterator[hikari.GatewayBot]:
    bot = hikari.GatewayBot(
        standin.core.token,
        rest_url=standin.api_url,
        intents=hikari.Intents.GUILDS | hikari.Intents.GUILD_MESSAGES,
        banner=None,
        logs=None,
        suppress_optimization_warning=True,
    )
    yield bot
    if bot.is_alive:
        await bot.close()
    # hikari logs what it cannot parse and goes on.
    assert [r.getMessage() for r in caplog.records if r.levelname == "ERROR"] == []


async def test_hikari_connects_sees_every_guild_and_posts_a_message(standin, hikari_bot):
    guilds = Seen(hikari_bot, hikari.GuildAvailableEvent)
    messages = Seen(hikari_bot, hikari.GuildMessageCreateEvent)
    await hikari_bot.start(check_for_updates=False)
    names = {(await guilds.next()).guild.name for _ in range(3)}
    guild = next(iter(standin.core.world.guilds.values()))
    channel = int(next(iter(guild.channels)))

    sent = await hikari_bot.rest.create_message(
        channel, "hello", embed=hikari.Embed(title="Slip"), attachment=hikari.Bytes(b"x", "a.txt")
    )
    heard = await messages.next()

    assert names == {g.name for g in standin.core.world.guilds.values()}
    assert heard.message.content == sent.content == "hello"
    assert (sent.embeds[0].title, sent.attachments[0].filename) == ("Slip", "a.txt")


async def test_hikari_registers_a_command_and_answers_it_and_its_button(standin, hikari_bot):
    interactions = Seen(hikari_bot, hikari.InteractionCreateEvent)
    await hikari_bot.start(check_for_updates=False)
    application = await hikari_bot.rest.fetch_application()
    builder = hikari_bot.rest.slash_command_builder("tail", "Tail a friend")
    builder.add_option(
        hikari.CommandOption(
            type=hikari.OptionType.USER, name="friend", description="Who", is_required=True
        )
    )
    await hikari_bot.rest.set_application_commands(application.id, [builder])
    row = hikari_bot.rest.build_message_action_row().add_interactive_button(
        hikari.ButtonStyle.PRIMARY, "go", label="Go"
    )

    async with RawBot(standin) as member:
        tail = {"command": "tail", "options": {"friend": "dev.patel"}}
        await member.control("POST", "/interactions", json=tail)
        command = (await interactions.next()).interaction
        await command.create_initial_response(
            hikari.ResponseType.MESSAGE_CREATE, "sure", component=row
        )
        message = await command.fetch_initial_response()
        press = {"message_id": str(message.id), "custom_id": "go"}
        await member.control("POST", "/components", json=press)
        button = (await interactions.next()).interaction
        await button.create_initial_response(hikari.ResponseType.MESSAGE_UPDATE, "gone")

    assert next(iter(command.resolved.members.values())).nickname == "Dev (parlay king)"
    assert command.member.permissions & hikari.Permissions.ADMINISTRATOR
    assert button.message.id == message.id
    assert (await command.fetch_initial_response()).content == "gone"


async def test_hikari_reads_a_wrong_token_as_unauthorized(standin):
    app = hikari.RESTApp(url=standin.api_url)
    await app.start()

    async with app.acquire(make_token(), "Bot") as client:
        with pytest.raises(hikari.UnauthorizedError):
            await client.fetch_my_user()
    await app.close()
