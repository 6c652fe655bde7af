"""One check by the very monitors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.clock import SystemClock
from heartbeat.errors import ConfigError
from heartbeat.monitors.icmp.sockets import EchoSockets
from heartbeat.net import Network
from heartbeat.oneoff import Finding, attempt, options_of, target_of
from tests.support import certificates as pki
from tests.support.ping import ScriptedSockets
from tests.support.servers import refused_port, say, serve
from tests.support.web import answer, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from pathlib import Path

    from heartbeat.oneoff import Trial

LOOPBACK = "127.0.0.1"
TRUST = "the certificate is trusted and valid for the host"


@pytest.fixture
async def tried() -> AsyncIterator[Callable[..., Coroutine[None, None, Trial]]]:
    """Return what checks a target once, with options as the command names them."""
    network = Network(SystemClock(), tells_chains=True)

    async def try_it(text: str, **asked: Any) -> Trial:
        named = {name.replace("_", "-"): value for name, value in asked.items()}
        target = target_of(text)
        return await attempt(target, options_of(target, named), network, "berlin-1")

    yield try_it
    await network.close()


async def test_document_is_a_monitors(tried: Any) -> None:
    """The document has what those of monitors have, the summary included."""
    async with serving(answer(b"ok")) as server:
        trial = await tried(server.url("/a"))

    (document,) = trial.documents
    assert document["monitor"]["status"] == "up"
    assert document["monitor"]["id"] == "check"
    assert document["agent"]["name"] == "berlin-1"
    assert document["url"]["full"] == server.url("/a")
    assert document["summary"]["up"] == 1
    assert trial.bodies[0].startswith(b'{"@timestamp":')


async def test_password_is_not_told(tried: Any) -> None:
    """No document has the password that a target was written with."""
    port = refused_port()
    trial = await tried(f"http://user:hunter2@127.0.0.1:{port}/")

    assert b"hunter2" not in trial.bodies[0]
    assert trial.documents[0]["monitor"]["name"] == trial.documents[0]["url"]["full"]


async def test_all_addresses(tried: Any) -> None:
    """Every address of a name is told, each with conditions of its own."""
    async with serve(say(b"220")) as port:
        trial = await tried(f"localhost:{port}", mode="all", expect="220", timeout=1.0)

    told = {one["monitor"]["ip"]: one["monitor"]["status"] for one in trial.documents}
    assert told[LOOPBACK] == "up"
    assert trial.findings.keys() == told.keys()
    assert trial.findings[LOOPBACK] == [Finding("the answer begins with '220'")]


async def test_conditions_of_http_one_by_one(tried: Any) -> None:
    """Each condition is judged, those behind the first fault as well."""
    async with serving(answer(b'{"a": 1}')) as server:
        trial = await tried(
            server.url(),
            status=("201",),
            expect_header=("X-A: 1",),
            body=("a", "b"),
            not_body=("zzz",),
            json_rule=("a == 1", "a == 2"),
        )

    findings = trial.findings[LOOPBACK]
    assert [(one.wanted, bool(one.fault)) for one in findings] == [
        ("status is 201", True),
        ("header X-A is '1'", True),
        ("body has /a/ or /b/", False),
        ("body has no /zzz/", False),
        ("JSON: a == 1", False),
        ("JSON: a == 2", True),
    ]
    assert all(one.was_reached for one in findings)
    assert trial.documents[0]["error"]["message"] == findings[0].fault


async def test_conditions_that_were_not_reached(tried: Any) -> None:
    """Without an answer there is nothing to judge."""
    trial = await tried(f"http://127.0.0.1:{refused_port()}/", body=("a",))

    assert trial.findings[LOOPBACK] == [
        Finding("status is below 400", was_reached=False),
        Finding("body has /a/", was_reached=False),
    ]


async def test_conditions_behind_a_redirect(tried: Any) -> None:
    """What is judged is the last answer."""
    async with serving(answer(b"here")) as goal:
        moved = b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n"
        async with serving(moved % goal.url().encode()) as server:
            trial = await tried(server.url(), max_redirects=2, body=("here",))

    assert trial.findings[None] == [
        Finding("status is below 400"),
        Finding("body has /here/"),
    ]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"220 ready", Finding("the answer begins with '220'")),
        (
            b"500 no",
            Finding("the answer begins with '220'", "received string mismatch"),
        ),
        (b"", Finding("the answer begins with '220'", was_reached=False)),
    ],
)
async def test_condition_of_tcp(tried: Any, said: bytes, expected: Finding) -> None:
    """An answer is as wanted or not; none at all was never judged."""
    async with serve(say(said)) as port:
        trial = await tried(f"127.0.0.1:{port}", expect="220", timeout=0.2)

    assert trial.findings[LOOPBACK] == [expected]


async def test_conditions_of_icmp(tried: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loss is judged with no answer at all, times are not."""

    def deaf(network: Network) -> EchoSockets:
        return EchoSockets(network.clock, ScriptedSockets())

    monkeypatch.setattr(EchoSockets, "of", deaf)
    trial = await tried("127.0.0.1", count=1, timeout=0.05, max_loss="10", max_rtt=0.1)

    lost, late = trial.findings[LOOPBACK]
    assert "packet loss of 100% (1 of 1) exceeds max_loss" in lost.fault
    assert late == Finding(
        "the average round trip takes no more than 0.1s", was_reached=False
    )


