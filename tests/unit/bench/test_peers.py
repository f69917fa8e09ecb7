"""Peers: pinned, in an environment of their own, and answering in JSON."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.peers import Peer, PeerError


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Peer:
    """An environment without packages, so that nothing is downloaded."""
    return Peer("bare", (), root=tmp_path_factory.mktemp("environments"))


def script(directory: Path, source: str) -> Path:
    path = directory / "script.py"
    path.write_text(source)
    return path


def test_a_peer_without_an_exact_version_is_refused() -> None:
    with pytest.raises(ValueError, match=r"pin cashews>=7, redis$"):
        Peer("cashews", ("cashews>=7", "redis", "attrs==26.1.0"))


def test_a_peer_s_last_line_is_its_answer(bare: Peer, tmp_path: Path) -> None:
    program = script(tmp_path, "import sys\nprint('warm')\nprint('{\"ms\": %s}' % sys.argv[1])")
    assert bare.run(program, "1.5") == {"ms": 1.5}


def test_a_peer_sees_nothing_of_ours(
    bare: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    find = (
        "import importlib.util as u, json; print(json.dumps([u.find_spec(n) is None for n in {}]))"
    )
    assert bare.run(script(tmp_path, find.format(["bench", "redis"]))) == [True, True]


def test_an_environment_is_made_once_for_its_packages(bare: Peer, tmp_path: Path) -> None:
    marker = bare.python().parents[1] / "kept"
    marker.touch()
    bare.python()
    assert marker.exists()

    (marker.parent / "installed").write_text("another version")
    bare.python()
    assert not marker.exists()
    assert (bare.root / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("raise SystemExit('no redis here')", "bare: script.py failed: no redis here"),
        ("print('not json')", "must print JSON last, not 'not json'"),
        ("", "must print JSON last, not ''"),
        ("import time; time.sleep(60)", "took over 0.5 s"),
    ],
)
def test_a_peer_that_fails_is_named_with_its_last_words(
    bare: Peer, tmp_path: Path, source: str, sentence: str
) -> None:
    with pytest.raises(PeerError, match=sentence):
        bare.run(script(tmp_path, source), timeout=0.5 if "sleep" in source else 30)
