from __future__ import annotations

from datetime import timedelta

import pytest

from dbsbm.cache.categories import Category
from dbsbm.cache.policy.overrides import CHANGEABLE, checked


def test_every_category_has_the_lifetime_that_was_promised() -> None:
    assert {category.value: category.ttl for category in Category} == {
        "api_response": timedelta(minutes=5),
        "db_query": timedelta(minutes=10),
        "user_data": timedelta(minutes=30),
        "guild_data": timedelta(hours=1),
        "game_data": timedelta(minutes=15),
        "team_data": timedelta(hours=2),
        "league_data": timedelta(hours=4),
        "parlay_data": timedelta(minutes=5),
        "image_cache": timedelta(hours=24),
        "session": timedelta(minutes=30),
    }


def test_images_alone_are_bytes() -> None:
    assert [each for each in Category if each.codec == "bytes"] == [Category.IMAGE_CACHE]


def test_every_category_is_bounded() -> None:
    assert all(0 < category.max_bytes <= 2 * 1024 * 1024 for category in Category)


@pytest.mark.parametrize("category", Category)
def test_the_table_itself_is_within_what_an_operator_may_set(category: Category) -> None:
    policy = category.policy
    assert checked({field: getattr(policy, field) for field in CHANGEABLE})
    assert policy.negative_ttl <= policy.ttl
    assert policy.grace <= policy.ttl or category is Category.API_RESPONSE


def test_a_session_ends_when_it_ends_in_every_process_at_once() -> None:
    policy = Category.SESSION.policy
    assert (policy.grace, policy.jitter, policy.local) == (timedelta(0), 0.0, False)
