"""Questions and answers of DNS, byte by byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.net.dns import (
    AAAA,
    A,
    Answer,
    decode_answer,
    encode_question,
)
from tests.support.dns import alias, record, response

ASKED = encode_question(7, "Web.test.", A)


def test_a_question() -> None:
    """A question has a header, the name in labels, the kind and the class."""
    assert ASKED == (
        b"\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
        b"\x03Web\x04test\x00\x00\x01\x00\x01"
    )


@pytest.mark.parametrize("name", ["", ".", "a..test", f"{'a' * 64}.test", "ü.test"])
def test_what_cannot_be_asked_for(name: str) -> None:
    """Labels are ASCII, neither empty nor too long."""
    with pytest.raises(ValueError, match=r"is no name|ascii"):
        encode_question(7, name, A)


def test_addresses() -> None:
    """Addresses come in order and once; the shortest time holds for all."""
    records = [record("10.0.0.2", 30), record("10.0.0.1", 60), record("10.0.0.2", 90)]

    answer = decode_answer(response(ASKED, records), ASKED)

    assert answer == Answer(0, ("10.0.0.2", "10.0.0.1"), 30)


def test_ipv6_addresses() -> None:
    """Only the kind that was asked for counts."""
    asked = encode_question(7, "web.test", AAAA)
    records = [record("10.0.0.1"), record("2001:db8::1")]

    assert decode_answer(response(asked, records), asked) == Answer(
        0, ("2001:db8::1",), 60
    )


def test_an_alias() -> None:
    """An address behind an alias belongs to the answer, and so does the alias' time."""
    other = record("10.0.0.1", 60, b"\x05other\x04test\x00")

    answer = decode_answer(response(ASKED, [alias(5), other]), ASKED)

    assert answer == Answer(0, ("10.0.0.1",), 5)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (response(ASKED), Answer(0)),
        (response(ASKED, code=3), Answer(3)),
        (response(ASKED, code=2), Answer(2)),
        (response(ASKED, truncated=True), Answer(0, is_truncated=True)),
        (response(ASKED, [record("10.0.0.1", 0x80000000)]), Answer(0, ("10.0.0.1",))),
        (
            response(ASKED, [record("10.0.0.1").replace(b"\0\1\0\1", b"\0\1\0\3")]),
            Answer(0),
        ),
        (response(ASKED.lower(), [record("10.0.0.1")]), Answer(0, ("10.0.0.1",), 60)),
    ],
    ids=["no data", "denial", "fault", "cut", "odd time", "other class", "lower case"],
)
def test_other_answers(message: bytes, expected: Answer) -> None:
    """Every answer to the question is told as it is."""
    assert decode_answer(message, ASKED) == expected


@pytest.mark.parametrize(
    "message",
    [
        b"",
        ASKED,
        response(encode_question(8, "web.test", A)),
        response(encode_question(7, "www.test", A)),
        response(encode_question(7, "web.test", AAAA)),
        response(ASKED, [record("10.0.0.1")])[:-20],
        response(ASKED, [b"\x3f"]),
    ],
    ids=["nothing", "question", "number", "name", "kind", "cut", "endless name"],
)
def test_what_is_no_answer(message: bytes) -> None:
    """What does not belong to the question, or breaks off, is nothing."""
    assert decode_answer(message, ASKED) is None


@given(st.binary(max_size=200))
def test_any_message_is_an_answer_or_not(data: bytes) -> None:
    """No message ends in an error."""
    for message in (data, response(ASKED, [data]), response(ASKED, [data] * 9)):
        answer = decode_answer(message, ASKED)
        assert answer is None or len(answer.addresses) <= 9
