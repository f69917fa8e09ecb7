"""Roles, overwrites and administrators."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dbsbm.sandbox.discord.default_world import AMIRA, DEV, MAYA, YUKI, default_world
from dbsbm.sandbox.discord.lookup import find_channel, find_guild, find_member
from dbsbm.sandbox.discord.permissions import ALL_BITS, Overwrite, Permission, in_channel

BITS = st.integers(0, ALL_BITS)
VIEW = Permission.VIEW_CHANNEL


@given(base=BITS, allow=BITS, deny=BITS)
def test_an_administrator_holds_everything_whatever_a_channel_denies(base, allow, deny):
    overwrites = [Overwrite("g", allow, deny), Overwrite("m", allow, deny, is_member=True)]

    held = in_channel(base | Permission.ADMINISTRATOR, overwrites, "g", set(), "m")

    assert held == ALL_BITS


@given(base=BITS.map(lambda b: b & ~Permission.ADMINISTRATOR), deny=BITS, allow=BITS)
def test_the_members_own_overwrite_has_the_last_word(base, deny, allow):
    overwrites = [
        Overwrite("g", deny=deny),
        Overwrite("role", allow=allow),
        Overwrite("m", allow=VIEW, is_member=True),
    ]

    assert in_channel(base, overwrites, "g", {"role"}, "m") & VIEW


def test_one_roles_allow_beats_another_roles_deny():
    overwrites = [Overwrite("a", deny=VIEW), Overwrite("b", allow=VIEW)]

    assert in_channel(VIEW, overwrites, "g", {"a", "b"}, "m") == VIEW
    assert in_channel(VIEW, overwrites, "g", {"a"}, "m") == 0


def test_overwrites_of_roles_one_does_not_have_change_nothing():
    assert in_channel(VIEW, [Overwrite("a", deny=VIEW)], "g", set(), "m") == VIEW


def test_the_default_world_has_admins_ordinary_members_and_closed_rooms():
    guild = find_guild(default_world(), "Sunday Parlay Club")
    staff, news = find_channel(guild, "staff-room"), find_channel(guild, "announcements")
    boss, ordinary = find_member(guild, MAYA.id), find_member(guild, AMIRA.id)

    assert guild.can(boss, staff, VIEW)
    assert not guild.can(ordinary, staff, VIEW)
    assert guild.can(ordinary, news, VIEW)
    assert not guild.can(ordinary, news, Permission.SEND_MESSAGES)


def test_people_are_in_several_guilds_with_different_rights():
    world = default_world()
    rights = {}
    for guild in world.guilds.values():
        channel = find_channel(guild, None)
        for user in (MAYA, DEV, YUKI):
            if user.id in guild.members:
                member = guild.members[user.id]
                held = guild.can(member, channel, Permission.ADMINISTRATOR)
                rights[guild.name, user.username] = held

    assert rights == {
        ("Sunday Parlay Club", "maya.okafor"): True,
        ("Sunday Parlay Club", "dev.patel"): False,
        ("Sunday Parlay Club", "yuki.tanaka"): False,
        ("Northside Hockey", "maya.okafor"): False,
        ("Northside Hockey", "yuki.tanaka"): False,
        ("The Empty Bleachers", "dev.patel"): True,
    }


def test_a_crowd_joins_the_first_guild():
    world = default_world(crowd=30)

    assert find_member(find_guild(world, None), "crowd.0030").name == "Crowd 30"
    assert len(world.users) == len(default_world().users) + 30
