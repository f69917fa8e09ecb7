"""What a stack writes down for other commands."""

from __future__ import annotations

import os

import pytest

from workers.stack import state
from workers.stack.identity import Identity, identify
from workers.stack.state import FolderLock, StackState


def test_what_is_written_is_read_again(tmp_path):
    known = StackState(Identity(1, "a"), {"bot": Identity(2, "b")}, ["DBSBM is up."])
    known.write(tmp_path)
    assert StackState.read(tmp_path) == known
    state.forget(tmp_path)
    assert StackState.read(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"supervisor": 3}', "null"])
def test_a_spoilt_file_counts_as_none(tmp_path, text):
    (tmp_path / "stack.json").write_text(text)
    assert StackState.read(tmp_path) is None


def test_a_folder_has_one_supervisor_at_a_time(tmp_path):
    first, second = FolderLock(tmp_path / "var"), FolderLock(tmp_path / "var")
    assert first.acquire()
    assert not second.acquire()
    first.release()
    assert second.acquire()
    second.release()


def test_a_process_is_itself_and_not_another_with_its_number():
    me = identify(os.getpid())
    assert me.is_alive()
    assert not Identity(me.pid, "an earlier boot:1").is_alive()


def test_a_number_that_nobody_has_is_no_process():
    with pytest.raises(ProcessLookupError):
        identify(2**22 + 1)
