"""Who is asked for names, what is remembered, and what stands in when servers fail."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from heartbeat.clock import Deadline
from heartbeat.net import DialFailed
from heartbeat.net.dns import AAAA, A
from heartbeat.net.resolver import PATIENCE, REMEMBERED, STALE_LIMIT, Reply, Wanted
from tests.support.clock import FakeClock, settle
from tests.support.resolving import DENIAL, FAULT, NOTHING, Servers, found, resolver

if TYPE_CHECKING:
    from pathlib import Path

    from heartbeat.net.resolver import Resolver

ANY = Wanted((A, AAAA))
ALL = Wanted((A, AAAA), every=True)
WEB4, WEB6 = ("web.test.", A), ("web.test.", AAAA)


async def look_up(
    asked: Resolver, clock: FakeClock, host: str = "web.test", wanted: Wanted = ANY
) -> Reply:
    """Look a name up, with all the time there is."""
    return await asked.find(host, wanted, Deadline(clock, 5.0))


class TestKinds:
    """IPv4 and IPv6."""

    async def test_the_first_kind_is_enough(
        self, clock: FakeClock, tmp_path: Path
    ) -> None:
        """Where one kind will do, the other is not asked for."""
        servers = Servers({WEB4: found("10.0.0.1"), WEB6: found("::1")})

        reply = await look_up(resolver(clock, servers, tmp_path), clock)

        assert (reply.addresses, reply.server) == (("10.0.0.1",), "10.0.0.53:53")
        assert servers.asked == [("10.0.0.53", "web.test.", A)]

    async def test_the_second_kind_stands_in(
        self, clock: FakeClock, tmp_path: Path
    ) -> None:
        """A name without addresses of the first kind may have some of the other."""
        servers = Servers({WEB4: NOTHING, WEB6: found("::1")})

        reply = await look_up(resolver(clock, servers, tmp_path), clock)

        assert reply.addresses == ("::1",)

    async def test_every_kind(self, clock: FakeClock, tmp_path: Path) -> None:
        """Addresses of both kinds come together."""
        servers = Servers({WEB4: found("10.0.0.1", "10.0.0.2"), WEB6: found("::1")})

        reply = await look_up(resolver(clock, servers, tmp_path), clock, wanted=ALL)

        assert reply.addresses == ("10.0.0.1", "10.0.0.2", "::1")

    async def test_one_kind_may_fail(self, clock: FakeClock, tmp_path: Path) -> None:
        """Addresses of one kind are enough, whatever becomes of the other."""
        servers = Servers({WEB4: FAULT, WEB6: found("::1")})

        reply = await look_up(resolver(clock, servers, tmp_path), clock, wanted=ALL)

        assert (reply.addresses, reply.fault) == (("::1",), "")

    async def test_a_denied_name_is_asked_for_once(
        self, clock: FakeClock, tmp_path: Path
    ) -> None:
        """A name that does not exist has no addresses of the other kind either."""
        servers = Servers()

        reply = await look_up(resolver(clock, servers, tmp_path), clock, wanted=ALL)

        assert reply == Reply(server="10.0.0.53:53", fault="no such host")
        assert len(servers.asked) == 1

    async def test_a_name_without_addresses(
        self, clock: FakeClock, tmp_path: Path
    ) -> None:
        """A name of other use does not exist as a host."""
        servers = Servers({WEB4: NOTHING, WEB6: NOTHING})

        reply = await look_up(resolver(clock, servers, tmp_path), clock)

        assert (reply.fault, reply.server) == ("no such host", "10.0.0.53:53")

    async def test_a_fault_is_enough(self, clock: FakeClock, tmp_path: Path) -> None:
        """Servers that fail are not asked for the other kind, which takes time too."""
        servers = Servers({WEB4: TimeoutError(), WEB6: found("::1")})

        reply = await look_up(resolver(clock, servers, tmp_path), clock)

        assert reply.fault == "i/o timeout"
        assert {kind for _, _, kind in servers.asked} == {A}

    async def test_a_fault_outweighs_nothing(
        self, clock: FakeClock, tmp_path: Path
    ) -> None:
        """No address of one kind and a fault with the other is a fault."""
        servers = Servers({WEB4: NOTHING, WEB6: FAULT})

        reply = await look_up(resolver(clock, servers, tmp_path), clock)

        assert reply.fault == "server misbehaving"


class TestFiles:
    """The hosts file and the search domains."""

    async def test_the_hosts_file_comes_first(
        self, clock: FakeClock, tmp_path: Path
    ) -> None:
        """A name of the hosts file is nobody asked for."""
        servers = Servers({WEB4: found("10.0.0.1")})
        asked = resolver(clock, servers, tmp_path, hosts="10.0.0.9 web.test")

        reply = await look_up(asked, clock, "WEB.test.")

        assert (reply, servers.asked) == (Reply(("10.0.0.9",)), [])

    async def test_a_server_of_the_monitor_comes_before(
        self, clock: FakeClock, tmp_path: Path
    ) -> None:
        """Whoever names a server wants its answer, not that of this machine."""
        servers = Servers({("10.9.9.9", *WEB4): found("10.0.0.1")})
        asked = resolver(clock, servers, tmp_path, hosts="10.0.0.9 web.test")
        wanted = Wanted((A,), server="10.9.9.9:54")

        reply = await look_up(asked, clock, wanted=wanted)

        assert (reply.addresses, reply.server) == (("10.0.0.1",), "10.9.9.9:54")

    async def test_search_domains(self, clock: FakeClock, tmp_path: Path) -> None:
        """A short name is looked for in each domain in turn."""
        servers = Servers({("web.b.test.", A): found("10.0.0.1")})
        asked = resolver(
            clock, servers, tmp_path, resolv_conf="search a.test b.test c.test"
        )

        reply = await look_up(asked, clock, "web")

        assert reply.addresses == ("10.0.0.1",)
        assert servers.names() == ["web.a.test.", "web.b.test."]

    async def test_a_fault_on_the_way_is_told(
        self, clock: FakeClock, tmp_path: Path
    ) -> None:
        """A name found nowhere is no missing host if a server failed on the way."""
        servers = Servers({("web.a.test.", A): FAULT, ("web.a.test.", AAAA): FAULT})
        asked = resolver(clock, servers, tmp_path, resolv_conf="search a.test b.test")

        reply = await look_up(asked, clock, "web")

        assert reply.fault == "server misbehaving"
        assert servers.names()[-1] == "web."

    async def test_a_domain_that_makes_no_name(
        self, clock: FakeClock, tmp_path: Path
    ) -> None:
        """An odd search domain is passed over."""
        servers = Servers(
            {("web.a..b.", A): ValueError("no name"), ("web.", A): found("10.0.0.1")}
        )
        asked = resolver(clock, servers, tmp_path, resolv_conf="search a..b")

        reply = await look_up(asked, clock, "web")

        assert reply.addresses == ("10.0.0.1",)

    async def test_the_servers_of_the_machine(
        self, clock: FakeClock, tmp_path: Path
    ) -> None:
        """They are known by address and port."""
        asked = resolver(clock, Servers(), tmp_path)

        assert asked.servers == ("10.0.0.53:53",)


class TestServers:
    """Several servers, and what they may do wrong."""

    THREE = "nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver ::3\nsearch .\n"

    @pytest.mark.parametrize(
        "said", [FAULT, OSError(111, "x"), TimeoutError(), DialFailed("x", "x")]
    )
    async def test_the_next_server_is_asked(
        self, clock: FakeClock, tmp_path: Path, said: Exception
    ) -> None:
        """A server that fails makes room for the next."""
        servers = Servers({("10.0.0.1", *WEB4): said, WEB4: found("10.0.0.9")})
        asked = resolver(clock, servers, tmp_path, resolv_conf=self.THREE)

        reply = await look_up(asked, clock)

        assert (reply.addresses, reply.server) == (("10.0.0.9",), "10.0.0.2:53")

    async def test_a_denial_is_final(self, clock: FakeClock, tmp_path: Path) -> None:
        """A server that knows better is believed."""
        servers = Servers({("10.0.0.1", *WEB4): DENIAL, WEB4: found("10.0.0.9")})
        asked = resolver(clock, servers, tmp_path, resolv_conf=self.THREE)

        assert (await look_up(asked, clock)).fault == "no such host"

    @pytest.mark.parametrize(
        ("said", "expected"),
        [
            (FAULT, "server misbehaving"),
            (TimeoutError(), "i/o timeout"),
            (OSError(111, "x"), "connection refused"),
            (ConnectionAbortedError("closed"), "closed"),
            (DialFailed("x", "dial tcp: no", timed_out=False), "dial tcp: no"),
            (DialFailed("x", "x", timed_out=True), "i/o timeout"),
        ],
    )
    async def test_when_all_fail(
        self, clock: FakeClock, tmp_path: Path, said: Exception, expected: str
    ) -> None:
        """The last fault counts, after as many rounds as are wanted."""
        servers = Servers({WEB4: said})
        asked = resolver(
            clock, servers, tmp_path, resolv_conf=f"{self.THREE}options attempts:2"
        )

        reply = await look_up(asked, clock, wanted=Wanted((A,)))

        assert (reply.fault, reply.server) == (expected, "[::3]:53")
        assert [server for server, _, _ in servers.asked] == [
            *("10.0.0.1", "10.0.0.2", "::3") * 2
        ]

    @pytest.mark.parametrize(
        ("options", "expected"),
        [("attempts:2", PATIENCE / 6), ("timeout:1 attempts:1", 1.0)],
    )
    async def test_the_attempts_share_the_time(
        self, clock: FakeClock, tmp_path: Path, options: str, expected: float
    ) -> None:
        """One mute server leaves time for the others."""
        servers = Servers({WEB4: found("10.0.0.9")})
        asked = resolver(
            clock, servers, tmp_path, resolv_conf=f"{self.THREE}options {options}"
        )
        await look_up(asked, clock)

        assert servers.patience == [expected]

    async def test_rotation(self, clock: FakeClock, tmp_path: Path) -> None:
        """With `rotate` every question begins at another server."""
        servers = Servers()
        asked = resolver(
            clock, servers, tmp_path, resolv_conf=f"{self.THREE}options rotate"
        )
        for name in "abcd":
            await look_up(asked, clock, name)

        assert [server for server, _, _ in servers.asked] == [
            *("10.0.0.2", "::3", "10.0.0.1", "10.0.0.2")
        ]

    @pytest.mark.parametrize(("options", "expected"), [("use-vc", True), ("", False)])
    async def test_always_tcp(
        self, clock: FakeClock, tmp_path: Path, options: str, *, expected: bool
    ) -> None:
        """With `use-vc` every question goes over TCP."""
        servers = Servers()
        asked = resolver(clock, servers, tmp_path, resolv_conf=f"options {options}")
        await look_up(asked, clock)

        assert servers.over_tcp == {expected}


class TestCache:
    """What is remembered, and for how long."""

    @pytest.mark.parametrize(
        ("ttl", "seconds"), [(60, 60), (0, 1), (1, 1), (300, 300), (86_400, 300)]
    )
    async def test_answers_are_kept_for_their_time(
        self, clock: FakeClock, tmp_path: Path, ttl: int, seconds: int
    ) -> None:
        """Neither shorter than a second nor longer than five minutes."""
        servers = Servers({WEB4: found("10.0.0.1", ttl=ttl)})
        asked = resolver(clock, servers, tmp_path)
        await look_up(asked, clock)
        clock.jump(seconds - 0.001)
        before = await look_up(asked, clock, "WEB.test")
        questions = len(servers.asked)
        clock.jump(0.001)
        await look_up(asked, clock)

        assert (before.addresses, before.is_stale) == (("10.0.0.1",), False)
        assert (questions, len(servers.asked)) == (1, 2)

    @pytest.mark.parametrize("said", [DENIAL, NOTHING, FAULT])
    async def test_failures_are_not_kept(
        self, clock: FakeClock, tmp_path: Path, said: object
    ) -> None:
        """A name is up again with the first check after it is back."""
        servers = Servers({WEB4: said, WEB6: said})  # type: ignore[dict-item]
        asked = resolver(clock, servers, tmp_path)
        before = await look_up(asked, clock)
        servers.says[WEB4] = found("10.0.0.1")

        assert not before.addresses
        assert (await look_up(asked, clock)).addresses == ("10.0.0.1",)

    async def test_servers_have_answers_of_their_own(
        self, clock: FakeClock, tmp_path: Path
    ) -> None:
        """What one server said is not told for another."""
        servers = Servers(
            {WEB4: found("10.0.0.1"), ("10.9.9.9", *WEB4): found("10.0.0.2")}
        )
        asked = resolver(clock, servers, tmp_path)
        wanted = Wanted((A,), server="10.9.9.9:53")

        replies = [
            await look_up(asked, clock),
            await look_up(asked, clock, wanted=wanted),
        ]

        assert [reply.addresses for reply in replies] == [("10.0.0.1",), ("10.0.0.2",)]

    async def test_the_oldest_answers_make_room(
        self, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The cache is bounded."""
        assert REMEMBERED > 10_000
        monkeypatch.setattr("heartbeat.net.resolver.REMEMBERED", 2)
        servers = Servers({(f"{name}.", A): found("10.0.0.1") for name in "abc"})
        asked = resolver(clock, servers, tmp_path)
        for name in "abcca":
            await look_up(asked, clock, name)

        assert servers.names() == ["a.", "b.", "c.", "a."]


