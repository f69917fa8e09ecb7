from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from dbsbm.cache.categories import Category, Policy
from dbsbm.cache.marks import READ, UNREAD
from dbsbm.cache.values import envelope
from dbsbm.cache.values.compression import compressed, decompressed
from dbsbm.cache.values.encode_errors import EncodeError, TooLarge
from dbsbm.cache.values.serializer import Serializer, Stored
from dbsbm.cache.values.signing import Keyring
from dbsbm.errors import ConfigError
from tests.unit.cache.peak import at_most
from tests.unit.cache.values import shape, values

WIRE = "dbsbm:v2:game_data:nfl:#42"
SECRET = SecretStr("a secret of the operator's choice")
POLICY = Category.GAME_DATA.policy
IMAGES = Category.IMAGE_CACHE.policy
PLAIN = Serializer()
SIGNING = Serializer(Keyring((1, SECRET)))


def seal(value: Any, policy: Policy = POLICY, by: Serializer = SIGNING, **known: Any) -> bytes:
    return by.seal(WIRE, value, policy, **({"lifetime_ms": 1000, "expires_at_ms": 5} | known))


def opened(stored: bytes, by: Serializer = SIGNING) -> Stored:
    found = by.open(WIRE, stored)
    assert found is not None
    return found


@given(values, st.sampled_from([PLAIN, SIGNING]))
def test_what_was_sealed_opens_as_it_was(value: Any, by: Serializer) -> None:
    assert shape(opened(seal(value, by=by), by).value) == shape(value)


@given(
    lifetime_ms=st.integers(1, 2**32 - 1),
    expires_at_ms=st.integers(0, 2**48),
    load_us=st.integers(0, 2**32 - 1),
    tags=st.dictionaries(st.text(max_size=60), st.binary(min_size=8, max_size=8), max_size=5),
    read=st.booleans(),
)
def test_all_that_is_known_of_a_value_comes_back_with_it(**known: Any) -> None:
    stored = seal(None, **known)
    found = opened(stored)
    assert {field.name: getattr(found, field.name) for field in dataclasses.fields(found)} == {
        **known,
        "value": None,
        "id": stored[5:13],
        "size": len(stored),
        "data": stored,
    }


def test_the_layout_is_what_the_scripts_on_the_server_cut_from() -> None:
    stored = seal(7, by=PLAIN, lifetime_ms=0x01020304, expires_at_ms=5, tags={"ab": b"8 bytes!"})
    assert stored[:5] == b"N\x01\x02\x03\x04"
    assert stored[13:] == b"".join(
        [
            (5).to_bytes(8, "big"),
            bytes(4),
            b"\x01",
            b"\x00",
            (11).to_bytes(2, "big"),
            b"\x02ab8 bytes!",
            b"\x07",
        ]
    )
    assert envelope.HEAD == 29


def test_two_stores_of_one_value_are_told_apart() -> None:
    assert opened(seal(1)).id != opened(seal(1)).id


def test_durations_that_no_field_holds_are_cut() -> None:
    found = opened(seal(1, lifetime_ms=2**40, load_us=2**40))
    assert (found.lifetime_ms, found.load_us) == (2**32 - 1, 2**32 - 1)


def test_the_mark_of_the_first_reader_changes_nothing_else() -> None:
    stored = seal("value")
    assert stored[:1] == UNREAD
    marked = READ + stored[1:]
    assert dataclasses.replace(opened(stored), read=True) == opened(marked)


def test_a_lease_is_no_value() -> None:
    lease = envelope.lease(800)
    assert envelope.is_lease(lease)
    assert envelope.lease(800) != lease
    assert SIGNING.open(WIRE, lease) is None
    assert PLAIN.open(WIRE, lease) is None


@pytest.mark.parametrize(
    "tags",
    [{"x" * 256: bytes(8)}, {"x": b"short"}, {f"{n:0200}": bytes(8) for n in range(400)}],
    ids=["a name too long", "no stamp", "too many"],
)
def test_tags_that_do_not_fit_are_refused(tags: dict[str, bytes]) -> None:
    with pytest.raises(EncodeError, match="tag"):
        seal(1, tags=tags)


@pytest.mark.parametrize("by", [PLAIN, SIGNING])
def test_bytes_are_stored_as_they_are(by: Serializer) -> None:
    image = b"\x89PNG" * 100
    stored = seal(image, IMAGES, by)
    assert image in stored
    assert opened(stored, by).value == image


def test_that_there_is_no_image_can_be_stored() -> None:
    assert opened(seal(None, IMAGES)).value is None


@pytest.mark.parametrize("value", ["text", bytearray(b"x"), [b"x"]])
def test_only_bytes_go_where_bytes_belong(value: Any) -> None:
    with pytest.raises(EncodeError, match="where bytes belong"):
        seal(value, IMAGES)


# Sizes and compression.

