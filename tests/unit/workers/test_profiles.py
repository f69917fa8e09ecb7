"""Worker profiles by name."""

from __future__ import annotations

import pytest

from celeryconfig import TASKS
from dbsbm.errors import ConfigError
from workers.profiles import PROFILES, canary_deadline, profile_named


def test_a_profile_is_found_by_its_name() -> None:
    assert profile_named("images").queues == ("images",)
    assert all(profile_named(name).name == name for name in PROFILES)


def test_an_unknown_profile_lists_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"no worker profile 'image'; choose one of: .*images"):
        profile_named("image")


def test_the_deadline_is_that_of_the_longest_task_of_the_queues() -> None:
    hard = {queue: limit for queue, _, limit in TASKS.values() if queue == "images"}

    assert canary_deadline(["images"]) == 10 + hard["images"]
    assert canary_deadline(["images", "fetch"]) == canary_deadline(["fetch"])
    assert canary_deadline([]) == canary_deadline(["of another project"]) == 70.0
