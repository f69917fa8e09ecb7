from __future__ import annotations

import os
import sys
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.cache.local.entry import LocalEntry
from dbsbm.cache.local.pushes import SLOTS
from dbsbm.cache.local.store import BUFFER
from tests.unit.cache.local_store import ROOM, Watched, entry


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_what_was_put_is_found_and_all_else_is_not(watched: Watched) -> None:
    guild = entry("guild")
    watched.put(guild)
    assert watched.store.get("guild") is guild
    assert watched.store.get("other") is None
    assert len(watched.store) == 1


def test_a_newer_entry_takes_the_place_of_the_older(watched: Watched) -> None:
    newer = entry("guild", tags=("new",))
    watched.put(entry("guild", size=5000, tags=("old",)), newer)
    assert watched.store.get("guild") is newer
    assert watched.store.bytes == newer.weight
    watched.store.invalidate(["old"])
    assert watched.store.get("guild") is newer


@pytest.mark.parametrize("name", ["guild", "t:guilds", "t:*"])
def test_an_entry_goes_with_its_key_and_with_each_of_its_tags(watched: Watched, name: str) -> None:
    watched.put(entry("guild", tags=("t:guilds", "t:*")), entry("other", tags=("t:others",)))
    watched.store.invalidate([name])
    assert watched.store.get("guild") is None
    assert watched.store.get("other") is not None


def test_all_entries_of_a_tag_go_with_it(watched: Watched) -> None:
    watched.put(*(entry(f"bet{number}", tags=("t:bets", f"t:{number}")) for number in range(50)))
    watched.store.invalidate(["t:bets"])
    assert (len(watched.store), watched.store.bytes) == (0, 0)


@pytest.mark.parametrize("name", ["guild", "t:guilds"])
def test_a_push_while_the_server_is_asked_refuses_the_answer(watched: Watched, name: str) -> None:
    since = watched.store.sequence
    watched.store.invalidate([name])
    assert not watched.store.put(entry("guild", tags=("t:guilds",)), since)
    assert watched.store.get("guild") is None
    assert watched.store.put(entry("guild", tags=("t:guilds",)), watched.store.sequence)


def test_a_push_for_others_refuses_nothing(watched: Watched) -> None:
    since = watched.store.sequence
    others = (f"other{number}" for number in range(1000))
    watched.store.invalidate(name for name in others if hash(name) % SLOTS != hash("guild") % SLOTS)
    assert watched.store.put(entry("guild"), since)


def test_however_many_pushes_came_no_outdated_answer_is_kept(watched: Watched) -> None:
    since = watched.store.sequence
    watched.store.invalidate(["guild"])
    watched.store.invalidate(f"other{number}" for number in range(2 * SLOTS))
    assert not watched.store.put(entry("guild"), since)


def test_clearing_refuses_every_answer_under_way(watched: Watched) -> None:
    watched.put(entry("guild", tags=("t:guilds",)))
    since = watched.store.sequence
    watched.store.clear()
    assert (len(watched.store), watched.store.bytes) == (0, 0)
    assert not watched.store.put(entry("new"), since)
    assert watched.store.put(entry("new"), watched.store.sequence)


def test_what_is_retracted_goes_and_refuses_no_answer(watched: Watched) -> None:
    guild = entry("guild")
    watched.put(guild)
    since = watched.store.sequence
    watched.store.retract(guild)
    watched.store.retract(entry("never there"))
    assert watched.store.get("guild") is None
    assert watched.store.put(entry("guild"), since)


def test_hits_are_counted_exactly_also_of_entries_that_left(watched: Watched) -> None:
    watched.put(entry("stays"), entry("goes"), entry("replaced"))
    for _ in range(BUFFER + 7):
        watched.store.get("stays")
    for wire in ("goes", "replaced", "never there"):
        watched.store.get(wire)
    watched.store.invalidate(["goes"])
    watched.put(entry("replaced"))
    watched.store.get("replaced")
    watched.store.drain()
    assert watched.hits == {"stays": BUFFER + 7, "goes": 1, "replaced": 2}


def test_a_full_buffer_is_told_without_anybody_asking(watched: Watched) -> None:
    watched.put(entry("guild"))
    for _ in range(BUFFER):
        watched.store.get("guild")
    assert watched.hits == {"guild": BUFFER}


def test_a_hit_that_was_of_no_use_is_taken_back_and_its_entry_goes(watched: Watched) -> None:
    guild = entry("guild")
    watched.put(guild)
    for _ in range(3):
        watched.store.get("guild")
    watched.store.retract(guild)
    assert watched.store.get("guild") is None
    watched.store.drain()
    assert watched.hits["guild"] == 2


def test_taking_a_hit_back_leaves_a_newer_entry_in_peace(watched: Watched) -> None:
    old, new = entry("guild"), entry("guild")
    watched.put(old)
    watched.store.get("guild")
    watched.put(new)
    watched.store.retract(old)
    watched.store.drain()
    assert watched.store.get("guild") is new
    assert watched.hits["guild"] == 0


def test_what_is_hit_by_the_hundred_stays_in_whatever_order_its_hits_recur(
    watched: Watched,
) -> None:
    used = [f"used{n:02}" for n in range(17)]
    watched.put(*(entry(wire, size=20_000) for wire in used))
    for turn in range(40 * BUFFER):
        watched.store.get(used[turn % len(used)])
    for n in range(200):
        watched.store.put(entry(f"scan{n}", size=20_000), watched.store.sequence)
    assert all(watched.store.get(wire) for wire in used)


