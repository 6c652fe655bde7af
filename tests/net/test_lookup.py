"""Name lookups: which addresses, how long, and the words for failures."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.errors import CheckFailed
from heartbeat.net import ALL, ANY, Families, Lookup, Network, resolve
from heartbeat.net.facts import ResolveFacts
from heartbeat.net.lookup import DOMAIN_NAME, Resolver, ask_system, name_server
from tests.support.clock import FakeClock, settle

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

BOTH = Families()
DUAL = ("::1", "10.0.0.1", "10.0.0.2", "::2")


@pytest.fixture
def resolv_conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file that names the name servers."""
    path = tmp_path / "resolv.conf"
    path.write_text(
        "# local\nsearch test\nnameserver 10.0.0.53\nnameserver 10.0.0.54\n"
    )
    monkeypatch.setattr("heartbeat.net.lookup.RESOLV_CONF", path)
    return path


def answering(network: Network, ask: Callable[[str], Sequence[str]]) -> Network:
    """Let a network ask a function instead of the system."""
    network.resolver.close()
    network.resolver = Resolver(network.clock, ask)
    return network


async def failure(
    network: Network, host: str, families: Families = BOTH, mode: str = ANY
) -> str:
    """Return the words of a lookup that fails."""
    with pytest.raises(CheckFailed) as caught:
        await resolve(network, host, families, mode)
    assert caught.value.error.code is None
    return caught.value.error.message


@pytest.mark.parametrize("mode", [ANY, ALL])
@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "fe80::1%lo"])
async def test_literals(network: Network, host: str, mode: str) -> None:
    """An address is not looked up, whatever families are wanted."""
    lookup = await resolve(network, host, Families(ipv4=False, ipv6=False), mode)

    assert lookup == Lookup((host,))
    assert lookup.facts(host) == ()


@pytest.mark.parametrize(
    ("families", "expected"),
    [
        (BOTH, ("10.0.0.1",)),
        (Families(ipv6=False), ("10.0.0.1",)),
        (Families(ipv4=False), ("::1",)),
    ],
)
async def test_mode_any(
    network: Network, families: Families, expected: tuple[str, ...]
) -> None:
    """Of both families the first IPv4 address is taken, else the first there is."""
    lookup = await resolve(answering(network, lambda _: DUAL), "a.test", families, ANY)

    assert lookup.addresses == expected


async def test_mode_any_with_ipv6_alone(network: Network) -> None:
    """Without an IPv4 address the first other one is taken."""
    lookup = await resolve(answering(network, lambda _: ("::2",)), "a.test", BOTH, ANY)

    assert lookup.addresses == ("::2",)


@pytest.mark.parametrize(
    ("families", "expected"),
    [
        (BOTH, DUAL),
        (Families(ipv6=False), ("10.0.0.1", "10.0.0.2")),
        (Families(ipv4=False), ("::1", "::2")),
    ],
)
async def test_mode_all(
    network: Network, families: Families, expected: tuple[str, ...]
) -> None:
    """All addresses of the wanted families are taken, in order."""
    lookup = await resolve(answering(network, lambda _: DUAL), "a.test", families, ALL)

    assert lookup.addresses == expected


async def test_facts(network: Network, clock: FakeClock) -> None:
    """A lookup leaves the address and the time it took."""

    def ask(_: str) -> Sequence[str]:
        clock.jump(0.25)
        return ("10.0.0.1",)

    lookup = await resolve(answering(network, ask), "a.test", BOTH, ANY)
    fields: dict[str, object] = {}
    for facts in lookup.facts("10.0.0.1"):
        facts.put(fields)

    assert lookup.facts("10.0.0.1") == (ResolveFacts("10.0.0.1", 0.25),)
    assert fields == {"resolve": {"ip": "10.0.0.1", "rtt": {"us": 250_000}}}


@pytest.mark.parametrize(
    ("families", "mode", "expected"),
    [
        (Families(ipv4=False), ANY, "address a.test: no suitable address found"),
        (
            Families(ipv4=False),
            ALL,
            "no ip6 address resolvable for host a.test",
        ),
        (
            Families(ipv4=False, ipv6=False),
            ANY,
            "pinging hosts requires ipv4 or ipv6 mode enabled",
        ),
    ],
)
async def test_no_address_of_the_family(
    network: Network, families: Families, mode: str, expected: str
) -> None:
    """A name without an address of the wanted family has words of its own."""
    network = answering(network, lambda _: ("10.0.0.1",))

    assert await failure(network, "a.test", families, mode) == expected


@pytest.mark.parametrize(
    ("families", "expected"),
    [
        (BOTH, "no ip address resolvable for host a.test"),
        (Families(ipv6=False), "no ip4 address resolvable for host a.test"),
    ],
)
async def test_no_address_at_all(
    network: Network, families: Families, expected: str
) -> None:
    """The families that were wanted are named."""
    network = answering(network, lambda _: ())

    assert await failure(network, "a.test", families, ALL) == expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (socket.gaierror(socket.EAI_NONAME, "x"), "no such host"),
        (socket.gaierror(socket.EAI_NODATA, "x"), "no such host"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), "server misbehaving"),
        (socket.gaierror(socket.EAI_FAIL, "x"), "server misbehaving"),
        (socket.gaierror(socket.EAI_MEMORY, "Out of memory"), "out of memory"),
        (OSError("Odd"), "odd"),
    ],
)
@pytest.mark.usefixtures("resolv_conf")
async def test_failed_lookups(network: Network, error: OSError, expected: str) -> None:
    """Failures name the host, the first name server and the cause."""

    def ask(_: str) -> Sequence[str]:
        raise error

    message = await failure(answering(network, ask), "a.test")

    assert message == f"lookup a.test on 10.0.0.53:53: {expected}"