class TestStale:
    """Old answers in place of none."""

    @pytest.mark.parametrize("said", [FAULT, TimeoutError(), OSError(111, "x")])
    async def test_an_old_answer_stands_in(
        self, clock: FakeClock, tmp_path: Path, said: Exception
    ) -> None:
        """While servers fail, the last answer is served and marked."""
        servers = Servers({WEB4: found("10.0.0.1")})
        asked = resolver(clock, servers, tmp_path)
        await look_up(asked, clock)
        servers.says[WEB4] = said
        clock.jump(61)

        reply = await look_up(asked, clock, wanted=Wanted((A,)))

        assert (reply.addresses, reply.is_stale) == (("10.0.0.1",), True)

    async def test_failed_servers_are_left_alone_for_a_while(
        self, clock: FakeClock, tmp_path: Path
    ) -> None:
        """Not every check waits for servers that fail; they are tried again later."""
        servers = Servers({WEB4: found("10.0.0.1")})
        asked = resolver(clock, servers, tmp_path)
        await look_up(asked, clock)
        servers.says[WEB4] = FAULT
        clock.jump(61)
        await look_up(asked, clock)
        questions = len(servers.asked)
        clock.jump(29)
        reply = await look_up(asked, clock)
        untouched = len(servers.asked)
        servers.says[WEB4] = found("10.0.0.2")
        clock.jump(1)
        fresh = await look_up(asked, clock)

        assert (reply.is_stale, untouched) == (True, questions)
        assert (fresh.addresses, fresh.is_stale) == (("10.0.0.2",), False)

    async def test_a_denial_ends_it(self, clock: FakeClock, tmp_path: Path) -> None:
        """A name that is gone is gone, however the servers fail afterwards."""
        servers = Servers({WEB4: found("10.0.0.1")})
        asked = resolver(clock, servers, tmp_path)
        await look_up(asked, clock)
        servers.says[WEB4] = DENIAL
        clock.jump(61)
        gone = await look_up(asked, clock)
        servers.says[WEB4] = FAULT
        failed = await look_up(asked, clock, wanted=Wanted((A,)))

        assert [gone.fault, failed.fault] == ["no such host", "server misbehaving"]

    async def test_answers_grow_too_old(self, clock: FakeClock, tmp_path: Path) -> None:
        """After a day even an old answer is none."""
        servers = Servers({WEB4: found("10.0.0.1")})
        asked = resolver(clock, servers, tmp_path)
        await look_up(asked, clock)
        servers.says[WEB4] = FAULT
        clock.jump(60 + STALE_LIMIT)

        reply = await look_up(asked, clock, wanted=Wanted((A,)))

        assert reply == Reply(server="10.0.0.53:53", fault="server misbehaving")

    async def test_one_stale_kind_marks_all(
        self, clock: FakeClock, tmp_path: Path
    ) -> None:
        """Addresses of both kinds are as stale as the staler."""
        servers = Servers({WEB4: found("10.0.0.1"), WEB6: found("::1", ttl=120)})
        asked = resolver(clock, servers, tmp_path)
        await look_up(asked, clock, wanted=ALL)
        servers.says[WEB4] = FAULT
        clock.jump(61)

        assert (await look_up(asked, clock, wanted=ALL)).is_stale