SMALL = Policy(ttl=timedelta(1), max_bytes=1000, compress_over=None)
PACKED = dataclasses.replace(SMALL, max_bytes=100_000, compress_over=100)


def test_a_value_of_just_the_largest_size_is_stored() -> None:
    assert opened(seal("x" * 997, SMALL)).value == "x" * 997


@pytest.mark.parametrize("value", ["x" * 998, ["x" * 100] * 10, {"deep": [["x" * 1000]]}])
def test_a_larger_value_is_refused(value: Any) -> None:
    with pytest.raises(TooLarge, match="1000 are allowed") as refused:
        seal(value, SMALL)
    assert refused.value.size > 1000
    assert refused.value.limit == 1000


@pytest.mark.parametrize("policy", [POLICY, IMAGES], ids=["typed", "bytes"])
def test_a_value_of_64_megabytes_is_refused_without_a_copy_of_it(policy: Policy) -> None:
    value = bytes(64_000_000)
    with at_most(1_000_000), pytest.raises(TooLarge):
        seal(value, policy)


@pytest.mark.parametrize("by", [PLAIN, SIGNING])
@pytest.mark.parametrize("value", ["x" * 5000, [{"team": "name", "n": n} for n in range(500)]])
def test_a_large_value_is_compressed(value: Any, by: Serializer) -> None:
    stored = seal(value, PACKED, by)
    assert len(stored) < len(seal(value, dataclasses.replace(PACKED, compress_over=None), by)) / 4
    assert opened(stored, by).value == value


def test_what_barely_shrinks_is_stored_as_it_is() -> None:
    noise = bytes(range(256)) * 2
    assert compressed(noise[:256]) is None
    assert compressed(noise) is not None


def test_a_small_value_is_not_compressed() -> None:
    assert b"x" * 90 in seal("x" * 90, PACKED)


def test_the_limit_is_that_of_the_value_not_of_its_compressed_form() -> None:
    with pytest.raises(TooLarge):
        seal("x" * 200_000, PACKED)


@pytest.mark.parametrize("value", ["x" * 5000, b"x" * 5000])
def test_a_reader_makes_no_more_bytes_than_it_asks_for(value: Any) -> None:
    stored = seal(value, PACKED)
    assert SIGNING.open(WIRE, stored, max_bytes=5003) is not None
    assert SIGNING.open(WIRE, stored, max_bytes=4999) is None


def test_what_was_compressed_comes_back_within_its_limit() -> None:
    packed = compressed(bytes(5000))
    assert packed is not None
    assert decompressed(packed, 5000) == bytes(5000)
    with pytest.raises(ValueError, match="at most 4999"):
        decompressed(packed, 4999)
    with pytest.raises(ValueError, match="no single frame"):
        decompressed(packed + packed, 10_000)
    with pytest.raises(ValueError, match="no single frame"):
        decompressed(packed[:-1], 5000)


# Keys.

OLD = (1, SecretStr("the secret of last year"))
NEW = (2, SecretStr("the secret of this year"))


def test_a_rotation_loses_no_value() -> None:
    before = Serializer(Keyring(OLD))
    during = Serializer(Keyring(NEW, older=[OLD]))
    after = Serializer(Keyring(NEW))
    old, new = seal("value", by=before), seal("value", by=during)
    assert opened(old, during).value == "value"
    assert opened(new, after).value == "value"
    assert after.open(WIRE, old) is None
    assert before.open(WIRE, new) is None


def test_a_secret_serves_as_text_and_as_bytes() -> None:
    text = SecretStr("the secret as text")
    assert Keyring((1, text)).sign("k", b"x") == Keyring((1, b"the secret as text")).sign("k", b"x")


def test_one_secret_under_two_numbers_is_two_keys() -> None:
    assert Keyring((1, SECRET)).sign("k", b"x") != Keyring((2, SECRET)).sign("k", b"x")


def test_no_end_of_a_name_passes_for_a_beginning_of_a_content() -> None:
    keyring = Keyring((1, SECRET))
    assert keyring.sign("key", b"value") != keyring.sign("ke", b"yvalue")


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Keyring((0, SECRET)), "1 to 255, not 0"),
        (lambda: Keyring((256, SECRET)), "1 to 255, not 256"),
        (lambda: Keyring(OLD, older=[OLD]), "two signing keys have the number 1"),
        (lambda: Keyring((1, b"short")), "key 1 is shorter than 16 bytes"),
    ],
)
def test_a_keyring_that_cannot_be_right_is_refused(
    make: Callable[[], Keyring], sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        make()


def test_a_keyring_does_not_show_its_secrets() -> None:
    keyring = Keyring(NEW, older=[OLD])
    assert repr(keyring) == "Keyring(current=2, known=[1, 2])"
    assert not any(
        b"secret of" in value
        for value in map(bytes, map(str.encode, map(repr, vars(keyring).values())))
    )
