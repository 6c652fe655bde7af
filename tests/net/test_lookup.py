"""Name lookups: which addresses, how long, and the words for failures."""

from __future__ import annotations

import asyncio
import gc
import socket
from typing import TYPE_CHECKING, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.clock import Deadline
from heartbeat.errors import CheckFailed
from heartbeat.net import ALL, ANY, Families, Lookup, name_server, resolve
from heartbeat.net import lookup as module
from heartbeat.net.dns import AAAA, A
from heartbeat.net.facts import ResolveFacts
from heartbeat.net.lookup import DOMAIN_NAME
from tests.support.clock import settle
from tests.support.resolving import FAULT, Servers, found, resolver

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from heartbeat.net import Network
    from tests.support.clock import FakeClock
    from tests.support.resolving import Said

    Answering: TypeAlias = Callable[..., Network]

BOTH = Families()
V4, V6 = ("10.0.0.1", "10.0.0.2"), ("::1", "::2")
DUAL = (*V4, *V6)
NINE = "1:2:3:4:5:6:7:8:53"


@pytest.fixture
def servers() -> Servers:
    """Return the name servers of the test."""
    return Servers()


@pytest.fixture
def answering(
    network: Network, clock: FakeClock, servers: Servers, tmp_path: Path
) -> Answering:
    """Return how to let the network's servers know addresses of a.test."""

    def answer(*addresses: str, both: Said = None, hosts: str = "") -> Network:
        for kind, mark in ((A, "."), (AAAA, ":")):
            own = [address for address in addresses if mark in address]
            servers.says["a.test.", kind] = both or found(*own)
        network.resolver.close()
        network.resolver = resolver(clock, servers, tmp_path, hosts=hosts)
        return network

    return answer


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
    answering: Answering, families: Families, expected: tuple[str, ...]
) -> None:
    """Of both families the first IPv4 address is taken, else the first there is."""
    lookup = await resolve(answering(*DUAL), "a.test", families, ANY)

    assert lookup.addresses == expected


async def test_mode_any_with_ipv6_alone(answering: Answering) -> None:
    """Without an IPv4 address the first other one is taken."""
    lookup = await resolve(answering(*V6), "a.test", BOTH, ANY)

    assert lookup.addresses == ("::1",)


async def test_mode_any_prefers_ipv4_of_the_hosts_file(answering: Answering) -> None:
    """The order of families does not depend on who knows the addresses."""
    network = answering(hosts="::1 a.test\n10.0.0.7 a.test")

    lookup = await resolve(network, "a.test", BOTH, ANY)

    assert lookup.addresses == ("10.0.0.7",)


@pytest.mark.parametrize(
    ("families", "expected"),
    [(BOTH, DUAL), (Families(ipv6=False), V4), (Families(ipv4=False), V6)],
)
async def test_mode_all(
    answering: Answering, families: Families, expected: tuple[str, ...]
) -> None:
    """All addresses of the wanted families are taken, in order."""
    lookup = await resolve(answering(*DUAL), "a.test", families, ALL)

    assert lookup.addresses == expected


@pytest.mark.parametrize(
    ("addresses", "expected"), [(DUAL, V4), (V6, V6)], ids=["both", "nothing else"]
)
async def test_a_machine_without_ipv6(
    answering: Answering,
    monkeypatch: pytest.MonkeyPatch,
    addresses: tuple[str, ...],
    expected: tuple[str, ...],
) -> None:
    """What this machine cannot speak is passed over, unless it is all there is."""

    def has_ipv4(family: int) -> bool:
        return family == socket.AF_INET

    monkeypatch.setattr(module, "has_family", has_ipv4)

    lookup = await resolve(answering(*addresses), "a.test", BOTH, ALL)

    assert lookup.addresses == expected


def test_the_families_of_this_machine() -> None:
    """A family that no socket can be had for is not there."""
    assert module.has_family(socket.AF_INET)
    assert not module.has_family(9999)


async def test_facts(answering: Answering, servers: Servers, clock: FakeClock) -> None:
    """A lookup leaves the address and the time it took, here none."""
    network = answering("10.0.0.1")

    async def ask(*args: object, **_: object) -> object:
        clock.jump(0.25)
        return servers.says[args[1]]  # type: ignore[index]

    network.resolver._ask = ask  # type: ignore[assignment]
    lookup = await resolve(network, "a.test", BOTH, ANY)
    again = await resolve(network, "a.test", BOTH, ANY)
    fields: dict[str, object] = {}
    for facts in lookup.facts("10.0.0.1"):
        facts.put(fields)

    assert again.facts("10.0.0.1") == (ResolveFacts("10.0.0.1", 0.0),)
    assert fields == {"resolve": {"ip": "10.0.0.1", "rtt": {"us": 250_000}}}


async def test_a_stale_answer_is_marked(
    answering: Answering, servers: Servers, clock: FakeClock
) -> None:
    """A document says when servers fail and an old answer stands in."""
    network = answering("10.0.0.1")
    await resolve(network, "a.test", BOTH, ANY)
    servers.says["a.test.", A] = FAULT
    clock.jump(61)
    lookup = await resolve(network, "a.test", BOTH, ANY)
    fields: dict[str, object] = {}
    for facts in lookup.facts("10.0.0.1"):
        facts.put(fields)

    assert fields["heartbeat"] == {"resolve": {"stale": True}}


