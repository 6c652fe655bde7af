"""Pings and their requests in flight."""

from __future__ import annotations

import pytest

from heartbeat.monitors.icmp.figures import Echoes
from heartbeat.monitors.icmp.flight import SEQUENCES, InFlight, Ping, Request


def _launch(flight: InFlight, ping: Ping) -> int:
    sequence = flight.next_sequence()
    flight.add(sequence, Request(ping, stamp=0, sent=0.0))
    return sequence


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:DB8:0:0::0001", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
    ],
)
async def test_answers_come_from_the_plain_form(address: str, expected: str) -> None:
    """An address is compared in the form in which the system gives a sender's."""
    assert Ping(address).source == expected


async def test_the_first_outcome_stays() -> None:
    """A second answer changes nothing."""
    ping = Ping("192.0.2.1")

    ping.answer(7, 0.5)
    ping.finish("too late")

    assert await ping.outcome is None
    assert ping.echoes() == Echoes(0, [])


async def test_a_ping_ends_with_the_last_answer_it_wants() -> None:
    """Answers are told in the order of their requests, a second one is a duplicate."""
    ping = Ping("192.0.2.1", wanted=2)
    ping.sequences += [7, 8, 9]

    ping.answer(9, 0.9)
    ping.answer(9, 0.95)
    assert not ping.outcome.done()
    ping.answer(7, 0.7)

    assert await ping.outcome is None
    assert ping.echoes() == Echoes(3, [0.7, 0.9], duplicates=1)


async def test_numbers_go_round_without_repeating() -> None:
    """All 65,536 numbers are used before one comes again."""
    flight = InFlight()

    numbers = {flight.next_sequence() for _ in range(SEQUENCES)}

    assert len(numbers) == SEQUENCES


async def test_numbers_in_flight_are_passed_over() -> None:
    """A request in flight keeps its number while others come and go."""
    flight, patient = InFlight(), Ping("192.0.2.1")
    taken = _launch(flight, patient)

    numbers = {flight.next_sequence() for _ in range(SEQUENCES)}

    assert taken not in numbers
    assert len(numbers) == SEQUENCES - 1


async def test_the_oldest_gives_way_when_all_numbers_are_taken() -> None:
    """With every number in flight, the request sent first is given up."""
    flight, first, rest = InFlight(), Ping("192.0.2.1"), Ping("192.0.2.2")
    oldest = _launch(flight, first)
    for _ in range(SEQUENCES - 1):
        _launch(flight, rest)

    assert _launch(flight, last := Ping("192.0.2.3")) == oldest

    request = flight.get(oldest)
    assert request is not None
    assert request.ping is last


async def test_a_forgotten_ping_takes_only_its_own_requests_along() -> None:
    """Forgetting one ping leaves the others in flight, even under a reused number."""
    flight, first, rest = InFlight(), Ping("192.0.2.1"), Ping("192.0.2.2")
    for _ in range(SEQUENCES):
        _launch(flight, first)
    reused = _launch(flight, rest)

    flight.forget(first)

    assert len(flight) == 1
    assert flight.get(reused) is not None


async def test_forgetting_twice_is_harmless() -> None:
    """A ping that was forgotten has nothing left to forget."""
    flight, ping = InFlight(), Ping("192.0.2.1")
    _launch(flight, ping)

    flight.forget(ping)
    flight.forget(ping)

    assert len(flight) == 0


async def test_all_pings_can_be_ended() -> None:
    """One outcome for everything that waits."""
    flight, ping = InFlight(), Ping("192.0.2.1")
    _launch(flight, ping)

    flight.finish("the end")

    assert await ping.outcome == "the end"
