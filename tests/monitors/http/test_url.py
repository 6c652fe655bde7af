"""URLs: completion, taking apart, and what documents and requests show of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.monitors.http.url import Target, ascii_host, complete, parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("localhost", "http://localhost"),
        ("localhost:8080", "http://localhost:8080"),
        ("127.0.0.1:18080/json", "http://127.0.0.1:18080/json"),
        ("host/path", "http://host/path"),
        ("[::1]:80", "http://[::1]:80"),
        ("http://host", "http://host"),
        ("HTTPS://host/", "HTTPS://host/"),
        ("unix://h:1", "unix://h:1"),
        ("http:///path", "http://http:///path"),
        ("http://", "http://http://"),
    ],
)
def test_complete(text: str, expected: str) -> None:
    """A text without a scheme and a host gets `http`."""
    assert expected == complete(text, tls=False)


def test_complete_with_tls() -> None:
    """With TLS settings, a text without a scheme means https."""
    assert complete("localhost:8443", tls=True) == "https://localhost:8443"


DOCUMENTS = [
    (
        "http://127.0.0.1:18080/",
        {
            "full": "http://127.0.0.1:18080/",
            "scheme": "http",
            "domain": "127.0.0.1",
            "port": 18080,
            "path": "/",
        },
    ),
    (
        "https://host",
        {"full": "https://host", "scheme": "https", "domain": "host", "port": 443},
    ),
    (
        "HTTP://LOCALHOST:18080/",
        {
            "full": "http://LOCALHOST:18080/",
            "scheme": "http",
            "domain": "LOCALHOST",
            "port": 18080,
            "path": "/",
        },
    ),
    (
        "http://[::1]/",
        {
            "full": "http://[::1]/",
            "scheme": "http",
            "domain": "::1",
            "port": 80,
            "path": "/",
        },
    ),
    (
        "http://[fe80::1%25eth0]:81",
        {
            "full": "http://[fe80::1%25eth0]:81",
            "scheme": "http",
            "domain": "fe80::1%eth0",
            "port": 81,
        },
    ),
    (
        "http://h/multi?x=1&y=%20z&q=a+b#frag",
        {
            "full": "http://h/multi?x=1&y=%20z&q=a+b#frag",
            "scheme": "http",
            "domain": "h",
            "port": 80,
            "path": "/multi",
            "query": "x=1&y=%20z&q=a+b",
        },
    ),
    (
        "http://h/a%20b/%C3%BC?ü=1",
        {
            "full": "http://h/a%20b/%C3%BC?ü=1",
            "scheme": "http",
            "domain": "h",
            "port": 80,
            "path": "/a b/ü",
            "query": "ü=1",
        },
    ),
    (
        "http://h/ä b#ä",
        {
            "full": "http://h/%C3%A4%20b#%C3%A4",
            "scheme": "http",
            "domain": "h",
            "port": 80,
            "path": "/ä b",
        },
    ),
    (
        "http://h/a%2Fb?",
        {
            "full": "http://h/a%2Fb?",
            "scheme": "http",
            "domain": "h",
            "port": 80,
            "path": "/a/b",
        },
    ),
    (
        "http://user:se%40cret@h:1/",
        {
            "full": "http://user:%3Chidden%3E@h:1/",
            "scheme": "http",
            "domain": "h",
            "port": 1,
            "path": "/",
            "username": "user",
            "password": "<hidden>",
        },
    ),
    (
        "http://us%20er@h/",
        {
            "full": "http://us%20er@h/",
            "scheme": "http",
            "domain": "h",
            "port": 80,
            "path": "/",
            "username": "us er",
        },
    ),
    (
        "tcp+ssl://myuser:mypass@elastic.co:65500/foo/bar?q=dosomething&x=y",
        {
            "full": "tcp+ssl://myuser:%3Chidden%3E@elastic.co:65500/foo/bar"
            "?q=dosomething&x=y",
            "scheme": "tcp+ssl",
            "domain": "elastic.co",
            "port": 65500,
            "path": "/foo/bar",
            "query": "q=dosomething&x=y",
            "username": "myuser",
            "password": "<hidden>",
        },
    ),
    (
        "http://münchen.example/",
        {
            "full": "http://m%C3%BCnchen.example/",
            "scheme": "http",
            "domain": "münchen.example",
            "port": 80,
            "path": "/",
        },
    ),
]


@pytest.mark.parametrize(("text", "expected"), DOCUMENTS)
def test_document(text: str, expected: dict[str, object]) -> None:
    """`url.*` shows what was written, the password hidden."""
    assert expected == parse(text).document()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://h", "/"),
        ("http://h?x", "/?x"),
        ("http://h/?", "/?"),
        ("http://h/a b#f", "/a%20b"),
        ("http://h/%zz", None),
    ],
)
def test_request_target(text: str, expected: str | None) -> None:
    """The request line has path and query, never the fragment."""
    if expected is None:
        with pytest.raises(ValueError, match='invalid URL escape "%zz"'):
            parse(text)
    else:
        assert expected == parse(text).request_target


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://h", "h"),
        ("http://h:80/", "h:80"),
        ("http://[::1]:81/", "[::1]:81"),
        ("http://[fe80::1%25eth0]:81", "[fe80::1]:81"),
        ("http://münchen.example/", "xn--mnchen-3ya.example"),
    ],
)
def test_authority(text: str, expected: str) -> None:
    """The Host header has the port as written, no zone and no letters beyond ASCII."""
    assert expected == parse(text).authority


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("unix://sock", "address sock: missing port in address"),
        ("http://h:99999/", "'99999' is no valid port number in 'h:99999'"),
        ("http://h:x/", "'x' is no valid port number in 'h:x'"),
        ("http://h:/", "'' is no valid port number in 'h:'"),
        ("http://[::1]:x/", "'x' is no valid port number in '[::1]:x'"),
        ("http://u:p@h:x/", 'parse "http://u:***@h:x/": invalid port after host'),
        ("http://u:p/w@h/", 'parse "http://u:***@h/": invalid port after host'),
        ("http://ho st/", 'parse "http://ho st/": invalid character " " in host name'),
        ("http://:80/", 'parse "http://:80/": no host in URL'),
        ("http://[::1/", 'parse "http://[::1/": invalid host'),
        ("no-scheme", 'parse "no-scheme": invalid host'),
        (
            "http://h/\x07",
            r'parse "http://h/\u0007": net/url: invalid control character in URL',
        ),
    ],
)
def test_refused(text: str, message: str) -> None:
    """What is no URL is refused, and its password never shown."""
    with pytest.raises(ValueError, match=r".") as caught:
        parse(text)

    assert message == str(caught.value)


def test_port_of_unknown_scheme() -> None:
    """A scheme without a usual port has none."""
    assert Target(scheme="x", host="h").port == 0


def test_host_that_is_no_name() -> None:
    """A host that IDNA cannot take is left as it is."""
    assert ascii_host("ü" * 70) == "ü" * 70


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=20),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=20),
)
def test_password_is_never_shown(password: str, path: str) -> None:
    """Whatever the password looks like, no document and no error has it."""
    secret = f"Qx{password}xQ"

    try:
        shown = str(parse(f"http://user:{secret}@host/{path}").document())
    except ValueError as error:
        shown = str(error)

    assert secret not in shown
