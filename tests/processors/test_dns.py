"""`dns`, against name servers on loopback."""

from __future__ import annotations

import asyncio
import ssl
import struct
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from heartbeat.clock import SystemClock
from heartbeat.errors import ProcessorError
from heartbeat.net.dns import PTR, TXT, decode_answer, encode_question
from heartbeat.processors import lookups
from heartbeat.processors.dns import endpoint_of
from tests.support.clock import FakeClock
from tests.support.dns import name_server, record, response
from tests.support.processors import chain, context, event, faults
from tests.support.servers import serve

if TYPE_CHECKING:
    from tests.support.dns import Respond

POINTER = b"\x04host\x07example\x03com\x00"


def data(kind: int, content: bytes, ttl: int = 5) -> bytes:
    """Return a record of any kind."""
    return b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, ttl, len(content)) + content


class Server:
    """Answers every question with the same records, and counts questions."""

    def __init__(self, *records: bytes, code: int = 0) -> None:
        """Have these records."""
        self.records = records
        self.code = code
        self.questions: list[bytes] = []

    def __call__(self, question: bytes) -> bytes:
        """Answer."""
        self.questions.append(question)
        return response(question, self.records, code=self.code)


def silent(_question: bytes) -> None:
    """Answer nothing."""


async def looked_up(
    respond: Respond, fields: dict[str, Any], *events: Any, **options: Any
) -> list[Any]:
    """Return the fields of events after their lookup, or the error of each."""
    fake: FakeClock | None = options.pop("clock", None)
    async with name_server(respond) as port:
        whole = {
            "type": "ptr",
            "fields": {"ip": "name"},
            "nameservers": [f"127.0.0.1:{port}"],
            **options,
        }
        one = chain({"dns": whole}, within=context(fake or SystemClock()))
        results: list[Any] = []
        for given in (fields, *events):
            if fake is not None and isinstance(given, float):
                fake.jump(given)
                continue
            subject = event(given)
            try:
                changed = await one.run_strictly(subject)
                results.append(changed and changed.fields)
            except ProcessorError as error:
                results.append((str(error), subject.fields))
        return results


async def test_names() -> None:
    """An address gets its name."""
    server = Server(data(PTR, POINTER))

    assert await looked_up(server, {"ip": "192.0.2.1"}) == [
        {"ip": "192.0.2.1", "name": "host.example.com"}
    ]
    assert b"\x011\x012\x010\x03192\x07in-addr\x04arpa" in server.questions[0]


@pytest.mark.parametrize(
    ("kind", "records", "expected"),
    [
        ("a", [record("192.0.2.1"), record("192.0.2.2")], ["192.0.2.1", "192.0.2.2"]),
        ("aaaa", [record("2001:db8::1")], ["2001:db8::1"]),
        ("TXT", [data(TXT, b"\x03abc\x02de")], ["abcde"]),
        ("reverse", [data(PTR, POINTER), data(PTR, b"\x01x\x00")], None),
    ],
)
async def test_types(kind: str, records: list[bytes], expected: list[str]) -> None:
    """Addresses, texts and several names are lists."""
    subject = "192.0.2.9" if kind == "reverse" else "host.example"

    (found,) = await looked_up(Server(*records), {"ip": subject}, type=kind)

    assert found["name"] == (expected or ["host.example.com", "x"])


@pytest.mark.parametrize(
    ("action", "present", "expected"),
    [
        ("append", "old", ["old", "host.example.com"]),
        ("append", ["a", "b"], ["a", "b", "host.example.com"]),
        ("replace", "old", "host.example.com"),
    ],
)
async def test_actions(action: str, present: object, expected: object) -> None:
    """What is there is replaced, or more is added to it."""
    fields = {"ip": "192.0.2.1", "name": present}

    (found,) = await looked_up(Server(data(PTR, POINTER)), fields, action=action)

    assert found["name"] == expected


@pytest.mark.parametrize(
    ("respond", "fields", "message"),
    [
        (Server(code=3), {"ip": "192.0.2.1"}, "ip value '192.0.2.1': no such host"),
        (Server(), {"ip": "192.0.2.1"}, "ip value '192.0.2.1': no such host"),
        (Server(code=2), {"ip": "192.0.2.1"}, "misbehaves"),
        (Server(), {"ip": "nobody"}, "'nobody' is no address"),
        (silent, {"ip": "192.0.2.1"}, "does not answer"),
    ],
)
async def test_failures(respond: Respond, fields: dict[str, Any], message: str) -> None:
    """A lookup that fails is told, and tags the event."""
    ((error, left),) = await looked_up(
        respond, fields, tag_on_failure=["_dns"], timeout="50ms"
    )

    assert message in error
    assert left == {**fields, "tags": ["_dns"]}


async def test_nothing_to_look_up() -> None:
    """Fields that are missing or no text are left alone."""
    server = Server()
    assert await looked_up(server, {}, {"ip": 1}) == [{}, {"ip": 1}]
    assert server.questions == []


