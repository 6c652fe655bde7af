"""The HTTP check on the client path: redirects, proxies and their failures."""

from __future__ import annotations

import asyncio
import gzip
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.errors import CheckError, CheckFailed, ErrorCode, ErrorType
from heartbeat.net import Lookup
from tests.support.certificates import good, other_root, root, server_context
from tests.support.proxies import ProxyServer
from tests.support.servers import full_port, refused_port, say_and_go, serve
from tests.support.site import site
from tests.support.visit import Visit
from tests.support.web import Act, WebServer, answer, serving

if TYPE_CHECKING:
    from heartbeat.event import Fields, Result
    from tests.support.visit import Visitor

HELLO = answer(b"hello, world!\n", "Content-Type: text/plain")


def to(location: str, status: int = 302) -> bytes:
    """Return a redirect."""
    return answer(b"moved", f"Location: {location}", status=f"{status} Moved")


async def check(visitor: Visitor, url: str, **options: Any) -> Visit:
    """Check a URL on the client path."""
    (made,) = visitor.build(urls=[url], **{"max_redirects": 5, **options})
    return Visit((await visitor.run(made))[0], WebServer((), port=-1))


def hops(result: Result) -> list[Fields]:
    """Return what is told of the hops."""
    fields: Fields = {}
    for facts in result.facts:
        facts.put(fields)
    found: list[Fields] = fields["heartbeat"]["hops"]
    return found


async def test_no_redirect(visitor: Visitor) -> None:
    """Without a redirect there is the response, and only the total time."""
    visit = await visitor.visit(HELLO, max_redirects=3)

    assert visit.error is None
    assert visit.result.ip is None
    assert visit.rtt == {"total"}
    assert "redirects" not in visit.response
    assert visit.fields.keys() == {"http"}


async def test_chain(visitor: Visitor) -> None:
    """Redirects are followed to their end, and every one is told."""
    pages = {"/": to("/one"), "/one": to("two", 307), "/two": HELLO}
    async with site(pages) as web:
        visit = await check(visitor, web.url("/"))

    assert visit.error is None
    assert visit.response["status_code"] == 200
    assert visit.response["redirects"] == [web.url("/one"), web.url("/two")]
    assert [hop["url"] for hop in hops(visit.result)] == [
        web.url("/"),
        web.url("/one"),
        web.url("/two"),
    ]


async def test_hops(visitor: Visitor) -> None:
    """What the reference loses on the way is told hop by hop."""
    async with site({"/": to("/x"), "/x": HELLO}) as web:
        visit = await check(visitor, f"http://localhost:{web.port}/", ipv6=False)

    first, second = hops(visit.result)
    assert first == {
        "url": f"http://localhost:{web.port}/",
        "ip": "127.0.0.1",
        "status_code": 302,
        "resolve": {"us": 0},
        "connect": {"us": 0},
        "response_header": {"us": 0},
    }
    assert second["status_code"] == 200


@pytest.mark.parametrize(
    ("allowed", "status", "told"), [(1, 302, 1), (2, 302, 2), (3, 200, 2)]
)
async def test_last_redirect_is_not_followed(
    visitor: Visitor, allowed: int, status: int, told: int
) -> None:
    """As many are told as allowed, of which the last is the result."""
    pages = {"/": to("/one"), "/one": to("/two"), "/two": HELLO}
    async with site(pages) as web:
        visit = await check(visitor, web.url("/"), max_redirects=allowed)

    assert visit.response["status_code"] == status
    assert len(visit.response["redirects"]) == told