async def test_chain_of_a_good_server(tried: Any, tmp_path: Path) -> None:
    """All certificates that the server sent are kept, leaf first."""
    authority = tmp_path / "ca.pem"
    authority.write_text(pki.root().pem)
    issued = pki.with_intermediate()
    async with serve(say(b""), tls=pki.server_context(issued)) as port:
        trial = await tried(f"tls://localhost:{port}", ca=str(authority))

    (document,) = trial.documents
    chain = trial.chains[document["tls"]["server"]["hash"]["sha256"]]
    assert [one.common_name for one in chain] == ["localhost", "Test Intermediate"]
    assert trial.findings[LOOPBACK] == [Finding(TRUST)]


async def test_chain_of_a_server_that_is_not_trusted(tried: Any) -> None:
    """They are kept of a refused one as well, and the fault is the condition's."""
    tls = pki.server_context(pki.unknown_authority())
    async with serve(say(b""), tls=tls) as port:
        trial = await tried(f"tls://localhost:{port}")

    (chain,) = trial.chains.values()
    (finding,) = trial.findings[LOOPBACK]
    assert [one.common_name for one in chain] == ["localhost", "Rogue Root"]
    assert finding.wanted == TRUST
    assert "certificate signed by unknown authority" in finding.fault


async def test_certificate_taken_unseen(tried: Any) -> None:
    """Where nothing is verified, nothing is said to be trusted."""
    tls = pki.server_context(pki.self_signed())
    async with serve(say(b""), tls=tls) as port:
        trial = await tried(f"tls://localhost:{port}", insecure=True)

    assert trial.documents[0]["monitor"]["status"] == "up"
    assert trial.findings[LOOPBACK] == []


async def test_handshake_that_fails_otherwise(tried: Any) -> None:
    """A server without TLS has shown no certificate that could be judged."""
    async with serve(say(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        trial = await tried(f"tls://localhost:{port}")

    assert trial.documents[0]["monitor"]["status"] == "down"
    assert (trial.chains, trial.findings[LOOPBACK]) == ({}, [])


async def test_options_that_cannot_work(tried: Any) -> None:
    """The monitor says what is wrong with its options."""
    with pytest.raises(ConfigError, match="HTTP method 'BREW' not supported"):
        await tried("http://127.0.0.1/", method="BREW")


async def test_warnings_of_the_monitor(tried: Any) -> None:
    """What the monitor warns of is kept, to be told."""
    url = f"http://127.0.0.1:{refused_port()}/"
    trial = await tried(url, mode="all", max_redirects=1)

    assert [str(one) for one in trial.warnings] == [
        "has no effect with max_redirects or proxy_url accessing 'mode'"
    ]
