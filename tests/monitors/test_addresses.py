"""The walk over a host's addresses."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest

from heartbeat.clock import Deadline
from heartbeat.config import Section
from heartbeat.errors import CheckError, CheckFailed, ConfigError, ErrorType
from heartbeat.monitors.addresses import (
    AddressOptions,
    ConnectOptions,
    Find,
    Probe,
    each_address,
    finder,
    left_to_proxy,
)
from heartbeat.net import Families, Lookup, Network
from tests.support.clock import FakeClock, settle

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from heartbeat.event import Facts, Fields, Result

REFUSED = CheckFailed.io("refused")


@dataclass(frozen=True)
class Seen:
    """A fact of the probe: which address it saw."""

    address: str

    def put(self, fields: Fields) -> None:
        """Write it."""
        fields["seen"] = self.address


@dataclass
class Gate:
    """A probe that waits at each address until a test lets it go on."""

    deadlines: dict[str, Deadline] = field(default_factory=dict[str, Deadline])
    waiting: dict[str, asyncio.Future[None]] = field(
        default_factory=dict[str, "asyncio.Future[None]"]
    )

    async def probe(self, address: str, deadline: Deadline, facts: list[Facts]) -> None:
        """Note the address and wait."""
        facts.append(Seen(address))
        self.deadlines[address] = deadline
        self.waiting[address] = asyncio.get_running_loop().create_future()
        try:
            await deadline.wait(self.waiting[address])
        except TimeoutError as error:
            raise CheckFailed.io("too late") from error


async def _up(address: str, deadline: Deadline, facts: list[Facts]) -> None:
    del deadline
    facts.append(Seen(address))


async def _down(address: str, deadline: Deadline, facts: list[Facts]) -> None:
    await _up(address, deadline, facts)
    raise REFUSED


async def _one() -> Lookup:
    return Lookup(("192.0.2.1",))


async def _two() -> Lookup:
    return Lookup(("192.0.2.1", "192.0.2.2"), 0.001)


async def _none() -> Lookup:
    raise CheckFailed.io("lookup nobody: no such host")


@pytest.fixture
def clock() -> FakeClock:
    """Return a clock that a test moves."""
    return FakeClock()


def _walk(probe: Probe, find: Find, clock: FakeClock) -> AsyncGenerator[Result, None]:
    found = each_address(find, probe, Deadline(clock, 5), clock)
    return cast("AsyncGenerator[Result, None]", found)


async def test_a_failed_lookup_is_the_only_result(clock: FakeClock) -> None:
    """Nothing is known but the error."""
    (result,) = [each async for each in _walk(_up, _none, clock)]

    expected = CheckError(ErrorType.IO, "lookup nobody: no such host")
    assert (result.ip, result.error, result.facts) == (None, expected, ())


async def test_one_address_gives_one_result(clock: FakeClock) -> None:
    """The common case: an address that is up."""
    (result,) = [each async for each in _walk(_up, _one, clock)]

    assert (result.ip, result.error) == ("192.0.2.1", None)
    assert result.facts == [Seen("192.0.2.1")]


async def test_facts_of_a_failure_are_kept(clock: FakeClock) -> None:
    """What the probe learned before it failed is reported."""
    (result,) = [each async for each in _walk(_down, _one, clock)]

    assert (result.ip, result.error) == ("192.0.2.1", REFUSED.error)
    assert result.facts == [Seen("192.0.2.1")]


async def test_the_lookup_comes_first_among_the_facts(clock: FakeClock) -> None:
    """Every result of a name says how it was found."""
    results = [each async for each in _walk(_up, _two, clock)]

    fields: list[Fields] = []
    for result in results:
        document: Fields = {}
        for facts in result.facts:
            facts.put(document)
        fields.append(document)
    assert sorted(document["resolve"]["ip"] for document in fields) == [
        "192.0.2.1",
        "192.0.2.2",
    ]
    assert [document["seen"] for document in fields] == [
        document["resolve"]["ip"] for document in fields
    ]


async def test_a_single_address_uses_the_deadline_given(clock: FakeClock) -> None:
    """The time starts when the address is known and stops with the result."""
    gate = Gate()
    walk = _walk(gate.probe, _one, clock)
    first = asyncio.ensure_future(anext(walk))
    await clock.advance(5)

    assert (await first).error == CheckError(ErrorType.IO, "too late")
    assert clock.timers == 0


async def test_results_come_in_the_order_of_their_ends(clock: FakeClock) -> None:
    """Addresses are probed at the same time; the fastest comes first."""
    gate = Gate()
    walk = _walk(gate.probe, _two, clock)
    first = asyncio.ensure_future(anext(walk))
    await settle()

    gate.waiting["192.0.2.2"].set_result(None)
    assert (await first).ip == "192.0.2.2"

    gate.waiting["192.0.2.1"].set_result(None)
    assert (await anext(walk)).ip == "192.0.2.1"


async def test_each_address_has_a_deadline_of_its_own(clock: FakeClock) -> None:
    """Several addresses do not share one wait."""
    gate = Gate()
    walk = _walk(gate.probe, _two, clock)
    first = asyncio.ensure_future(anext(walk))
    await clock.advance(5)

    errors = [(await first).error, (await anext(walk)).error]

    assert errors == [CheckError(ErrorType.IO, "too late")] * 2
    assert gate.deadlines["192.0.2.1"] is not gate.deadlines["192.0.2.2"]
    assert clock.timers == 0


async def test_who_stops_listening_stops_the_probes(clock: FakeClock) -> None:
    """Closing the walk leaves no probe running."""
    gate = Gate()
    walk = _walk(gate.probe, _two, clock)
    first = asyncio.ensure_future(anext(walk))
    await settle()
    gate.waiting["192.0.2.1"].set_result(None)
    await first

    await walk.aclose()

    assert gate.waiting["192.0.2.2"].cancelled()
    assert clock.timers == 0


async def test_cancelling_stops_the_probes(clock: FakeClock) -> None:
    """A cancelled check leaves no probe running."""
    gate = Gate()
    first = asyncio.ensure_future(anext(_walk(gate.probe, _two, clock)))
    await settle()

    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first

    assert all(waiting.cancelled() for waiting in gate.waiting.values())


async def test_a_fault_of_the_probe_is_raised(clock: FakeClock) -> None:
    """What is no verdict on the target is not turned into one."""

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await anext(_walk(broken, _two, clock))


async def test_a_literal_needs_no_lookup(clock: FakeClock) -> None:
    """An address is its own answer, without facts, whatever the families."""
    network = Network(clock)
    options = AddressOptions(ipv4=False, ipv6=False)

    lookup = finder(network, "192.0.2.1", options)

    assert lookup == Lookup(("192.0.2.1",))
    assert Lookup(("192.0.2.1",)).facts("192.0.2.1") == ()
    await network.close()


async def test_a_name_is_looked_up(clock: FakeClock) -> None:
    """A name becomes an address, and the lookup a fact."""
    network = Network(clock)

    find = finder(network, "localhost", AddressOptions())
    assert not isinstance(find, Lookup)
    lookup = await find()

    assert lookup.addresses in {("127.0.0.1",), ("::1",)}
    assert len(lookup.facts(lookup.addresses[0])) == 1
    await network.close()


async def test_a_name_needs_a_family(clock: FakeClock) -> None:
    """With both families off there is nowhere to go."""
    network = Network(clock)

    with pytest.raises(
        ConfigError, match="pinging hosts requires ipv4 or ipv6 mode enabled"
    ):
        finder(network, "localhost", AddressOptions(ipv4=False, ipv6=False))
    await network.close()


def test_options_choose_families() -> None:
    """The switches become the families of the lookup."""
    options = Section({"ipv6": False}).unpack(AddressOptions)

    assert options.families() == Families(ipv4=True, ipv6=False)


@pytest.mark.parametrize(
    ("written", "expected"), [("3s", 3.0), (0.5, 0.5), (0, 16.0), (None, 16.0)]
)
def test_no_timeout_means_the_default(written: object, expected: float) -> None:
    """Zero is not without limit: nothing may take for ever."""
    assert Section({"timeout": written}).unpack(AddressOptions).timeout == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"mode": "both"}, "expecting 'any' or 'all', not 'both'"),
        ({"timeout": "-1s"}, "a timeout cannot be negative, but this is -1s"),
    ],
)
def test_options_that_cannot_work(options: dict[str, Any], expected: str) -> None:
    """Each mistake is named."""
    with pytest.raises(ConfigError, match=expected):
        Section(options).unpack(AddressOptions)


@pytest.mark.parametrize(
    ("host", "ip"), [("web.test", None), ("10.0.0.1", "10.0.0.1"), ("::1", "::1")]
)
async def test_what_is_left_to_a_proxy(
    clock: FakeClock, host: str, ip: str | None
) -> None:
    """A name is probed as it is; nobody here knows its address."""
    (result,) = [each async for each in _walk(_up, left_to_proxy(host), clock)]

    assert (result.ip, result.facts) == (ip, [Seen(host)])


class TestResolver:
    """`resolver`."""

    @pytest.mark.parametrize(
        ("written", "expected"),
        [("", ""), ("10.0.0.53", "10.0.0.53:53"), ("[::1]:5353", "[::1]:5353")],
    )
    def test_a_server_of_its_own(self, written: str, expected: str) -> None:
        """The server comes with the families, port included."""
        options = Section({"resolver": written}).unpack(AddressOptions)

        assert options.families() == Families(server=expected)

    def test_what_is_no_server(self) -> None:
        """A server is named by address."""
        with pytest.raises(ConfigError, match=r"resolver: 'dns.test' is no IP address"):
            Section({"resolver": "dns.test"}).unpack(AddressOptions)


class TestSourceAddress:
    """`source_address`."""

    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ("", Families()),
            ("10.0.0.1", Families(ipv6=False)),
            ("::1", Families(ipv4=False)),
        ],
    )
    def test_the_families_it_reaches(self, source: str, expected: Families) -> None:
        """Names are looked up for addresses that can be reached from there."""
        options = Section({"source_address": source}).unpack(ConnectOptions)

        assert options.families() == expected

    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            ({"source_address": "eth0"}, "source_address: 'eth0' is no IP address"),
            (
                {"source_address": "::1", "ipv6": False},
                "source_address is of a family that is switched off",
            ),
        ],
    )
    def test_what_cannot_work(self, written: dict[str, Any], expected: str) -> None:
        """Each mistake is named."""
        with pytest.raises(ConfigError, match=expected):
            Section(written).unpack(ConnectOptions)