async def test_endless_redirects(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many redirects are allowed, there is an end to them."""
    monkeypatch.setattr("heartbeat.monitors.http.client.REDIRECT_LIMIT", 3)
    async with site({"/": to("/")}) as web:
        visit = await check(visitor, web.url("/"), max_redirects=1000)

    assert visit.error == CheckError(
        ErrorType.IO, f'Get "{web.url("/")}": stopped after 3 redirects'
    )


async def test_password_in_a_redirect(visitor: Visitor) -> None:
    """A password in the target of a redirect is used, but not told."""
    async with site({"/x": HELLO}) as web:
        login = web.url("/x").replace("//", "//u:secret@")
        web.pages["/"] = to(login)
        visit = await check(visitor, web.url("/"))

    hidden = web.url("/x").replace("//", "//u:%3Chidden%3E@")
    assert visit.response["redirects"] == [hidden]
    assert hops(visit.result)[1]["url"] == hidden
    assert b"\r\nAuthorization: Basic dTpzZWNyZXQ=\r\n" in web.requests[1]


@pytest.mark.parametrize(
    ("location", "redirects", "message"),
    [
        (
            "ftp://u:p@h/",
            ["ftp://u:***@h/"],
            'Get "ftp://u:***@h/": unsupported protocol scheme "ftp"',
        ),
        (
            "http://[x",
            [],
            (
                'Get "http://127.0.0.1:PORT/": failed to parse Location header '
                '"http://[x": parse "http://[x": invalid host'
            ),
        ),
    ],
)
async def test_redirect_to_nowhere(
    visitor: Visitor, location: str, redirects: list[str], message: str
) -> None:
    """A redirect that nobody can follow makes the target down."""
    visit = await visitor.visit(to(location), max_redirects=5)

    assert visit.message == message
    assert redirects == visit.fields.get("http", {}).get("response", {}).get(
        "redirects", []
    )


async def test_last_redirect_may_lead_anywhere(visitor: Visitor) -> None:
    """Where nobody goes, any protocol is spoken."""
    visit = await visitor.visit(to("ftp://h/"), max_redirects=1)

    assert visit.error is None
    assert visit.response["redirects"] == ["ftp://h/"]


async def test_failed_hop(visitor: Visitor) -> None:
    """A hop that fails is named, with what is known of the way."""
    refused = f"127.0.0.1:{refused_port()}"
    visit = await visitor.visit(to(f"http://{refused}/"), max_redirects=5)

    assert visit.error == CheckError(
        ErrorType.IO,
        f'Get "http://{refused}/": dial tcp {refused}: connect: connection refused',
    )
    assert visit.fields["http"] == {"response": {"redirects": [f"http://{refused}/"]}}


async def test_unknown_host(visitor: Visitor) -> None:
    """A lookup that fails is one of the request."""
    visit = await check(visitor, "http://no.such.host.invalid/")

    assert visit.message.startswith(
        'Get "http://no.such.host.invalid/": lookup no.such.host.invalid'
    )
    assert (visit.result.ip, visit.fields) == (None, {})


async def test_other_scheme(visitor: Visitor) -> None:
    """A scheme that is not HTTP is found out when it is to be spoken."""
    visit = await check(visitor, "ftp://127.0.0.1:21/")

    assert visit.message == (
        'Get "ftp://127.0.0.1:21/": unsupported protocol scheme "ftp"'
    )


@pytest.mark.parametrize("allowed", [1, 5])
async def test_silent_server(visitor: Visitor, allowed: int) -> None:
    """The deadline is told as the reference's client does, coded."""
    visit = await visitor.wait_out(Act.PAUSE, max_redirects=allowed)

    assert visit.error is not None
    assert visit.error.code == ErrorCode.NET_COULD_NOT_CONNECT
    assert visit.message == (
        "Could not connect to '127.0.0.1:PORT' with error: "
        'Get "http://127.0.0.1:PORT/": '
        "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    )


async def test_connect_in_vain(visitor: Visitor) -> None:
    """A connect that takes too long is told as such."""
    with full_port() as port:
        (made,) = visitor.build(
            urls=[f"http://127.0.0.1:{port}/"], max_redirects=2, timeout=5
        )
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(visitor.run(made))
            await visitor.clock.advance(5)
        (result,) = await running

    assert result.error == CheckError(
        ErrorType.IO,
        f"Could not connect to '127.0.0.1:{port}' with error: "
        f'Get "http://127.0.0.1:{port}/": dial tcp 127.0.0.1:{port}: i/o timeout',
        ErrorCode.NET_COULD_NOT_CONNECT,
    )


async def test_stalled_body(visitor: Visitor) -> None:
    """A body that stalls makes the target down, unlike in the reference."""
    visit = await visitor.wait_out(
        answer(b"begin", length=10), Act.PAUSE, max_redirects=2
    )

    assert visit.message.startswith("failed reading HTTP response body: read tcp ")
    assert visit.response["body"]["bytes"] == 5


async def test_one_deadline_for_all_hops(visitor: Visitor) -> None:
    """Time that one hop took is missing for the next."""
    async with serving(Act.PAUSE) as slow, site({"/": to(slow.url())}) as web:
        (made,) = visitor.build(urls=[web.url("/")], max_redirects=3, timeout=5)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(visitor.run(made))
            await web.asked.wait()
            visitor.clock.jump(4)
            await slow.paused.wait()
            await visitor.clock.advance(1)
        (result,) = await running

    assert result.error is not None
    assert result.error.message.startswith(
        f"Could not connect to '127.0.0.1:{web.port}'"
    )
    assert f'Get "{slow.url()}": context deadline' in result.error.message


async def test_gzip_is_invisible(visitor: Visitor) -> None:
    """Compression that we asked for is undone, and nothing told of it."""
    packed = gzip.compress(b"squeezed text")

    visit = await visitor.visit(
        answer(packed, "Content-Encoding: GZIP", "X-A: 1"), max_redirects=2
    )

    assert b"\r\nAccept-Encoding: gzip\r\n" in visit.request
    assert visit.response["headers"] == {"X-A": "1"}
    assert visit.response["body"]["bytes"] == 13


@pytest.mark.parametrize(
    "wanted",
    [
        {"headers": {"Accept-Encoding": "gzip"}},
        {"headers": {"Range": "bytes=0-99"}},
        {"method": "HEAD"},
    ],
)
async def test_gzip_of_the_operator(visitor: Visitor, wanted: dict[str, Any]) -> None:
    """What the operator asked for is reported as it came."""
    body = b"" if wanted.get("method") else gzip.compress(b"squeezed text")

    visit = await visitor.visit(
        answer(body, "Content-Encoding: gzip"),
        max_redirects=2,
        check={"request": wanted},
    )

    assert visit.response["headers"]["Content-Encoding"] == "gzip"
    assert visit.response["body"]["bytes"] == len(body)


async def test_no_gzip(visitor: Visitor) -> None:
    """What claims to be compressed and is not makes the target down."""
    visit = await visitor.visit(
        answer(b"plain", "Content-Encoding: gzip"), max_redirects=2
    )

    assert visit.message == "failed reading HTTP response body: gzip: invalid header"
    assert visit.response["body"]["bytes"] == 0


async def test_tls(visitor: Visitor) -> None:
    """The certificate is told, but not how long the handshake took."""
    async with serving(HELLO, tls=server_context(good())) as secure:
        target = f"https://127.0.0.1:{secure.port}/"
        async with site({"/": to(target)}) as web:
            visit = await check(
                visitor, web.url("/"), ssl={"certificate_authorities": [root().pem]}
            )

    assert visit.error is None
    assert visit.fields["tls"]["established"] is True
    assert "rtt" not in visit.fields["tls"]
    assert hops(visit.result)[1]["tls"] == {"us": 0}


async def test_untrusted_hop(visitor: Visitor) -> None:
    """Every hop is verified; the certificate of a bad one is told."""
    async with serving(HELLO, tls=server_context(good())) as secure:
        target = f"https://127.0.0.1:{secure.port}/"
        async with site({"/": to(target)}) as web:
            visit = await check(
                visitor,
                web.url("/"),
                ssl={"certificate_authorities": [other_root().pem]},
            )

    assert visit.message == (
        f'Get "{target}": x509: certificate signed by unknown authority'
    )
    assert visit.fields["tls"].keys() >= {"server"}


async def test_https_for_http(visitor: Visitor) -> None:
    """The commonest mistake has words of its own."""
    async with serve(say_and_go(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        url = f"https://127.0.0.1:{port}/"
        visit = await check(visitor, url)

    assert visit.message == (
        f'Get "{url}": http: server gave HTTP response to HTTPS client'
    )


async def test_expectation_of_the_last(visitor: Visitor) -> None:
    """The response that is checked is the last one."""
    async with site({"/": to("/x"), "/x": HELLO}) as web:
        visit = await check(
            visitor, web.url("/"), check={"response": {"status": [302]}}
        )

    assert visit.message == "received status code 200 expecting [302]"


@pytest.mark.parametrize(
    "addresses", [("127.0.0.2", "127.0.0.1"), ("127.0.0.1", "127.0.0.2")]
)
async def test_addresses_in_turn(
    visitor: Visitor,
    monkeypatch: pytest.MonkeyPatch,
    addresses: tuple[str, ...],
) -> None:
    """An address that refuses is passed over."""
    lookup_to(monkeypatch, addresses)
    async with site({"/": to("/x"), "/x": HELLO}) as web:
        visit = await check(visitor, f"http://two.test:{web.port}/")

    assert visit.error is None
    assert [hop["ip"] for hop in hops(visit.result)] == ["127.0.0.1"] * 2


async def test_no_address_answers(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The failure of the first address is told."""
    lookup_to(monkeypatch, ("127.0.0.1", "127.0.0.2"))
    port = refused_port()

    visit = await check(visitor, f"http://two.test:{port}/")

    assert visit.message == (
        f'Get "http://two.test:{port}/": '
        f"dial tcp 127.0.0.1:{port}: connect: connection refused"
    )


async def test_mute_address_takes_its_share(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address that does not answer leaves time for the next."""
    with full_port() as port:
        lookup_to(monkeypatch, ("127.0.0.1", "127.0.0.2"))
        (made,) = visitor.build(
            urls=[f"http://two.test:{port}/"], max_redirects=2, timeout=8
        )
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(visitor.run(made))
            await visitor.clock.advance(4)
        (result,) = await running

    assert result.error is not None
    assert result.error.message.endswith(f"dial tcp 127.0.0.1:{port}: i/o timeout")


async def test_lookup_within_the_deadline(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lookup behind a redirect has the rest of the time, and ends it."""
    allowed: list[float] = []

    async def resolve(*_: object, within: float) -> Lookup:
        allowed.append(within)
        if len(allowed) == 1:
            return Lookup(("127.0.0.1",), 0.0)
        visitor.clock.jump(within)
        raise CheckFailed.io("lookup slow.test: i/o timeout")

    monkeypatch.setattr("heartbeat.monitors.http.way.resolve", resolve)
    async with site({"/": to("http://slow.test/")}) as web:
        visit = await check(visitor, f"http://one.test:{web.port}/", timeout=5)

    assert allowed == [5.0, 5.0]
    assert visit.error is not None
    assert visit.error.code == ErrorCode.NET_COULD_NOT_CONNECT
    assert 'Get "http://slow.test/": context deadline' in visit.message


async def test_stale_lookup(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address known from before is told to be so."""
    lookup_to(monkeypatch, ("127.0.0.1",), is_stale=True)
    async with site({"/": HELLO}) as web:
        visit = await check(visitor, f"http://one.test:{web.port}/")

    assert visit.fields["heartbeat"] == {"resolve": {"stale": True}}


def lookup_to(
    monkeypatch: pytest.MonkeyPatch,
    addresses: tuple[str, ...],
    *,
    is_stale: bool = False,
) -> None:
    """Let all names have these addresses."""

    async def resolve(*_: object, within: float) -> Lookup:
        del within
        return Lookup(addresses, 0.0, is_stale=is_stale)

    monkeypatch.setattr("heartbeat.monitors.http.way.resolve", resolve)


async def test_zero_timeout_is_the_default(visitor: Visitor) -> None:
    """A timeout of 0 ends no check on this path."""
    visit = await visitor.visit(HELLO, max_redirects=2, timeout=0)

    assert visit.error is None


class TestProxy:
    """Checks through a proxy."""

    async def test_http(self, visitor: Visitor) -> None:
        """A proxy is asked for the whole URL and told who we are."""
        async with serving(HELLO) as proxy:
            visit = await check(
                visitor,
                "http://target.test:81/x?y",
                max_redirects=0,
                proxy_url=f"http://u:p@127.0.0.1:{proxy.port}",
                proxy_headers={"X-Proxy": "1"},
            )

        (request,) = proxy.requests
        assert visit.error is None
        assert request.startswith(b"GET http://target.test:81/x?y HTTP/1.1\r\n")
        assert b"\r\nHost: target.test:81\r\n" in request
        assert b"\r\nProxy-Authorization: Basic dTpw\r\n" in request
        assert b"X-Proxy" not in request
        (hop,) = hops(visit.result)
        assert hop.keys() == {"url", "status_code", "connect", "response_header"}

    async def test_redirect(self, visitor: Visitor) -> None:
        """Redirects are followed through a proxy, too."""
        pages = {"http://a.test/": to("/x"), "http://a.test/x": HELLO}
        async with site(pages) as web:
            visit = await check(
                visitor, "http://a.test/", proxy_url=f"127.0.0.1:{web.port}"
            )

        assert visit.error is None
        assert visit.response["redirects"] == ["http://a.test/x"]

    async def test_no_redirect(self, visitor: Visitor) -> None:
        """A proxy alone follows no redirects, and tells of none."""
        async with serving(to("/x")) as proxy:
            visit = await check(
                visitor,
                "http://a.test/",
                max_redirects=0,
                proxy_url=f"127.0.0.1:{proxy.port}",
            )

        assert visit.response["status_code"] == 302
        assert "redirects" not in visit.response

    async def test_refused(self, visitor: Visitor) -> None:
        """A proxy that is not there is told as such."""
        port = refused_port()
        visit = await check(
            visitor, "http://a.test/", proxy_url=f"http://127.0.0.1:{port}"
        )

        assert visit.message == (
            'Get "http://a.test/": proxyconnect tcp: '
            f"dial tcp 127.0.0.1:{port}: connect: connection refused"
        )

    async def test_connect_refused(self, visitor: Visitor) -> None:
        """A proxy that lets nobody through is told by its reason."""
        async with serving(answer(status="502 Bad Gateway")) as proxy:
            visit = await check(
                visitor,
                "https://a.test/",
                proxy_url=f"http://127.0.0.1:{proxy.port}",
                proxy_headers={"X-Proxy": "1"},
            )

        assert visit.message == 'Get "https://a.test/": Bad Gateway'
        assert b"\r\nX-Proxy: 1\r\n" in proxy.requests[0]

    async def test_disabled(self, visitor: Visitor) -> None:
        """A proxy that is switched off is passed by."""
        visit = await visitor.visit(
            HELLO, proxy_url="http://no.such.proxy.invalid", proxy_disable=True
        )

        assert visit.error is None
        assert visit.result.ip == "127.0.0.1"

    async def test_over_tls(self, visitor: Visitor) -> None:
        """A proxy may want TLS, with the settings of the monitor."""
        async with serving(HELLO, tls=server_context(good())) as proxy:
            visit = await check(
                visitor,
                "http://a.test/",
                proxy_url=f"https://127.0.0.1:{proxy.port}",
                ssl={"certificate_authorities": [root().pem]},
            )

        assert visit.error is None
        assert proxy.requests[0].startswith(b"GET http://a.test/ HTTP/1.1\r\n")

    @pytest.mark.parametrize(
        ("options", "prefix"),
        [
            ({}, "tls: failed to verify certificate: "),
            ({"ssl": {"enabled": False}}, "tls: failed to verify certificate: "),
            ({"ssl": {}}, ""),
        ],
    )
    async def test_untrusted_behind_connect(
        self, visitor: Visitor, options: dict[str, Any], prefix: str
    ) -> None:
        """Without TLS settings a verdict begins as the standard library's does."""
        proxy = ProxyServer()
        async with serving(HELLO, tls=server_context(good())) as web, proxy.http():
            url = f"https://a.test:{web.port}/"
            address = f"http://127.0.0.1:{proxy.port}"
            visit = await check(visitor, url, proxy_url=address, **options)

        assert visit.message.startswith(
            f'Get "{url}": {prefix}x509: certificate signed by unknown authority'
        )

    async def test_untrusted_behind_socks(self, visitor: Visitor) -> None:
        """That is so only where the proxy was sent CONNECT."""
        proxy = ProxyServer()
        async with serving(HELLO, tls=server_context(good())) as web, proxy.socks():
            url = f"https://a.test:{web.port}/"
            visit = await check(
                visitor, url, proxy_url=f"socks5://127.0.0.1:{proxy.port}"
            )

        assert visit.message.startswith(f'Get "{url}": x509: ')