def test_an_entry_larger_than_the_store_is_refused_and_pushes_nothing_out(watched: Watched) -> None:
    watched.put(entry("small"), entry("large"))
    assert not watched.store.put(entry("large", size=ROOM), watched.store.sequence)
    assert watched.store.get("small") is not None
    assert watched.store.get("large") is None
    assert watched.evicted == []


def test_what_must_go_for_want_of_room_is_told(watched: Watched) -> None:
    kept = [watched.store.put(entry(f"{n}", size=50_000), 0) for n in range(100)]
    assert watched.store.bytes <= ROOM
    assert len(watched.store) + len(watched.evicted) == 100
    assert kept.count(True) >= len(watched.store) > 10


def test_what_is_past_its_time_leaves_without_a_contest(watched: Watched) -> None:
    count = ROOM // entry("0000").weight - 2
    watched.put(*(entry(f"{n:04}", expires_at=5.0 if n < 300 else 1e9) for n in range(count)))
    watched.now = 5.0
    watched.put(*(entry(f"new{n:03}") for n in range(200)))
    assert watched.evicted == []
    assert all(watched.store.get(f"{n:04}") for n in range(300, count))


def test_a_change_that_is_broken_off_half_way_empties_the_store(watched: Watched) -> None:
    class TimeLimitError(BaseException):
        pass

    def interrupted(wire: str, weight: int) -> None:
        raise TimeLimitError

    watched.put(entry("guild", tags=("t:guilds",)))
    since = watched.store.sequence
    watched.store._policy.add = interrupted
    with pytest.raises(TimeLimitError):
        watched.store.put(entry("half", tags=("t:half",)), since)
    del watched.store._policy.add
    assert len(watched.store) == watched.store.bytes == 0
    assert not watched.store.put(entry("asked before"), since)
    watched.put(entry("guild"))


def test_a_forked_child_begins_without_entries_and_hits(watched: Watched) -> None:
    watched.put(entry("guild"))
    watched.store.get("guild")
    with watched.store._lock:
        child = os.fork()
        if child == 0:
            watched.store.drain()
            is_new = not watched.hits and watched.store.get("guild") is None
            os._exit(0 if is_new and watched.store.put(entry("new"), 0) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    watched.store.drain()
    assert watched.hits == {"guild": 1}


@pytest.mark.parametrize("tags_each", [0, 1, 2])
def test_the_bytes_of_a_store_are_about_those_it_takes(tags_each: int) -> None:
    watched = Watched(16 << 20)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(4000):
            watched.put(realistic(number, tags_each))
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert watched.evicted == []
    assert taken / 1.25 < watched.store.bytes < taken * 1.25


def realistic(number: int, tags: int) -> LocalEntry:
    """Return an entry that shares nothing with others, as those that come from the server."""
    value = f"{number:0451}"
    times = dict.fromkeys(("expires_at", "refresh_at"), number + 0.5)
    return entry(
        f"dbsbm:v2:guild_data:#{number}",
        value,
        size=sys.getsizeof(value),
        tags=tuple(f"dbsbm:v2:tag:t:bets:guild_id=#{number + n}" for n in range(tags)),
        **times,
    )


names = st.sampled_from([f"n{number}" for number in range(12)])
entries = st.builds(
    entry,
    names,
    size=st.integers(0, 20_000),
    tags=st.lists(names.map("t:{}".format), unique=True, max_size=3).map(tuple),
    expires_at=st.integers(0, 50),
)
steps = st.one_of(
    st.tuples(st.just("put"), entries),
    st.tuples(st.just("late put"), entries, st.integers(0, 5)),
    st.tuples(st.just("get"), names),
    st.tuples(st.just("invalidate"), st.lists(names | names.map("t:{}".format), max_size=3)),
    st.tuples(st.just("retract"), names),
    st.tuples(st.just("clear")),
    st.tuples(st.just("drain")),
    st.tuples(st.just("sleep")),
)


@given(st.lists(steps, max_size=60))
def test_after_any_history_the_store_holds_only_what_is_true(history: list[tuple]) -> None:
    watched = Watched(40_000)
    store = watched.store
    held: dict[str, LocalEntry] = {}
    sequences = [0]
    reads = 0
    for what, *given_ in history:
        if what in {"put", "late put"}:
            since = sequences[-1 - min(given_[1], len(sequences) - 1)] if given_[1:] else None
            if store.put(given_[0], store.sequence if since is None else since):
                held[given_[0].wire] = given_[0]
        elif what == "get":
            found = store.get(given_[0])
            reads += found is not None
            assert found is None or found is held[given_[0]]
        elif what == "invalidate":
            store.invalidate(given_[0])
            held = {
                wire: each
                for wire, each in held.items()
                if not {wire, *each.tags}.intersection(given_[0])
            }
        elif what == "retract":
            found = store.get(given_[0])
            if found is not None:
                store.retract(found)
                held.pop(given_[0], None)
        elif what == "clear":
            store.clear()
            held.clear()
        elif what == "drain":
            store.drain()
        else:
            watched.now += 10
        sequences.append(store.sequence)
        assert store.bytes == sum(each.weight for each in store._entries.values()) <= 40_000
        assert all(held[wire] is each for wire, each in store._entries.items())
        assert len(store._policy) == len(store)
        dependents = {(tag, w) for tag, wires in store._dependents.items() for w in wires}
        assert dependents == {(t, w) for w, each in store._entries.items() for t in each.tags}
    store.drain()
    assert watched.hits.total() == reads
