"""Documents: their bytes, their ids, their times."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.errors import CheckError, CheckFailed, ErrorCode, ErrorType
from heartbeat.event import (
    Event,
    Record,
    Result,
    Routing,
    encode,
    event_id,
    microseconds,
    milliseconds,
    nanoseconds,
    with_metadata,
)

NOON = 1_795_348_800_000_000_000
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def record(**fields: Any) -> Record:
    """Return an encoded event with these fields."""
    return encode(Event(NOON, Routing("id-1"), fields))


class TestEncode:
    """Events become bytes once."""

    def test_puts_the_timestamp_first(self) -> None:
        """Outputs splice behind the first member, so it must be `@timestamp`."""
        assert record(a=1).body == b'{"@timestamp":"2026-11-22T12:00:00.000Z","a":1}'

    def test_keeps_the_routing(self) -> None:
        """The record knows where it goes."""
        assert record().routing == Routing("id-1")

    def test_replaces_text_that_is_not_unicode(self) -> None:
        """A byte that is no UTF-8 becomes U+FFFD; the event is not lost."""
        document = json.loads(
            record(text=b"a\xffb".decode("utf-8", "surrogateescape")).body
        )

        assert document["text"] == "a\ufffdb"

    def test_replaces_bad_text_in_keys_and_lists(self) -> None:
        """Keys and nested values are repaired too."""
        bad = "\udcff"
        document = json.loads(record(outer=[{bad: bad}, 1, 1.5, True, None]).body)

        assert document["outer"] == [{"\ufffd": "\ufffd"}, 1, 1.5, True, None]

    def test_writes_what_json_does_not_know_as_text(self) -> None:
        """An object of a strange class becomes its text."""
        assert json.loads(record(x=ErrorType).body)["x"] == str(ErrorType)

    def test_writes_numbers_that_json_lacks_as_null(self) -> None:
        """Infinity is null in every output."""
        assert json.loads(record(x=float("inf")).body)["x"] is None

    def test_writes_a_huge_number_as_a_float(self) -> None:
        """A number beyond 64 bits loses digits, not the event."""
        assert json.loads(record(x=2**70).body)["x"] == 2.0**70

    @given(st.dictionaries(st.text().filter(lambda k: k != "@timestamp"), JSON))
    def test_round_trips(self, fields: dict[str, Any]) -> None:
        """What goes in comes out."""
        document = json.loads(record().body) | fields
        encoded = encode(Event(NOON, Routing("x"), fields))

        assert json.loads(encoded.body) == document


class TestMetadata:
    """Outputs other than Elasticsearch want `@metadata` inside."""

    def test_is_spliced_behind_the_timestamp(self) -> None:
        """The members keep their order."""
        spliced = with_metadata(record(a=1), b'{"beat":"heartbeat"}')

        assert list(json.loads(spliced)) == ["@timestamp", "@metadata", "a"]

    def test_is_spliced_into_an_empty_event(self) -> None:
        """An event without fields stays valid JSON."""
        spliced = with_metadata(record(), b'{"x":1}')

        assert json.loads(spliced)["@metadata"] == {"x": 1}

    def test_names_the_id(self) -> None:
        """Readers that remove duplicates find `_id`."""
        assert Routing("abc").metadata() == {"_id": "abc"}

    def test_names_index_and_pipeline(self) -> None:
        """What the monitor asks for travels along."""
        expected = {"_id": "abc", "raw_index": "i", "pipeline": "p"}

        assert Routing("abc", "i", "p").metadata() == expected

    def test_tells_what_processors_put_there(self) -> None:
        """It cannot replace the id."""
        routing = Routing("abc", extra={"x": 1, "_id": "other"})

        assert routing.metadata() == {"_id": "abc", "x": 1}


class TestEventId:
    """The same check at the same tick has the same id."""

    def test_is_stable(self) -> None:
        """The id is part of the contract with what is stored: it must never change."""
        assert event_id("web", "", "1", "1", "http://h", "127.0.0.1") == (
            "303daf0f9ad495678e4a0ada4ebb04be"
        )

    def test_does_not_run_parts_together(self) -> None:
        """`ab`, `c` is something else than `a`, `bc`."""
        assert event_id("ab", "c") != event_id("a", "bc")


class TestTimes:
    """Moments as text."""

    def test_milliseconds_are_truncated(self) -> None:
        """The last digit is cut, not rounded."""
        assert milliseconds(NOON + 1_999_999) == "2026-11-22T12:00:00.001Z"

    def test_milliseconds_follow_the_second(self) -> None:
        """The cached second is not kept too long."""
        texts = [milliseconds(NOON + s * 1_000_000_000)[17:19] for s in (0, 1, 0)]

        assert texts == ["00", "01", "00"]

    @pytest.mark.parametrize(
        ("rest", "text"),
        [(0, "00Z"), (120_000_000, "00.12Z"), (183_819_029, "00.183819029Z")],
    )
    def test_nanoseconds_lose_trailing_zeros(self, rest: int, text: str) -> None:
        """The fraction is as short as it can be."""
        assert nanoseconds(NOON + rest) == f"2026-11-22T12:00:{text}"

    @pytest.mark.parametrize(("seconds", "us"), [(0.0123456, 12345), (-1.0, 0)])
    def test_durations_are_whole_microseconds(self, seconds: float, us: int) -> None:
        """Durations are cut to microseconds and never negative."""
        assert microseconds(seconds) == {"us": us}


class TestResult:
    """What a check found."""

    def test_without_an_error_is_up(self) -> None:
        """No error means up."""
        assert Result().status == "up"

    def test_with_an_error_is_down(self) -> None:
        """Any error means down."""
        assert Result(error=CheckError(ErrorType.IO, "x")).status == "down"


class TestCheckError:
    """`error.*` of a document."""

    def test_plain_has_type_and_message(self) -> None:
        """An error without a code has two members."""
        error = CheckFailed.validate("received string mismatch").error

        assert error.document() == {
            "type": "validate",
            "message": "received string mismatch",
        }

    def test_coded_has_a_null_stack_trace(self) -> None:
        """Readers of the reference's documents expect the member."""
        error = CheckFailed.io("x", ErrorCode.BAD_HTTP_STATUS).error

        assert error.document() == {
            "type": "io",
            "code": "BAD_HTTP_STATUS",
            "message": "x",
            "stack_trace": None,
        }
