"""Records and states survive being packed; damage is noticed."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.deflate import compress
from heartbeat.event import Record, Routing
from heartbeat.store import codec
from tests.support.records import record, records

names = st.text(st.characters(codec="utf-8"))
lines = st.binary().filter(lambda line: b"\n" not in line)
extras = st.none() | st.dictionaries(names, st.integers(0, 9) | names, min_size=1)
routings = st.builds(Routing, names, st.none() | names, st.none() | names, extras)


@given(st.lists(st.builds(Record, lines, routings, st.integers(0, 2**62)), min_size=1))
def test_records_survive(originals: list[Record]) -> None:
    """Whatever a record holds comes back, numbered from the first sequence."""
    unpacked = codec.unpack_records(codec.pack_records(originals), 7)

    numbered = [
        Record(one.body, one.routing, one.timestamp, sequence)
        for sequence, one in enumerate(originals, 7)
    ]
    assert numbered == unpacked


@given(st.dictionaries(names, lines, min_size=1))
def test_states_survive(states: dict[str, bytes]) -> None:
    """Whatever a state holds comes back under its monitor."""
    assert states == codec.unpack_states(codec.pack_states(states))


def test_a_chunk_is_readable_gzip() -> None:
    """An operator's tools show a chunk: routing and body, a line each."""
    chunk = codec.pack_records([record(1, index="i", pipeline="p")])

    text = gzip.decompress(chunk).split(b"\n")

    assert [
        b'{"id":"id-1","timestamp":1790000000000000001,"index":"i","pipeline":"p"}',
        record(1).body,
    ] == text


@pytest.mark.parametrize(
    "chunk",
    [
        b"",
        b"no gzip",
        codec.pack_records(records(3))[:-4],
        compress(b"no json\nbody"),
        compress(b"{}\nbody"),
        compress(b"[]\nbody"),
        compress(b'{"id":"x","timestamp":1}'),
    ],
)
def test_a_damaged_chunk_is_noticed(chunk: bytes) -> None:
    """Bytes that are no chunk raise instead of becoming records."""
    with pytest.raises(codec.Damaged):
        codec.unpack_records(chunk, 1)


@pytest.mark.parametrize("entry", [b"no gzip", compress(b"m\nstate"), compress(b"[]")])
def test_damaged_states_are_noticed(entry: bytes) -> None:
    """Bytes that are no journal entry raise instead of becoming states."""
    with pytest.raises(codec.Damaged):
        codec.unpack_states(entry)