async def test_answers_are_kept() -> None:
    """An answer is kept for its time, at least that of the options."""
    server, clock = Server(data(PTR, POINTER, ttl=5)), FakeClock()
    one = {"ip": "192.0.2.1"}

    await looked_up(server, one, 59.0, one, 1.0, one, clock=clock)

    assert len(server.questions) == 2


async def test_failures_are_kept() -> None:
    """A failure is kept, too, for a time of its own."""
    server, clock = Server(code=3), FakeClock()
    one = {"ip": "192.0.2.1"}

    await looked_up(
        server, one, 9.0, one, 1.0, one, clock=clock, failure_cache={"ttl": "10s"}
    )

    assert len(server.questions) == 2


@pytest.mark.parametrize(
    "cache", [{"enabled": False}, {"capacity": {"max": 1, "initial": 1}}]
)
async def test_limits_of_caches(cache: dict[str, Any]) -> None:
    """No more is kept than options say."""
    server = Server(data(PTR, POINTER))
    one, two = {"ip": "192.0.2.1"}, {"ip": "192.0.2.2"}

    await looked_up(server, one, two, one, success_cache=cache)

    assert len(server.questions) == 3


async def test_equal_questions() -> None:
    """Equal questions at the same time are one."""
    server = Server(data(PTR, POINTER))
    async with name_server(server) as port:
        options = {
            "type": "ptr",
            "fields": {"ip": "name"},
            "nameservers": f"127.0.0.1:{port}",
        }
        one = chain({"dns": options}, within=context(SystemClock()))
        await asyncio.gather(*(one.run(event(ip="192.0.2.1")) for _ in range(5)))
    assert len(server.questions) == 1


async def test_servers_in_turn() -> None:
    """If a server fails the next one is asked."""
    async with name_server(Server(data(PTR, POINTER))) as good:
        servers = [f"127.0.0.1:{good}"]
        (found,) = await looked_up(Server(code=2), {"ip": "192.0.2.1"}, timeout=1)
        assert "misbehaves" in found[0]
        async with name_server(Server(code=2)) as bad:
            servers.insert(0, f"127.0.0.1:{bad}")
            (found,) = await looked_up(
                Server(), {"ip": "192.0.2.1"}, nameservers=servers
            )
    assert found["name"] == "host.example.com"


async def test_over_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers may be asked over TLS, if they can be trusted."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = int.from_bytes(await reader.readexactly(2))
        answer = Server(data(PTR, POINTER))(await reader.readexactly(size))
        writer.write(len(answer).to_bytes(2) + answer)
        await reader.read()

    authority: Any = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    async with serve(talk, tls=tls) as port:
        options = {
            "type": "ptr",
            "fields": {"ip": "name"},
            "nameservers": [f"127.0.0.1:{port}"],
            "transport": "tls",
            "timeout": "5s",
            "failure_cache": {"enabled": False},
        }
        one = chain({"dns": options}, within=context(SystemClock()))
        with pytest.raises(ProcessorError, match="certificate verify failed"):
            await one.run_strictly(event(ip="192.0.2.1"))
        trusted = ssl.create_default_context()
        authority.configure_trust(trusted)
        monkeypatch.setattr(lookups, "trusted", lambda: trusted)
        changed = await one.run_strictly(event(ip="192.0.2.1"))
    assert changed is not None
    assert changed.fields["name"] == "host.example.com"


@pytest.mark.parametrize(
    "content", [b"\xc0\x27", b"\x3fshort", b"\xff\xff", b"", b"\x01"]
)
def test_hostile_names(content: bytes) -> None:
    """Names that point in circles or beyond the end are no answer, and end."""
    question = encode_question(1, "1.2.0.192.in-addr.arpa", PTR)

    answer = decode_answer(response(question, [data(PTR, content)]), question)

    assert answer is None or not answer.addresses


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"type": "mx"}, "invalid dns lookup type 'mx' specified in config"),
        ({"action": "x"}, "invalid dns action value 'x', use append or replace"),
        ({"transport": "tcp"}, "invalid transport 'tcp', use udp or tls"),
        ({"transport": "tls"}, "transport tls needs nameservers"),
        ({"nameservers": ["ns.example"]}, "'ns.example' is no address of a name"),
        ({"fields": {"a": 1}}, "bad target of a: '1' is no name of a field"),
    ],
)
def test_bad_options(options: dict[str, Any], message: str) -> None:
    """Options that cannot work are told when they are read."""
    whole = {"type": "ptr", "fields": {"ip": "name"}, **options}

    (fault,) = faults({"dns": whole})

    assert fault.startswith(message)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("192.0.2.1", "192.0.2.1:53"),
        ("192.0.2.1:5353", "192.0.2.1:5353"),
        ("2001:db8::1", "[2001:db8::1]:53"),
        ("[2001:db8::1]:5353", "[2001:db8::1]:5353"),
    ],
)
def test_name_servers(written: str, expected: str) -> None:
    """Name servers are addresses, with or without a port."""
    assert endpoint_of(written, 53) == expected