class TestTogether:
    """Several that ask at the same time."""

    async def test_equal_questions_are_one(
        self, clock: FakeClock, tmp_path: Path
    ) -> None:
        """Whoever asks what is being asked waits for that answer."""
        servers = Servers({WEB4: found("10.0.0.1")})
        asked = resolver(clock, servers, tmp_path)

        replies = await asyncio.gather(*(look_up(asked, clock) for _ in range(3)))

        assert {reply.addresses for reply in replies} == {("10.0.0.1",)}
        assert len(servers.asked) == 1

    async def test_whoever_stops_waiting_leaves_the_others(
        self, clock: FakeClock, tmp_path: Path
    ) -> None:
        """A cancelled lookup takes the answer from nobody."""
        servers = Servers({WEB4: found("10.0.0.1")})
        asked = resolver(clock, servers, tmp_path)
        first, second = (asyncio.ensure_future(look_up(asked, clock)) for _ in range(2))
        await settle(1)
        first.cancel()

        assert (await second).addresses == ("10.0.0.1",)
        assert first.cancelled()

    async def test_the_limit_of_one_is_not_that_of_others(
        self, clock: FakeClock, tmp_path: Path
    ) -> None:
        """Whoever has less time gives up, the question goes on."""
        servers = Servers({WEB4: None, WEB6: None})
        asked = resolver(clock, servers, tmp_path)
        hurried = asyncio.ensure_future(asked.find("web.test", ANY, Deadline(clock, 1)))
        patient = asyncio.ensure_future(look_up(asked, clock, wanted=Wanted((A,))))
        await clock.advance(1)
        with pytest.raises(TimeoutError):
            await hurried
        await clock.advance(PATIENCE)

        assert (await patient).fault == "i/o timeout"

    async def test_closing_ends_questions(
        self, clock: FakeClock, tmp_path: Path
    ) -> None:
        """Nobody is asked any more, nobody is answered; whoever waits has a limit."""
        servers = Servers({WEB4: None})
        asked = resolver(clock, servers, tmp_path)
        waiting = asyncio.ensure_future(look_up(asked, clock))
        await settle()
        asked.close()
        await settle()
        timers = clock.timers
        await clock.advance(5)

        assert timers == 1
        with pytest.raises(TimeoutError):
            await waiting
