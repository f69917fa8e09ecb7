"""The operator's commands, as they are typed."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import redis
from pydantic import SecretStr

from dbsbm.cache.cache import Cache
from dbsbm.cache.categories import Category
from dbsbm.cache.keys import NAMESPACE, Key
from dbsbm.cache.miss import MISS
from dbsbm.cache.operating.hotlog import HotLogger
from dbsbm.cache.operating.totals import StatsFlusher
from dbsbm.cache.policy.mirror import POLICY_KEY
from dbsbm.cache.policy.policies import parse_mirror
from dbsbm.cache.server.connection import connect
from dbsbm.cache.stats import Stats
from dbsbm.cache.values.serializer import Serializer
from dbsbm.cache.values.signing import Keyring
from dbsbm.cli import main
from tests.servers import ValkeyServer, free_port

GAME = Category.GAME_DATA
KEY = Key.of(GAME, "nfl", 42)
SECRET = "k" * 40


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Answer]


@pytest.fixture
def run(
    migrated_sqlite_url: str,
    valkey_cache: ValkeyServer,
    valkey_broker: ValkeyServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Give a command, without `cache` in front."""
    for name, value in {
        "SECRET_KEY": SECRET,
        "DATABASE_URL": migrated_sqlite_url,
        "CACHE_URL": valkey_cache.url,
        "BROKER_URL": valkey_broker.url,
        "DATA_DIR": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)

    def run(*words: str) -> Answer:
        capsys.readouterr()
        try:
            code = main(["cache", *words])
        except SystemExit as ending:
            code = int(ending.code or 0)
        return Answer(code, *capsys.readouterr())

    return run


@pytest.fixture
def client(valkey_cache: ValkeyServer) -> Iterator[redis.Redis]:
    with connect(valkey_cache.url, connect_timeout=30, timeout=30) as client:
        yield client


@pytest.fixture
def cache(client: redis.Redis) -> Cache:
    """A cache that signs as the processes of the fleet do."""
    return Cache(client, serializer=Serializer(Keyring((1, SecretStr(SECRET)))))


def test_what_was_counted_is_shown_by_category_and_level(
    run: Run, cache: Cache, client: redis.Redis
) -> None:
    cache.get(KEY)
    cache.set(KEY, "x")
    cache.get(KEY)
    cache.stats.local_hits(GAME, 2, 4096)
    assert StatsFlusher(cache.stats, client, gauges=lambda: {"channel": "alive"}).flush()
    answer = run("stats")
    reads = answer.out.splitlines()
    assert reads[0].split()[:6] == ["category", "reads", "hits", "ratio", "local", "server"]
    assert reads[1].split()[:6] == ["game_data", "4", "3", "75.0%", "2", "1"]
    assert reads[2].split()[:4] == ["all", "4", "3", "75.0%"]
    counted = run("stats", "--json", "--processes").json
    assert counted["categories"]["game_data"]["local_hits"] == 2
    assert counted["all"]["hit_ratio"] == 0.75
    [process] = counted["processes"]
    assert (process["channel"], process["all"]["hits"]) == ("alive", 3)
    assert process["process"] in run("stats", "--processes").out


def test_of_a_cache_that_was_not_used_that_is_said(run: Run) -> None:
    assert run("stats").out == "Nothing was counted since the cache's server was last empty.\n"
    assert run("top").out == "No key was read often enough to be logged.\n"


def test_the_hottest_keys_are_shown_with_their_share(run: Run, client: redis.Redis) -> None:
    @dataclass
    class Hot:
        wire: str
        share: float

    class Source(list[Hot]):
        def top(self, n: int) -> list[Hot]:
            return self[:n]

    stats = Stats()
    stats.local_hits(GAME, 1000, 0)
    assert HotLogger(Source([Hot(KEY.wire, 0.25)]), stats, client).flush()
    assert run("top").out.splitlines()[1].split()[:3] == [KEY.wire, "game_data", "25.0%"]
    [hot] = run("top", "-n", "1", "--hours", "--json").json
    assert (hot["category"], hot["share"], hot["reads"]) == ("game_data", 0.25, 250)


def test_a_value_is_shown_with_what_surrounds_it_and_not_marked_as_read(
    run: Run, cache: Cache
) -> None:
    cache.set(KEY, {"home": "NE"}, ttl=timedelta(minutes=5))
    found = run("get", "game_data", "nfl", "42", "--json").json
    assert (found["key"], found["state"], found["value"]) == (KEY.wire, "fresh", {"home": "NE"})
    assert 0 <= found["age"] < 60
    assert 200 < found["fresh_for"] <= 300
    assert found["kept_for"] > found["fresh_for"]
    assert found["read"] is False
    text = run("get", "--wire", KEY.wire).out
    assert "value  {'home': 'NE'}" in text
    assert "read   by nobody yet" in text


