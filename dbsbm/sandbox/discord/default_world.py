"""The world a newcomer finds: three guilds, people with different rights, one closed room."""

from __future__ import annotations

from dbsbm.sandbox.discord.permissions import EVERYONE, Overwrite, Permission
from dbsbm.sandbox.discord.world import Channel, Guild, Member, Role, User, World

_FIRST_ID = 1_320_000_000_000_000_000
_BOT_RIGHTS = EVERYONE | Permission.MANAGE_MESSAGES

BOT = User(str(_FIRST_ID + 1), "dbsbm", "DBSBM", bot=True)

MAYA = User(str(_FIRST_ID + 11), "maya.okafor", "Maya Okafor")
TOMAS = User(str(_FIRST_ID + 12), "tomas.rivera", "Tomás Rivera", locale="es-ES")
YUKI = User(str(_FIRST_ID + 13), "yuki.tanaka", "田中 ゆき", locale="ja")
OLENA = User(str(_FIRST_ID + 14), "olena.koval", "Олена Коваль", locale="uk")
AMIRA = User(str(_FIRST_ID + 15), "amira.haddad", "أميرة حداد")
LINNEA = User(str(_FIRST_ID + 16), "linnea.berg", "Linnéa Berg", locale="sv-SE")
DEV = User(str(_FIRST_ID + 17), "dev.patel", "Dev Patel", locale="en-GB")
GUS = User(str(_FIRST_ID + 18), "gus.lindqvist", "Gus Lindqvist")


class _Builder:
    """Puts one guild together; ids count upwards from the guild's own."""

    def __init__(self, number: int, name: str, owner: User, locale: str = "en-US") -> None:
        self._next = _FIRST_ID + number * 1_000
        self.guild = Guild(self._id(), name, owner.id, locale)
        everyone = Role(self.guild.id, "@everyone", EVERYONE)
        self.guild.roles[everyone.id] = everyone
        bot_role = self.role(BOT.global_name, _BOT_RIGHTS, 0x949CF7, bot_id=BOT.id)
        self.join(BOT, bot_role)

    def _id(self) -> str:
        self._next += 1
        return str(self._next)

    def role(self, name: str, rights: int, color: int, bot_id: str | None = None) -> Role:
        role = Role(self._id(), name, rights, len(self.guild.roles), color, bot_id)
        self.guild.roles[role.id] = role
        return role

    def channel(self, name: str, topic: str, *overwrites: Overwrite) -> None:
        position = len(self.guild.channels)
        channel = Channel(self._id(), self.guild.id, name, topic, position, overwrites)
        self.guild.channels[channel.id] = channel

    def join(self, user: User, *roles: Role, nick: str | None = None) -> None:
        self.guild.members[user.id] = Member(user, tuple(role.id for role in roles), nick)

    def denied(self, rights: Permission) -> Overwrite:
        return Overwrite(self.guild.id, deny=rights)


def _parlay_club() -> Guild:
    build = _Builder(1, "Sunday Parlay Club", MAYA)
    boss = build.role("Commissioner", EVERYONE | Permission.ADMINISTRATOR, 0xF0B232)
    keeper = build.role("Line Keeper", EVERYONE | Permission.MANAGE_GUILD, 0x23A55A)
    roller = build.role("High Roller", 0, 0xEB459E)
    build.channel("betting-floor", "Type / to place a bet")
    build.channel("slips", "Every placed bet, as it comes in")
    build.channel("announcements", "Read only", build.denied(Permission.SEND_MESSAGES))
    build.channel(
        "staff-room",
        "Commissioners only: the bot cannot see this channel",
        build.denied(Permission.VIEW_CHANNEL),
    )
    build.join(MAYA, boss)
    build.join(TOMAS, keeper)
    build.join(YUKI, roller)
    build.join(OLENA, roller)
    build.join(AMIRA)
    build.join(DEV, nick="Dev (parlay king)")
    return build.guild


def _hockey_fans() -> Guild:
    build = _Builder(2, "Northside Hockey", LINNEA, locale="sv-SE")
    captain = build.role("Captain", EVERYONE | Permission.ADMINISTRATOR, 0x3BA55C)
    build.channel("game-night", "Faceoff at seven")
    build.channel("slips", "Bets of the week")
    build.join(LINNEA, captain)
    build.join(GUS)
    build.join(MAYA, nick="Maya from the Club")
    build.join(YUKI)
    return build.guild


def _quiet_guild() -> Guild:
    build = _Builder(3, "The Empty Bleachers", DEV)
    build.channel("general", "Brand new: nothing is set up here yet")
    build.join(DEV)
    build.join(AMIRA)
    return build.guild


def default_world(crowd: int = 0) -> World:
    """Build the default world.

    Args:
        crowd: How many more members join the first guild, named `crowd.0001` and on, for
            benchmarks that need many different people.
    """
    club = _parlay_club()
    for number in range(1, crowd + 1):
        user_id = str(_FIRST_ID + 1_000_000 + number)
        user = User(user_id, f"crowd.{number:04}", f"Crowd {number}")
        club.members[user.id] = Member(user)
    return World(BOT, [club, _hockey_fans(), _quiet_guild()])
