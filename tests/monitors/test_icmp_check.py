"""One ping, from options to facts, over a scripted socket."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.clock import Deadline
from heartbeat.config import MonitorSpec, Section
from heartbeat.errors import CheckError, ConfigError, ErrorType
from heartbeat.monitors import icmp
from heartbeat.monitors.icmp.check import IcmpCheck, host_url
from heartbeat.monitors.icmp.flight import Ping
from heartbeat.monitors.icmp.sockets import EchoSockets
from heartbeat.monitors.icmp.system import Manner
from heartbeat.net import Lookup, Network
from heartbeat.schedule import parse
from tests.support.clock import FakeClock, settle
from tests.support.ping import ScriptedSockets, refusal, reply, stamped

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from heartbeat.event import Fields, Result

HOST = "192.0.2.7"


def _built(network: Network, **options: Any) -> list[IcmpCheck]:
    spec = MonitorSpec(
        id="ping",
        name="",
        type="icmp",
        plugin="icmp",
        schedule=parse("@every 10s", None),
        options=Section({"type": "icmp", **options}),
    )
    return [
        check for check in icmp.build(spec, network) if isinstance(check, IcmpCheck)
    ]


@pytest.fixture
def clock() -> FakeClock:
    """Return a clock that a test moves."""
    return FakeClock()


@pytest.fixture
async def network(clock: FakeClock) -> AsyncIterator[Network]:
    """Return a network of its own."""
    network = Network(clock)
    yield network
    await network.close()


@pytest.fixture
def raw(network: Network) -> ScriptedSockets:
    """Return where the network's sockets come from."""
    scripted = ScriptedSockets()
    network.shared(EchoSockets.of).opener = scripted
    return scripted


async def _results(check: IcmpCheck, clock: FakeClock) -> list[Result]:
    deadline = Deadline(clock, check.timeout)
    return [result async for result in check.run(deadline)]


def _fields(result: Result) -> Fields:
    fields: Fields = {}
    for facts in result.facts:
        facts.put(fields)
    return fields


async def test_an_answer_is_up(
    network: Network, raw: ScriptedSockets, clock: FakeClock
) -> None:
    """The facts are how many requests and how long the answer took."""
    (check,) = _built(network, hosts=HOST)
    running = asyncio.ensure_future(_results(check, clock))
    await settle()
    clock.jump(0.25)
    raw.last.arrive(reply(raw.last.sent[0][0]), HOST)

    (result,) = await running

    assert (result.ip, result.error) == (HOST, None)
    assert _fields(result) == {"icmp": {"requests": 1, "rtt": {"us": 250_000}}}


async def test_an_answer_that_waited_for_us_is_no_slower(
    network: Network, raw: ScriptedSockets, clock: FakeClock
) -> None:
    """What passes between its arrival and our noticing it is lost."""
    (check,) = _built(network, hosts=HOST)
    deadline = Deadline(clock, check.timeout)
    running = asyncio.ensure_future(anext(aiter(check.run(deadline))))
    await settle()
    came_ns = clock.now() + 50_000_000
    clock.jump(0.25)
    raw.last.arrive(reply(raw.last.sent[0][0]), HOST, stamped(came_ns))
    await running

    assert deadline.lost == pytest.approx(0.2)


async def test_a_request_is_repeated_every_wait(
    network: Network, raw: ScriptedSockets, clock: FakeClock
) -> None:
    """Another request goes out each `wait`, the first answer ends the ping."""
    (check,) = _built(network, hosts=HOST, wait="200ms")
    running = asyncio.ensure_future(_results(check, clock))
    await clock.advance(0.5)

    raw.last.arrive(reply(raw.last.sent[2][0]), HOST)

    (result,) = await running
    assert _fields(result) == {"icmp": {"requests": 3, "rtt": {"us": 100_000}}}
    assert clock.timers == 0


async def test_a_count_is_sent_whatever_is_answered(
    network: Network, raw: ScriptedSockets, clock: FakeClock
) -> None:
    """With a count there are figures; the check ends with the last answer."""
    (check,) = _built(network, hosts=HOST, count=3, interval="250ms")
    running = asyncio.ensure_future(_results(check, clock))
    for seconds in (0.125, 0.03125, 0.0625):
        await clock.advance(seconds)
        raw.last.arrive(reply(raw.last.sent[-1][0]), HOST)
        await clock.advance(0.25 - seconds)

    (result,) = await running

    assert result.error is None
    assert _fields(result) == {
        "icmp": {"requests": 3, "rtt": {"us": 72_916}},
        "heartbeat": {
            "icmp": {
                "sent": 3,
                "received": 3,
                "duplicates": 0,
                "loss": 0.0,
                "rtt": {
                    "min": {"us": 31_250},
                    "avg": {"us": 72_916},
                    "max": {"us": 125_000},
                    "mdev": {"us": 38_975},
                },
                "jitter": {"us": 62_500},
            }
        },
    }
    assert clock.timers == 0