def test_a_value_whose_tag_changed_is_shown_as_invalidated(run: Run, cache: Cache) -> None:
    assert cache.get_or_load(KEY, lambda: "x", tags=("t:games", "t:teams")) == "x"
    assert run("get", "game_data", "nfl", "42", "--json").json["state"] == "fresh"
    assert run("invalidate", "--tag", "t:teams").out == (
        "Invalidated what depends on t:teams, in every process.\n"
    )
    found = run("get", "game_data", "nfl", "42", "--json").json
    assert found["state"] == "invalidated"
    assert found["tags"] == {"t:games": True, "t:teams": False}
    assert "tag    t:teams (changed since)" in run("get", "game_data", "nfl", "42").out


def test_what_is_no_value_is_said_to_be_so(run: Run, client: redis.Redis) -> None:
    assert run("get", "game_data", "nfl", "42") == Answer(
        1, f"key    {KEY.wire}\nstate  nothing is stored\n", ""
    )
    client.set(KEY.wire, b"R" + bytes(40), ex=60)
    assert run("get", "game_data", "nfl", "42", "--json").json["state"] == "unreadable"
    client.set(KEY.wire, b"L" + bytes(20), ex=60)
    assert run("get", "game_data", "nfl", "42", "--json").json["state"] == "loading"


def test_a_picture_does_not_fill_the_screen_and_is_whole_in_json(run: Run, cache: Cache) -> None:
    cache.set(Key.of(Category.IMAGE_CACHE, "x"), bytes(100_000))
    assert len(run("get", "image_cache", "x").out) < 2000
    shown = run("get", "image_cache", "x", "--json").json["value"]
    assert b64decode(shown) == bytes(100_000)


def test_a_time_is_shown_in_json_as_iso_8601(run: Run, cache: Cache) -> None:
    cache.set(KEY, {"at": datetime(2026, 11, 22, 18, 30, tzinfo=UTC), "odds": Decimal("1.90")})
    shown = run("get", "game_data", "nfl", "42", "--json").json["value"]
    assert shown == {"at": "2026-11-22T18:30:00+00:00", "odds": "1.90"}


@pytest.mark.parametrize(
    "words",
    [
        ("game_data", "nfl", "42"),
        ("--wire", KEY.wire),
        ("--category", "game_data"),
        ("--all", "--yes"),
        ("--tag", "t:games"),
    ],
)
def test_a_value_can_be_invalidated_in_each_of_the_ways(
    run: Run, cache: Cache, words: tuple[str, ...]
) -> None:
    cache.get_or_load(KEY, lambda: "x", tags=("t:games",))
    answer = run("invalidate", *words, "--json")
    assert (answer.code, answer.json["confirmed"]) == (0, True)
    assert cache.get(KEY) is MISS


def test_a_server_that_is_away_confirms_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CACHE_URL", f"redis://127.0.0.1:{free_port()}")
    answer = run("invalidate", "--category", "game_data")
    assert answer.code == 1
    assert answer.out.startswith("The cache's server did not confirm it: all of game_data may")


