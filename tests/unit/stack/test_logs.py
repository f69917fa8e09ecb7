"""Logs: bounded on disk, and shown to a person."""

from __future__ import annotations

import io

import pytest

from workers.stack import logfile
from workers.stack.logfile import LogFile
from workers.stack.logs import Tail


@pytest.fixture
def log(tmp_path) -> LogFile:
    return LogFile(tmp_path / "logs" / "bot.log", max_bytes=100)


def test_a_log_that_is_small_enough_stays_as_it_is(log):
    log.path.write_text("a line\n")
    log.rotate()
    assert log.path.read_text() == "a line\n"
    assert not log.part(1).exists()


def test_a_process_goes_on_writing_into_a_rotated_log(log):
    with log.open() as process:
        process.write(b"x" * 150)
        process.flush()
        log.rotate()
        process.write(b"after")
    assert log.path.read_bytes() == b"after"
    assert log.part(1).read_bytes() == b"x" * 150


def test_old_parts_are_dropped(log):
    for number in range(6):
        log.path.write_text(str(number) * 150)
        log.rotate()
    assert [log.part(n).read_text()[0] for n in range(1, logfile.KEPT + 1)] == ["5", "4"]
    assert len(list(log.path.parent.iterdir())) == logfile.KEPT + 1


def test_a_full_disk_costs_old_lines_and_not_new_ones(log, monkeypatch):
    def no_space(_source, target):
        target.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(logfile.shutil, "copyfile", no_space)
    log.path.write_text("x" * 150)
    log.rotate()
    assert log.size() == 0
    assert not log.part(1).exists()


def test_the_last_line_is_that_of_this_life(log):
    log.path.write_text("TOKEN is missing.\n")
    begin = log.size()
    assert log.last_line(begin) == ""
    with log.open() as process:
        process.write(b"noise\nDATABASE_URL is wrong.\n\n")
    assert log.last_line(begin) == "DATABASE_URL is wrong."


def test_the_last_line_is_found_after_a_rotation(log):
    log.path.write_text("new\n")
    assert log.last_line(since=10_000) == "new"


def test_a_tail_shows_the_end_and_then_what_comes(log):
    log.path.write_text("".join(f"line {n}\n" for n in range(100)))
    tail, out = Tail(log.path.parent, "bot"), io.StringIO()
    tail.show_end(out, lines=2)
    with log.open() as process:
        process.write(b"line 100\nhalf a li")
    tail.show_new(out)
    with log.open() as process:
        process.write(b"ne\n")
    tail.show_new(out)
    shown = [line.split(" | ")[1] for line in out.getvalue().splitlines()]
    assert shown == ["line 98", "line 99", "line 100", "half a line"]


def test_a_tail_begins_with_a_whole_line(log):
    log.path.write_text("x" * 900 + "\nwhole\n")
    out = io.StringIO()
    Tail(log.path.parent, "bot").show_end(out, lines=2)
    assert out.getvalue().splitlines() == ["bot        | whole"]


def test_a_tail_follows_a_log_that_was_rotated(log):
    log.path.write_text("old\n" * 50)
    tail, out = Tail(log.path.parent, "bot"), io.StringIO()
    tail.show_end(out, lines=1)
    log.rotate()
    log.path.write_text("new\n")
    tail.show_new(out)
    assert out.getvalue().splitlines()[-1].endswith("| new")