async def test_the_last_of_a_count_is_waited_for(
    network: Network, raw: ScriptedSockets, clock: FakeClock
) -> None:
    """`wait` after the last request the ping is over, and what is missing is lost."""
    (check,) = _built(network, hosts=HOST, count=4, interval="100ms", wait="500ms")
    running = asyncio.ensure_future(_results(check, clock))
    await settle()
    raw.last.arrive(reply(raw.last.sent[0][0]), HOST)
    await clock.advance(0.8)

    (result,) = await running

    assert result.error is None
    assert _fields(result)["heartbeat"]["icmp"]["loss"] == 75.0
    assert "jitter" not in _fields(result)["heartbeat"]["icmp"]
    assert len(raw.last.sent) == 4


async def test_a_count_without_any_answer_is_a_timeout(
    network: Network, raw: ScriptedSockets, clock: FakeClock
) -> None:
    """All lost is no figure above a limit: the host does not answer."""
    (check,) = _built(network, hosts=HOST, count=2, max_loss=10, max_rtt="1s")
    running = asyncio.ensure_future(_results(check, clock))
    await clock.advance(2)

    (result,) = await running

    assert result.error == CheckError(ErrorType.IO, "ping timeout")
    assert _fields(result) == {
        "icmp": {"requests": 2},
        "heartbeat": {
            "icmp": {"sent": 2, "received": 0, "duplicates": 0, "loss": 100.0}
        },
    }
    assert len(raw.last.sent) == 2


async def test_the_deadline_ends_a_count(
    network: Network, raw: ScriptedSockets, clock: FakeClock
) -> None:
    """What was answered by then counts; the last request had less time than `wait`."""
    options = {"count": 2, "interval": "1s", "wait": "9s", "timeout": "1.5s"}
    (check,) = _built(network, hosts=HOST, **options)
    running = asyncio.ensure_future(_results(check, clock))
    await settle()
    raw.last.arrive(reply(raw.last.sent[0][0]), HOST)
    await clock.advance(1.5)

    (result,) = await running

    assert result.error is None
    assert _fields(result)["heartbeat"]["icmp"]["loss"] == 50.0


async def test_figures_above_their_limits_are_down(
    network: Network, raw: ScriptedSockets, clock: FakeClock
) -> None:
    """The error names every figure and its limit."""
    limits = {"max_loss": "20%", "max_rtt": "99ms"}
    (check,) = _built(network, hosts=HOST, count=2, interval="200ms", **limits)
    running = asyncio.ensure_future(_results(check, clock))
    await clock.advance(0.1)
    raw.last.arrive(reply(raw.last.sent[0][0]), HOST)
    await clock.advance(1.1)

    (result,) = await running

    assert result.error == CheckError(
        ErrorType.VALIDATE,
        "packet loss of 50% (1 of 2) exceeds max_loss of 20%; also: "
        "average round trip of 100ms exceeds max_rtt of 99ms",
    )


async def test_a_slow_answer_can_be_down_without_a_count(
    network: Network, raw: ScriptedSockets, clock: FakeClock
) -> None:
    """`max_rtt` holds for the one answer, too."""
    (check,) = _built(network, hosts=HOST, max_rtt="249ms")
    running = asyncio.ensure_future(_results(check, clock))
    await settle()
    clock.jump(0.25)
    raw.last.arrive(reply(raw.last.sent[0][0]), HOST)

    (result,) = await running

    assert result.error == CheckError(
        ErrorType.VALIDATE, "average round trip of 250ms exceeds max_rtt of 249ms"
    )
    assert _fields(result) == {"icmp": {"requests": 1, "rtt": {"us": 250_000}}}


async def test_requests_are_as_the_options_say(
    network: Network, raw: ScriptedSockets, clock: FakeClock
) -> None:
    """Size is a matter of the packet, reach and wholeness of the socket."""
    (check,) = _built(network, hosts=HOST, size=9, ttl=3, df=True, timeout=1)
    running = asyncio.ensure_future(_results(check, clock))
    await clock.advance(1)
    await running

    packet, _ = raw.last.sent[0]
    assert len(packet) == 8 + 9
    assert raw.manners == [Manner(ttl=3, df=True)]