def test_a_healthy_server_is_shown_and_one_that_is_away_ends_with_1(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = run("health")
    assert answer.code == 0
    assert "tells of changes  yes" in answer.out
    assert answer.out.startswith("server            valkey ")
    assert run("health", "--json").json["healthy"] is True
    monkeypatch.setenv("CACHE_URL", f"redis://127.0.0.1:{free_port()}")
    answer = run("health")
    assert answer.code == 1
    assert answer.out.startswith("The cache's server does not answer: ")
    assert run("health", "--json").json["healthy"] is False


def test_a_policy_is_changed_shown_with_its_history_and_reset(
    run: Run, client: redis.Redis
) -> None:
    words = ["--ttl", "10m", "--local", "no", "--compress-over", "none", "--jitter", "0.2"]
    answer = run("policy", "set", "game_data", *words, "--reason", "a quiet night", "--by", "ann")
    assert answer.code == 0
    assert answer.out.endswith("Every process was told.\n")
    assert parse_mirror(client.get(POLICY_KEY) or b"") == {
        GAME: {
            "ttl": timedelta(minutes=10),
            "local": False,
            "compress_over": None,
            "jitter": 0.2,
        }
    }
    shown = run("policy", "show", "game_data").out
    assert " 10m* " in shown
    assert "ttl 10m, jitter 0.2, local no, compress_over none  ann: a quiet night" in shown
    assert run("policy", "show", "--json").json["policies"]["game_data"]["ttl"] == 600
    assert run("policy", "reset", "game_data", "--reason", "enough", "--by", "ben").code == 0
    assert parse_mirror(client.get(POLICY_KEY) or b"") == {}
    assert "game_data  reset  ben: enough\n" in run("policy").out


def test_a_reset_of_what_nobody_changed_says_so_and_is_not_written_down(run: Run) -> None:
    answer = run("policy", "reset", "game_data", "--reason", "to be sure")
    assert answer == Answer(
        0, "Nothing was changed: game_data is kept as the table of the code says.\n", ""
    )
    assert run("policy", "show", "--json").json["history"] == []


def test_a_change_while_the_server_is_away_is_written_down(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CACHE_URL", f"redis://127.0.0.1:{free_port()}")
    answer = run("policy", "set", "game_data", "--ttl", "10m", "--reason", "x")
    assert answer.code == 1
    assert "The change is written down; the next clean-up tells every process." in answer.out
    assert " 10m* " in run("policy", "show", "game_data").out


def test_warming_fills_what_it_is_told_to(run: Run, client: redis.Redis) -> None:
    assert run("warm", "league_data", "--json").json == {"league_data": 1}
    assert list(client.scan_iter(f"{NAMESPACE}league_data:*"))
    assert run("warm", "league_data").out.split() == [
        "category",
        "keys",
        "league_data",
        "1",
        "all",
        "1",
    ]


MISTAKES = {
    "no such category": (("get", "games", "1"), "There is no category 'games'; use one of api_"),
    "no such policy": (("policy", "show", "x"), "There is no category 'x'; use one of api_respo"),
    "no such warmer": (("warm", "x"), "There is no category 'x': use league_data, "),
    "half a key": (("get", "game_data"), "Name a key by its category and parts, or by --wire KE"),
    "a key of nobody": (("get", "--wire", "x"), "'x' is no key of a value; one looks like dbsbm:"),
    "nothing to invalidate": (("invalidate",), "Name one thing to invalidate: CATEGORY PART..., "),
    "two things": (("invalidate", "--tag", "x", "--all"), "Name one thing to invalidate: CATEG"),
    "all without yes": (("invalidate", "--all"), "--all makes every process load everything ag"),
    "no change": (("policy", "set", "session", "--reason", "x"), "Say what to change: use one or"),
    "no reason": (("policy", "reset", "session", "--reason", " "), "A change needs a reason: say"),
    "no span": (
        ("policy", "set", "session", "--ttl", "10", "--reason", "x"),
        "ttl: '10' is no span of time; write 30s, 10m, 1h30m or 7d.",
    ),
    "no size": (
        ("policy", "set", "session", "--max-bytes", "1MB", "--reason", "x"),
        "max_bytes must be a whole number of bytes, not '1MB'.",
    ),
    "no share": (
        ("policy", "set", "session", "--jitter", "10%", "--reason", "x"),
        "jitter must be a share from 0 to 0.5, not '10%'.",
    ),
    "no flag": (
        ("policy", "set", "session", "--local", "2", "--reason", "x"),
        "local must be yes or no, not '2'.",
    ),
    "beyond a limit": (
        ("policy", "set", "session", "--grace", "9d", "--reason", "x"),
        "grace must be a span from 0s to 7d, not 9d.",
    ),
    "none for ever": (
        ("policy", "set", "session", "--ttl", "10s", "--negative-ttl", "1m", "--reason", "x"),
        "negative_ttl of 1m is longer than the ttl of 10s; it may be as long at most.",
    ),
}


@pytest.mark.parametrize(("words", "sentence"), MISTAKES.values(), ids=MISTAKES)
def test_each_mistake_is_one_sentence_and_exit_code_2(
    run: Run, words: tuple[str, ...], sentence: str
) -> None:
    answer = run(*words)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(sentence)
    assert answer.err.count("\n") == 1


@pytest.mark.parametrize("words", [("stats",), ("top",), ("get", "game_data", "1")])
def test_a_server_that_is_away_is_one_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CACHE_URL", f"redis://:hidden@127.0.0.1:{free_port()}")
    answer = run(*words)
    assert answer.code == 2
    assert answer.err.count("\n") == 1
    assert "refused" in answer.err
    assert "hidden" not in answer.err


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        (None, "Only MySQL and MariaDB have a binary log"),
        ("mysql+pymysql://u:secret@127.0.0.1:{port}/x", "The database does not answer"),
    ],
)
def test_following_what_cannot_be_followed_ends_with_a_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch, url: str | None, sentence: str
) -> None:
    if url is not None:
        monkeypatch.setenv("DATABASE_URL", url.format(port=free_port()))
    answer = run("follow")
    assert answer.code == 2
    assert answer.err.startswith(sentence)
    assert answer.err.count("\n") == 1
    assert "secret" not in answer.err


def test_following_a_server_without_a_binary_log_says_what_to_set(
    run: Run, mariadb_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", mariadb_url)
    answer = run("follow")
    assert answer.code == 2
    assert "log_bin" in answer.err


def test_warming_a_cache_that_is_away_says_that_it_is_not_stored(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CACHE_URL", f"redis://127.0.0.1:{free_port()}/0")
    answer = run("warm", "league_data")
    assert answer.code == 1
    assert "not all of this is stored" in answer.err
