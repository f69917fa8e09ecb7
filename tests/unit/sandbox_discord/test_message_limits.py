"""Discord's limits on messages, embeds and components."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbsbm.sandbox.discord.components import find_component, number_components
from dbsbm.sandbox.discord.config import StandinConfig
from dbsbm.sandbox.discord.core import Core
from dbsbm.sandbox.discord.default_world import BOT, default_world
from dbsbm.sandbox.discord.drafts import check_draft
from dbsbm.sandbox.discord.embeds import total_characters
from dbsbm.sandbox.discord.errors import ApiError
from dbsbm.sandbox.discord.lookup import find_guild
from dbsbm.sandbox.discord.messages import Message

V2 = 1 << 15
NAMES = [
    *("type", "style", "label", "custom_id", "components", "accessory", "options", "id"),
    *("title", "description", "fields", "name", "value", "footer", "text", "author", "url"),
    *("icon_url", "image", "content", "items", "media", "file", "emoji", "color"),
]
KINDS = st.sampled_from([1, 2, 3, 5, 9, 10, 11, 12, 13, 14, 17, True, "1", None, [], {}])
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 30)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "a", "https://a.example", "attachment://a.png"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)
        | st.builds(
            lambda kind, rest: {**rest, "type": kind},
            KINDS,
            st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
        )
    ),
    max_leaves=15,
)


def button(**fields):
    return {"type": 2, "style": 1, "label": "Go", "custom_id": "go", **fields}


def row(*items):
    return {"type": 1, "components": list(items)}


def errors(fields, **more):
    """Return (path, code) of everything wrong with a message body."""
    try:
        check_draft(fields, [], **more)
    except ApiError as error:
        return list(_flatten(error.errors or {}, ()))
    return []


def _flatten(tree, path):
    for key, value in tree.items():
        if key == "_errors":
            yield from ((".".join(path), item["code"]) for item in value)
        else:
            yield from _flatten(value, (*path, key))


@pytest.mark.parametrize(
    ("fields", "path", "code"),
    [
        ({"content": "x" * 2_001}, "content", "BASE_TYPE_MAX_LENGTH"),
        ({"content": 7}, "content", "STRING_TYPE_CONVERT"),
        ({"embeds": [{}] * 11}, "embeds", "BASE_TYPE_MAX_LENGTH"),
        ({"embeds": {}}, "embeds", "LIST_TYPE_CONVERT"),
        ({"embeds": [7]}, "embeds.0", "DICT_TYPE_CONVERT"),
        ({"embeds": [{"title": "x" * 257}]}, "embeds.0.title", "BASE_TYPE_MAX_LENGTH"),
        (
            {"embeds": [{"description": "x" * 4_097}]},
            "embeds.0.description",
            "BASE_TYPE_MAX_LENGTH",
        ),
        ({"embeds": [{"color": 1 << 24}]}, "embeds.0.color", "NUMBER_TYPE_MAX"),
        ({"embeds": [{"footer": {}}]}, "embeds.0.footer.text", "BASE_TYPE_REQUIRED"),
        (
            {"embeds": [{"image": {"url": "ftp://x"}}]},
            "embeds.0.image.url",
            "URL_TYPE_INVALID_SCHEME",
        ),
        (
            {"embeds": [{"fields": [{"name": "n", "value": "x" * 1_025}]}]},
            "embeds.0.fields.0.value",
            "BASE_TYPE_BAD_LENGTH",
        ),
        (
            {"embeds": [{"fields": [{"name": "n", "value": "v"}] * 26}]},
            "embeds.0.fields",
            "BASE_TYPE_MAX_LENGTH",
        ),
        ({"embeds": [{"description": "x" * 3_001}] * 2}, "embeds", "MAX_EMBED_SIZE_EXCEEDED"),
        ({"components": [row(button())] * 6}, "components", "BASE_TYPE_MAX_LENGTH"),
        ({"components": [row()]}, "components.0.components", "BASE_TYPE_BAD_LENGTH"),
        ({"components": [button()]}, "components.0.type", "UNION_TYPE_CHOICES"),
        (
            {"components": [row(button(label="x" * 81))]},
            "components.0.components.0.label",
            "BASE_TYPE_MAX_LENGTH",
        ),
        (
            {"components": [row(button(style=5))]},
            "components.0.components.0.url",
            "BASE_TYPE_REQUIRED",
        ),
        (
            {"components": [row(button(label=None))]},
            "components.0.components.0",
            "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED",
        ),
        (
            {"components": [row(button(), button())]},
            "components",
            "COMPONENT_CUSTOM_ID_DUPLICATED",
        ),
        (
            {"components": [row({"type": 5, "custom_id": "s"}, button())]},
            "components.0.components",
            "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
        ),
        (
            {"components": [row({"type": 3, "custom_id": "s", "options": []})]},
            "components.0.components.0.options",
            "BASE_TYPE_BAD_LENGTH",
        ),
        (
            {"components": [row(button(style=[1]))]},
            "components.0.components.0.style",
            "BASE_TYPE_CHOICES",
        ),
        ({"nonce": "x" * 26}, "nonce", "BASE_TYPE_MAX_LENGTH"),
        (
            {"flags": V2, "content": "x"},
            "content",
            "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
        ),
        (
            {"flags": V2, "components": [{"type": 10, "content": "x" * 2_001}] * 2},
            "components",
            "COMPONENT_MAX_TOTAL_TEXT_SIZE_EXCEEDED",
        ),
        (
            {"flags": V2, "components": [{"type": 12, "items": []}]},
            "components.0.items",
            "BASE_TYPE_BAD_LENGTH",
        ),
    ],
)
def test_what_is_beyond_a_limit_is_named_by_path_and_code(fields, path, code):
    assert (path, code) in errors(fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"content": "x" * 2_000},
        {"embeds": [{"description": "x" * 3_000}] * 2},
        {"embeds": [{"fields": [{"name": "n", "value": "v", "inline": True}] * 25}]},
        {"components": [row(*(button(custom_id=f"{r}-{c}") for c in range(5))) for r in range(5)]},
        {"components": [row(button(style=5, custom_id=None, url="https://example.com"))]},
        {"components": [row(button(label=None, emoji={"name": "👍"}))]},
        {"components": [row(button(id=["odd"]))]},
        {"flags": V2, "components": [{"type": 17, "components": [{"type": 10, "content": "x"}]}]},
        {
            "flags": V2,
            "components": [
                {
                    "type": 9,
                    "components": [{"type": 10, "content": "x"}],
                    "accessory": button(),
                }
            ],
        },
        {"content": None, "embeds": None, "components": None, "attachments": None},
    ],
)
def test_what_is_within_every_limit_passes(fields):
    assert errors(fields) == []


def test_errors_of_a_first_answer_stand_under_data():
    assert errors({"content": "x" * 2_001}, under=("data",))[0][0] == "data.content"


def test_the_v2_flag_of_the_edited_message_counts():
    assert errors({"content": "x"}) == []
    assert errors({"content": "x"}, v2=True) != []


@given(
    content=JSON,
    embeds=st.none() | st.lists(JSON, max_size=3) | JSON,
    components=st.none() | st.lists(JSON, max_size=3) | JSON,
    flags=st.sampled_from([0, V2]),
)
@settings(max_examples=200)
def test_every_body_is_either_refused_or_can_be_sent_and_shown(content, embeds, components, flags):
    core = Core("token", StandinConfig(), default_world(), lambda: 1_800_000_000.0)
    guild = find_guild(core.world, None)
    fields = {"content": content, "embeds": embeds, "components": components, "flags": flags}
    message = Message(id="1", channel_id="1", guild_id=guild.id, author=BOT, created_at=0.0)

    with contextlib.suppress(ApiError):
        core.writer.fill(message, check_draft(fields, []), guild)

    assert json.loads(json.dumps(message.payload("http://127.0.0.1")))["id"] == "1"


@given(st.lists(st.text(max_size=20), max_size=5))
def test_the_embed_total_counts_every_text_once(texts):
    embeds = [
        {
            "title": t,
            "description": t,
            "author": {"name": t},
            "footer": {"text": t},
            "fields": [{"name": t, "value": t}],
        }
        for t in texts
    ]

    assert total_characters(embeds) == 6 * sum(map(len, texts))


@given(st.lists(st.none() | st.integers(1, 12), max_size=8, unique_by=lambda n: n or object()))
def test_every_component_gets_an_id_of_its_own_and_keeps_a_given_one(given_ids):
    buttons = [button(custom_id=str(i), id=n) for i, n in enumerate(given_ids)]

    [numbered] = number_components([row(*buttons)])

    ids = [numbered["id"], *(b["id"] for b in numbered["components"])]
    assert len(set(ids)) == len(ids)
    assert all(b["id"] == n for b, n in zip(numbered["components"], given_ids, strict=True) if n)


def test_a_nested_component_is_found_by_its_custom_id():
    section = {"type": 9, "components": [], "accessory": button(custom_id="deep")}

    assert find_component([{"type": 17, "components": [section]}], "deep")["label"] == "Go"
    assert find_component([section], "other") is None