@pytest.mark.parametrize(
    ("families", "mode", "expected"),
    [
        (Families(ipv4=False), ANY, "address a.test: no suitable address found"),
        (Families(ipv4=False), ALL, "no ip6 address resolvable for host a.test"),
        (
            Families(ipv4=False, ipv6=False),
            ANY,
            "pinging hosts requires ipv4 or ipv6 mode enabled",
        ),
    ],
)
async def test_no_address_of_the_family(
    answering: Answering, families: Families, mode: str, expected: str
) -> None:
    """A name without an address of the wanted family has words of its own."""
    assert await failure(answering("10.0.0.1"), "a.test", families, mode) == expected


async def test_no_ipv4_address(answering: Answering) -> None:
    """The family that was wanted is named."""
    message = await failure(answering("::1"), "a.test", Families(ipv6=False), ALL)

    assert message == "no ip4 address resolvable for host a.test"


async def test_a_missing_name(answering: Answering) -> None:
    """The error names the host as written and the server that said so."""
    message = await failure(answering(), "Gone.test")

    assert message == "lookup Gone.test on 10.0.0.53:53: no such host"


async def test_a_server_at_fault(answering: Answering) -> None:
    """A server that cannot tell is no missing name."""
    message = await failure(answering(both=FAULT), "a.test")

    assert message == "lookup a.test on 10.0.0.53:53: server misbehaving"


async def test_a_server_of_the_monitor(answering: Answering, servers: Servers) -> None:
    """The server that a monitor names is asked, and named in errors."""
    network = answering("10.0.0.1")
    families = Families(server="10.9.9.9:53")
    await resolve(network, "a.test", families, ANY)
    message = await failure(network, "gone.test", families)

    assert servers.asked[0] == ("10.9.9.9", "a.test.", A)
    assert message == "lookup gone.test on 10.9.9.9:53: no such host"


@pytest.mark.parametrize(
    "host",
    [
        "[::1]",
        "127.0.0.1:80",
        "127.1",
        "1234",
        "-a.test",
        "a..test",
        "a b",
        "",
        "ü" * 70,
    ],
)
async def test_names_that_are_never_asked_for(
    answering: Answering, servers: Servers, host: str
) -> None:
    """What cannot be a name is not sent to any server."""
    assert await failure(answering(), host) == f"lookup {host}: no such host"
    assert servers.asked == []


async def test_a_name_in_another_script(answering: Answering, servers: Servers) -> None:
    """A name in another script is asked for in its ASCII form."""
    message = await failure(answering(), "bücher.test")

    assert servers.names() == ["xn--bcher-kva.test."]
    assert message == "lookup bücher.test on 10.0.0.53:53: no such host"


@pytest.mark.parametrize(
    ("families", "within", "seconds", "server"),
    [
        (BOTH, 60.0, 5.0, "10.0.0.53:53"),
        (BOTH, 1.0, 1.0, "10.0.0.53:53"),
        (Families(server="[::9]:54"), 5.0, 5.0, "[::9]:54"),
    ],
)
async def test_a_lookup_has_a_limit(  # noqa: PLR0913, PLR0917 - a table's columns
    answering: Answering,
    clock: FakeClock,
    families: Families,
    within: float,
    seconds: float,
    server: str,
) -> None:
    """A lookup is given up after five seconds, or what the caller has left."""
    network = answering()

    async def ask(*args: object, **_: object) -> object:
        await Deadline(clock, 99).wait(asyncio.get_running_loop().create_future())
        return args

    network.resolver._ask = ask  # type: ignore[assignment]
    task = asyncio.ensure_future(
        resolve(network, "a.test", families, ANY, within=within)
    )
    await clock.advance(seconds)
    with pytest.raises(CheckFailed) as caught:
        await task

    assert str(caught.value) == f"lookup a.test on {server}: i/o timeout"


async def test_nothing_is_left_after_a_failed_lookup(answering: Answering) -> None:
    """A failed lookup leaves no cycle of references."""

    async def look_up() -> str:
        try:
            await resolve(network, "a.test", BOTH, ANY)
        except CheckFailed as failed:
            return failed.error.message
        return ""

    network = answering(both=FAULT)
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


async def test_the_names_of_this_machine(network: Network) -> None:
    """The machine's own hosts file is read."""
    lookup = await resolve(network, "localhost", Families(ipv6=False), ANY)

    assert lookup.addresses == ("127.0.0.1",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.53", "10.0.0.53:53"),
        ("10.0.0.53:5353", "10.0.0.53:5353"),
        ("::1", "[::1]:53"),
        ("[::1]", "[::1]:53"),
        ("[::1]:5353", "[::1]:5353"),
    ],
)
def test_name_servers(text: str, expected: str) -> None:
    """A name server is written with or without its port."""
    assert name_server(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "dns.test", "10.0.0.53:", "10.0.0.53:0", "10.0.0.53:70000", "x:53", NINE],
)
def test_what_is_no_name_server(text: str) -> None:
    """A server is an address, because somebody would have to look a name up."""
    with pytest.raises(ValueError, match="is no IP address, with or without a port"):
        name_server(text)


@given(st.text(max_size=300))
def test_any_text_is_a_name_or_not(text: str) -> None:
    """No text takes long or fails; labels are never longer than 63."""
    match = DOMAIN_NAME.match(text)

    assert match is None or max(map(len, text.split("."))) <= 63