@pytest.mark.parametrize(
    "host", ["[::1]", "127.0.0.1:80", "127.1", "1234", "-a.test", "a..test", "a b", ""]
)
async def test_names_that_are_never_asked_for(network: Network, host: str) -> None:
    """What cannot be a name is not sent to any server."""
    assert await failure(network, host) == f"lookup {host}: no such host"


@pytest.mark.usefixtures("resolv_conf")
async def test_a_name_in_another_script(network: Network) -> None:
    """A name in another script is asked for in its own way."""
    asked: list[str] = []

    def ask(host: str) -> Sequence[str]:
        asked.append(host)
        return ("10.0.0.1",)

    await resolve(answering(network, ask), "bücher.test", BOTH, ANY)

    assert asked == ["bücher.test"]


class Gate:
    """A resolver that answers when it may."""

    def __init__(self) -> None:
        """Count the questions."""
        self.questions = 0
        self.opened = threading.Event()

    def ask(self, _: str) -> Sequence[str]:
        """Wait, then answer."""
        self.questions += 1
        self.opened.wait()
        return ("10.0.0.1",)


@pytest.fixture
def gate() -> Generator[Gate]:
    """Return a resolver that is let go at the end at the latest."""
    gate = Gate()
    yield gate
    gate.opened.set()


async def test_lookups_of_one_name_are_shared(network: Network, gate: Gate) -> None:
    """Whoever asks for a name that is being looked up waits for that answer."""
    network = answering(network, gate.ask)
    lookups = [
        asyncio.ensure_future(resolve(network, "a.test", BOTH, ANY)) for _ in range(3)
    ]
    await settle()
    gate.opened.set()

    found = {(await lookup).addresses for lookup in lookups}

    assert (found, gate.questions) == ({("10.0.0.1",)}, 1)


@pytest.mark.usefixtures("resolv_conf")
async def test_a_lookup_has_a_limit(
    network: Network, clock: FakeClock, gate: Gate
) -> None:
    """A lookup is given up after five seconds, and its late answer dropped."""
    task = asyncio.ensure_future(failure(answering(network, gate.ask), "a.test"))
    await clock.advance(5.0)
    message = await task
    gate.opened.set()
    again = await resolve(network, "a.test", BOTH, ANY)

    assert message == "lookup a.test on 10.0.0.53:53: i/o timeout"
    assert again.addresses == ("10.0.0.1",)


async def test_a_cancelled_lookup_leaves_the_others(
    network: Network, gate: Gate
) -> None:
    """Whoever stops waiting does not take the answer from the others."""
    network = answering(network, gate.ask)
    first, second = (
        asyncio.ensure_future(resolve(network, "a.test", BOTH, ANY)) for _ in range(2)
    )
    await settle()
    first.cancel()
    await settle()
    gate.opened.set()

    assert (await second).addresses == ("10.0.0.1",)
    assert first.cancelled()


async def test_nothing_is_left_after_a_failed_lookup(network: Network) -> None:
    """A failed lookup leaves no cycle of references."""

    def ask(_: str) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "x")

    async def look_up() -> str:
        try:
            await resolve(network, "a.test", BOTH, ANY)
        except CheckFailed as failed:
            return failed.error.message
        return ""

    network = answering(network, ask)
    await look_up()
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            await look_up()
        await settle()
        left = gc.collect()
    finally:
        gc.enable()

    assert left == 0


def test_an_answer_after_the_end_of_the_loop(clock: FakeClock, gate: Gate) -> None:
    """An answer that comes when everything is over disturbs nobody."""
    resolver = Resolver(clock, gate.ask)
    before = set(threading.enumerate())

    async def ask() -> None:
        asyncio.ensure_future(resolver.addresses("a.test")).cancel()
        lookup = asyncio.ensure_future(resolver.addresses("a.test"))
        await settle()
        lookup.cancel()

    asyncio.run(ask())
    gate.opened.set()
    resolver.close()
    for thread in before ^ set(threading.enumerate()):
        thread.join()

    assert gate.questions == 1


def test_the_systems_resolver_knows_localhost() -> None:
    """The system's own resolver is asked, each address comes once."""
    found = ask_system("localhost")

    assert "127.0.0.1" in found
    assert len(found) == len(set(found))


def test_a_name_that_cannot_be_encoded() -> None:
    """A name that no protocol can carry does not exist."""
    with pytest.raises(socket.gaierror) as caught:
        ask_system(f"ü{'a' * 70}.test")

    assert caught.value.errno == socket.EAI_NONAME


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nameserver 10.0.0.53\n", "10.0.0.53:53"),
        ("nameserver ::1\n", "[::1]:53"),
        ("nameserver\noptions ndots:1\n", "127.0.0.1:53"),
        ("", "127.0.0.1:53"),
    ],
)
def test_the_name_server(resolv_conf: Path, text: str, expected: str) -> None:
    """The first name server of the file counts, else the local one."""
    resolv_conf.write_text(text)

    assert name_server(resolv_conf) == expected


def test_no_resolv_conf(tmp_path: Path) -> None:
    """Without the file the local name server is meant."""
    assert name_server(tmp_path / "missing") == "127.0.0.1:53"


@given(st.text(max_size=300))
def test_any_text_is_a_name_or_not(text: str) -> None:
    """No text takes long or fails; labels are never longer than 63."""
    match = DOMAIN_NAME.match(text)

    assert match is None or max(map(len, text.split("."))) <= 63