async def test_silence_is_a_timeout(
    network: Network, raw: ScriptedSockets, clock: FakeClock
) -> None:
    """Without any word the ping ends at the deadline; what was sent is told."""
    (check,) = _built(network, hosts=HOST, timeout=2.5)
    running = asyncio.ensure_future(_results(check, clock))
    await clock.advance(2.5)

    (result,) = await running

    assert result.error == CheckError(ErrorType.IO, "ping timeout")
    assert _fields(result) == {"icmp": {"requests": 3}}
    assert len(raw.last.sent) == 3


async def test_a_timeout_leaves_no_garbage(
    network: Network, raw: ScriptedSockets, clock: FakeClock
) -> None:
    """A ping that fails is freed at once, not by the garbage collector."""
    (check,) = _built(network, hosts=HOST, timeout=0.5)
    gc.collect()
    gc.disable()
    try:
        running = asyncio.ensure_future(_results(check, clock))
        await clock.advance(0.5)
        await running
        del running
        left = [each for each in gc.get_objects() if isinstance(each, Ping)]
    finally:
        gc.enable()

    assert len(raw.last.sent) == 1
    assert left == []


async def test_the_reason_of_a_failure_is_told(
    network: Network, raw: ScriptedSockets, clock: FakeClock
) -> None:
    """A router's word is waited out, and told if nothing better comes."""
    (check,) = _built(network, hosts=HOST, timeout=0.5)
    running = asyncio.ensure_future(_results(check, clock))
    await settle()
    raw.last.arrive(refusal(4, 3, 1, raw.last.sent[0][0], HOST), "192.0.2.254")
    await clock.advance(0.5)

    (result,) = await running

    assert result.error == CheckError(
        ErrorType.IO, "ping failed: destination host unreachable from 192.0.2.254"
    )


async def test_a_failed_send_ends_the_ping(
    network: Network, raw: ScriptedSockets, clock: FakeClock
) -> None:
    """Where nothing can be sent there is nothing to wait for or to tell."""
    network.shared(EchoSockets.of).to(HOST)
    raw.last.refusals.append(OSError(101, "Network is unreachable"))
    (check,) = _built(network, hosts=HOST)

    (result,) = await _results(check, clock)

    assert result.error == CheckError(
        ErrorType.IO,
        "could not write to conn: write ip4 0.0.0.0->192.0.2.7: "
        "sendto: network is unreachable",
    )
    assert _fields(result) == {}


async def test_missing_privileges_are_a_failure_of_the_check(
    network: Network, raw: ScriptedSockets, clock: FakeClock
) -> None:
    """The check runs and reports; nothing is raised when it is built."""
    raw.failures.append(PermissionError())
    (check,) = _built(network, hosts=HOST)

    (result,) = await _results(check, clock)

    assert result.error is not None
    assert result.error.message.startswith("Insufficient privileges")


async def test_a_cancelled_ping_is_forgotten(
    network: Network, raw: ScriptedSockets, clock: FakeClock
) -> None:
    """Nothing is left behind: no timer, no request in flight."""
    (check,) = _built(network, hosts=HOST)
    running = asyncio.ensure_future(_results(check, clock))
    await settle()

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert len(raw.last.sent) == 1
    assert clock.timers == 0
    assert network.shared(EchoSockets.of).to(HOST).in_flight == 0


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("192.0.2.7", {"full": "icmp://192.0.2.7", "domain": "192.0.2.7"}),
        ("::1", {"full": "icmp://[::1]", "domain": "::1"}),
        ("LOCALHOST", {"full": "icmp://LOCALHOST", "domain": "LOCALHOST"}),
        ("h:80", {"full": "icmp://h:80", "domain": "h", "port": 80}),
        (
            "icmp://h",
            {"full": "icmp://icmp://h", "domain": "icmp", "path": "//h"},
        ),
    ],
)
def test_the_url_of_a_host(host: str, expected: Fields) -> None:
    """An IPv6 address has brackets in the URL and no port; the rest is as written."""
    assert host_url(host) == {"scheme": "icmp", **expected}


@pytest.mark.parametrize("host", ["h:99999", "[::1", "h:x"])
def test_a_host_that_is_no_part_of_a_url(host: str) -> None:
    """What cannot even be shown as a URL is refused."""
    with pytest.raises(ConfigError, match="could not parse icmp host"):
        host_url(host)


async def test_brackets_are_optional(network: Network) -> None:
    """`[::1]` and `::1` are the same address, and each host is a check."""
    bare, bracketed = _built(network, hosts=["::1", "[::1]"])

    assert bare.url == bracketed.url
    assert bracketed.find == Lookup(("::1",))


async def test_brackets_do_not_make_a_name_an_address(network: Network) -> None:
    """Brackets around anything else are part of the name."""
    with pytest.raises(ConfigError, match="could not parse icmp host"):
        _built(network, hosts="[name]")
