"""The TCP monitor: what a check does at an address and says about it."""

from __future__ import annotations

import asyncio
import errno
import os
import re
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.clock import Deadline, SystemClock
from heartbeat.config import MonitorSpec, Section
from heartbeat.errors import CheckError, ConfigError, ErrorCode, ErrorType
from heartbeat.monitors import tcp
from heartbeat.monitors.tcp import TcpCheck
from heartbeat.net import Network
from heartbeat.schedule import parse
from tests.support.certificates import good, root, server_context
from tests.support.clock import FakeClock, settle
from tests.support.servers import (
    echo,
    hang_up,
    refused_port,
    reset,
    say,
    say_and_go,
    serve,
    silence,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from heartbeat.clock import Clock
    from heartbeat.event import Fields, Result

MISMATCH = CheckError(ErrorType.VALIDATE, "received string mismatch")


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    """Return a network of its own, on the system's clock."""
    network = Network(SystemClock())
    yield network
    await network.close()


def _built(network: Network, **options: Any) -> list[TcpCheck]:
    spec = MonitorSpec(
        id="port",
        name="",
        type="tcp",
        plugin="tcp",
        schedule=parse("@every 10s", None),
        options=Section({"type": "tcp", **options}),
    )
    return [check for check in tcp.build(spec, network) if isinstance(check, TcpCheck)]


async def _results(check: TcpCheck, clock: Clock) -> list[Result]:
    deadline = Deadline(clock, check.timeout)
    return [result async for result in check.run(deadline)]


async def _checked(network: Network, port: int, **options: Any) -> Result:
    (check,) = _built(network, hosts=f"127.0.0.1:{port}", **options)
    (result,) = await _results(check, network.clock)
    return result


def _names(result: Result) -> set[str]:
    """Return the dotted names of the durations among the facts."""
    fields: Fields = {}
    for facts in result.facts:
        facts.put(fields)
    rtt = fields.get("tcp", {}).get("rtt", {})
    assert all(isinstance(duration["us"], int) for duration in rtt.values())
    return set(rtt)


class TestConnecting:
    """Without `check`, a connection is enough."""

    async def test_a_connection_is_up(self, network: Network) -> None:
        """A server that says nothing is up."""
        async with serve(silence) as port:
            result = await _checked(network, port)

        assert (result.ip, result.error) == ("127.0.0.1", None)
        assert _names(result) == {"connect"}

    @pytest.mark.parametrize("talk", [hang_up, reset])
    async def test_nothing_is_read(self, network: Network, talk: Any) -> None:
        """What the server does after accepting is of no interest."""
        async with serve(talk) as port:
            result = await _checked(network, port)

        assert result.error is None

    async def test_a_refused_connection_is_down(self, network: Network) -> None:
        """The error is coded and names the address twice; there are no facts."""
        port = refused_port()

        result = await _checked(network, port)

        assert result.error == CheckError(
            ErrorType.IO,
            f"Could not connect to '127.0.0.1:{port}' with error: "
            f"dial tcp 127.0.0.1:{port}: connect: connection refused",
            ErrorCode.NET_COULD_NOT_CONNECT,
        )
        assert result.facts == []

    async def test_a_name_is_resolved(self, network: Network) -> None:
        """The facts of a name begin with the lookup."""
        async with serve(silence) as port:
            (check,) = _built(network, hosts=f"localhost:{port}", ipv6=False)
            (result,) = await _results(check, network.clock)

        fields: Fields = {}
        for facts in result.facts:
            facts.put(fields)
        assert (result.ip, result.error) == ("127.0.0.1", None)
        assert fields["resolve"]["ip"] == "127.0.0.1"

    async def test_an_ipv6_literal_is_dialled(self, network: Network) -> None:
        """Brackets are for the configuration only."""
        async with serve(silence, host="::1") as port:
            (check,) = _built(network, hosts=f"[::1]:{port}")
            (result,) = await _results(check, network.clock)

        assert (result.ip, result.error) == ("::1", None)


class TestData:
    """`check.send` and `check.receive`."""

    @pytest.mark.parametrize(
        ("talk", "check", "error"),
        [
            (echo, {"send": "ruok", "receive": "ruok"}, None),
            (say(b"HELLO\r\nmore"), {"receive": "HELLO\r\n"}, None),
            (say(b"x"), {"send": "anything"}, None),
            (say("grüß".encode()), {"receive": "grüß"}, None),
            (echo, {"send": "ruok", "receive": "imok"}, MISMATCH),
            (say(b"HELLO"), {"receive": "ELLO"}, MISMATCH),
        ],
        ids=[
            "answer",
            "greeting with more behind",
            "any answer",
            "utf-8",
            "other answer",
            "not at the beginning",
        ],
    )
    async def test_an_answer_is_compared(
        self, network: Network, talk: Any, check: Any, error: CheckError | None
    ) -> None:
        """The answer must begin with what is expected; either way it is timed."""
        async with serve(talk) as port:
            result = await _checked(network, port, check=check)

        assert result.error == error
        assert _names(result) == {"connect", "validate"}

    @pytest.mark.parametrize(
        ("talk", "check"),
        [
            (hang_up, {"receive": "x"}),
            (say_and_go(b"HE"), {"receive": "HELLO"}),
        ],
        ids=["nothing", "too little"],
    )
    async def test_a_short_answer_is_down(
        self, network: Network, talk: Any, check: Any
    ) -> None:
        """The end of the stream before the expected length is not timed."""
        async with serve(talk) as port:
            result = await _checked(network, port, check=check)

        assert result.error == CheckError(ErrorType.IO, "EOF")
        assert _names(result) == {"connect"}

    async def test_an_answer_may_come_in_pieces(self, network: Network) -> None:
        """Reading goes on until the expected length is there."""

        async def stutter(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            for piece in (b"a", b"b", b"c"):
                writer.write(piece)
                await settle(5)
            await silence(reader, writer)

        async with serve(stutter) as port:
            result = await _checked(network, port, check={"receive": "abc"})

        assert result.error is None

    async def test_a_reset_is_down(self, network: Network) -> None:
        """A connection broken off is told with both its ends."""
        async with serve(reset) as port:
            result = await _checked(network, port, check={"receive": "x"})

        assert result.error is not None
        assert re.fullmatch(
            rf"read tcp 127\.0\.0\.1:\d+->127\.0\.0\.1:{port}: "
            r"read: connection reset by peer",
            result.error.message,
        )

    @pytest.mark.parametrize("check", [{"receive": "x"}, {"send": "x"}])
    async def test_silence_is_a_timeout(self, check: Any) -> None:
        """A server that says nothing is waited for until the deadline."""
        clock = FakeClock()
        network = Network(clock)
        async with serve(silence) as port:
            running = asyncio.ensure_future(
                _checked(network, port, check=check, timeout=3)
            )
            await clock.advance(3)
            result = await running

        assert result.error is not None
        assert result.error.message.endswith(f"->127.0.0.1:{port}: i/o timeout")
        assert result.error.message.startswith("read tcp 127.0.0.1:")
        assert _names(result) == {"connect"}
        await network.close()

    async def test_what_cannot_be_sent_is_down(
        self, network: Network, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A failed write says so, not that reading failed."""

        class Broken:
            local, peer = "127.0.0.1:1", "127.0.0.1:2"

            def write(self, _data: bytes) -> None:
                """Take it."""

            async def drain(self, _deadline: Deadline) -> None:
                raise OSError(errno.EPIPE, os.strerror(errno.EPIPE))

            def close(self) -> None:
                """Have nothing to close."""

        async def dial(*_: object) -> Broken:
            return Broken()

        monkeypatch.setattr(tcp, "dial", dial)

        result = await _checked(network, 2, check={"send": "x"})

        assert result.error == CheckError(
            ErrorType.IO, "write tcp 127.0.0.1:1->127.0.0.1:2: write: broken pipe"
        )


class TestTls:
    """Schemes and `ssl`."""

    @pytest.fixture
    def trust(self) -> dict[str, Any]:
        """Return `ssl` options that trust the server of the tests."""
        return {"certificate_authorities": [root().pem]}

    async def test_the_exchange_is_encrypted(
        self, network: Network, trust: dict[str, Any]
    ) -> None:
        """With `ssl`, a host without a scheme is reached over TLS."""
        context = server_context(good())
        async with serve(echo, tls=context) as port:
            result = await _checked(
                network, port, ssl=trust, check={"send": "a", "receive": "a"}
            )

        fields: Fields = {}
        for facts in result.facts:
            facts.put(fields)
        assert result.error is None
        assert set(fields) == {"tcp", "tls"}

    async def test_an_unknown_authority_is_down(self, network: Network) -> None:
        """`tls://` verifies with the defaults where nothing else is configured."""
        async with serve(echo, tls=server_context(good())) as port:
            (check,) = _built(network, hosts=f"tls://localhost:{port}", ipv6=False)
            (result,) = await _results(check, network.clock)

        assert result.error is not None
        assert "certificate signed by unknown authority" in result.error.message

    async def test_a_plain_scheme_stays_plain(
        self, network: Network, trust: dict[str, Any]
    ) -> None:
        """`tcp://` and `plain://` never use TLS, whatever `ssl` says."""
        async with serve(silence) as port:
            hosts = [f"tcp://127.0.0.1:{port}", f"plain://127.0.0.1:{port}"]
            checks = _built(network, hosts=hosts, ssl=trust)
            errors = [
                result.error
                for check in checks
                for result in await _results(check, network.clock)
            ]

        assert errors == [None, None]

    async def test_ssl_may_be_switched_off(
        self, network: Network, trust: dict[str, Any]
    ) -> None:
        """`ssl.enabled: false` is as good as no `ssl`."""
        (check,) = _built(network, hosts="h:1", ssl={**trust, "enabled": False})

        assert check.url is not None
        assert check.url["scheme"] == "tcp"
        assert check.route.tls is None


class TestOptions:
    """From options to checks."""

    async def test_one_check_for_each_host_and_port(self, network: Network) -> None:
        """In the order written; a port of its own wins."""
        checks = _built(network, hosts=["a", "b:3", "[::1]"], ports=[1, 2])

        assert [check.url and check.url["full"] for check in checks] == [
            "tcp://a:1",
            "tcp://a:2",
            "tcp://b:3",
            "tcp://[::1]:1",
            "tcp://[::1]:2",
        ]

    async def test_the_url_has_its_members(self, network: Network) -> None:
        """An IPv6 address has brackets in the full URL only."""
        (check,) = _built(network, hosts="[::1]:80")

        assert check.url == {
            "full": "tcp://[::1]:80",
            "scheme": "tcp",
            "domain": "::1",
            "port": 80,
        }

    @pytest.mark.parametrize("written", [{}, {"timeout": 0}])
    async def test_the_default_timeout(
        self, network: Network, written: dict[str, Any]
    ) -> None:
        """No timeout and a timeout of zero both mean sixteen seconds."""
        (check,) = _built(network, hosts="a:1", **written)

        assert check.timeout == 16.0

    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            ({"hosts": []}, "empty array"),
            ({}, "missing required field"),
            ({"hosts": "a"}, "host 'tcp://a' missing port number"),
            ({"hosts": "a", "ports": 70000}, "can not convert 'uint' into 'uint'"),
            (
                {"hosts": "a:1", "ipv4": False, "ipv6": False},
                "pinging hosts requires ipv4 or ipv6 mode enabled",
            ),
        ],
    )
    async def test_options_that_cannot_work(
        self, network: Network, options: dict[str, Any], expected: str
    ) -> None:
        """Each mistake is named, before anything is connected."""
        with pytest.raises(ConfigError, match=expected):
            _built(network, **options)

    async def test_a_literal_needs_no_family(self, network: Network) -> None:
        """The families are about names."""
        assert _built(network, hosts="127.0.0.1:1", ipv4=False, ipv6=False)
