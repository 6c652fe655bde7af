"""A URL as the operator wrote it, taken apart the way the reference does it.

Owns scheme completion, Go's escaping rules, `url.*` of the document, the words that
stand for a password and the target of the request line. Must not know options,
connections or what is sent beside the target.

Neither `urllib.parse` nor yarl: both change what documents must show as written (case
of the host, an empty query, `%2F` in a path).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from heartbeat.monitors.http.text import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

DEFAULT_PORTS = {"http": 80, "https": 443}
HIDDEN = "<hidden>"

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]")
_PARTS = re.compile(r"([^:]+)://([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
_AUTHORITY = re.compile(
    r"""(?: (?P<user>[^:]*) (?: :(?P<password>.*) )? @ )?
        (?P<host> \[ [^\[\]]* \] | [^\[\]:@]* )
        (?: :(?P<port>[^:@\]]*) )?""",
    re.VERBOSE | re.DOTALL,
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2}).{0,2}", re.DOTALL)
_BAD_HOST = re.compile(r"[\x00-\x20\"#%/<>?@\\^`{|}]")
_ESCAPED_PATH = re.compile(r"[A-Za-z0-9\-_.~$&+,/:;=@!'()*\[\]%]*")
_ESCAPED_FRAGMENT = re.compile(r"[A-Za-z0-9\-_.~$&+,/:;=@!'()*\[\]%?]*")
_LOGIN = re.compile(r"(//[^:/?#]*):.*@", re.DOTALL)
_MAX_PORT = 0xFFFF


@dataclass(frozen=True, slots=True)
class Target:
    """What a URL names.

    `host` has no brackets; `path` is percent-encoded, `query` raw, None without `?`;
    `explicit_port` is None where the URL has none.
    """

    scheme: str
    host: str
    explicit_port: int | None = None
    path: str = ""
    query: str | None = None
    fragment: str | None = None
    username: str | None = None
    password: str | None = None

    @property
    def port(self) -> int:
        """The port to connect to; 0 for a scheme that has no usual one."""
        if self.explicit_port is not None:
            return self.explicit_port
        return DEFAULT_PORTS.get(self.scheme, 0)

    @property
    def authority(self) -> str:
        """Host and port as the `Host` header carries them."""
        return self._authority(ascii_host(self.host).partition("%")[0])

    @property
    def request_target(self) -> str:
        """What the request line asks for: path and query."""
        return (self.path or "/") + self._query()

    def full(self, password: str) -> str:
        """Return the whole URL, `password` in place of the real one if it has one."""
        user = ""
        if self.username is not None:
            user = quote(self.username, safe="$&+,;=", errors="surrogateescape")
            user += "@" if self.password is None else f":{password}@"
        fragment = f"#{self.fragment}" if self.fragment else ""
        host = self._authority(quote(self.host, safe="!$&'()*+,;=:[]"))
        return f"{self.scheme}://{user}{host}{self.path}{self._query()}{fragment}"

    @property
    def shown(self) -> str:
        """The whole URL as documents show it, a password hidden."""
        return self.full(quote(HIDDEN, safe=""))

    def document(self) -> Mapping[str, Any]:
        """Return the members of `url`."""
        members: dict[str, Any] = {
            "full": self.shown,
            "scheme": self.scheme,
            "domain": self.host,
        }
        optional = {
            "port": self.port,
            "path": _decoded(self.path),
            "query": self.query,
            "username": self.username,
            "password": HIDDEN if self.password is not None else None,
        }
        return members | {name: value for name, value in optional.items() if value}

    def _authority(self, host: str) -> str:
        if ":" in host:
            host = f"[{host}]"
        return host if self.explicit_port is None else f"{host}:{self.explicit_port}"

    def _query(self) -> str:
        return "" if self.query is None else f"?{self.query}"


def complete(text: str, *, tls: bool) -> str:
    """Return the text with a scheme: `https` if `tls`, unless it names one and a host.

    `localhost:8080` has a host and a port, not a scheme.
    """
    if _ABSOLUTE.match(text):
        return text
    return f"{'https' if tls else 'http'}://{text}"


def parse(text: str) -> Target:
    """Take an absolute URL apart; raises `ValueError` in the reference's words.

    The text of the error never shows a password.
    """
    if _CONTROL.search(text):
        raise _refusal(text, "net/url: invalid control character in URL")
    parts = _PARTS.fullmatch(text)
    authority = _AUTHORITY.fullmatch(parts[2]) if parts else None
    if parts is None or authority is None:
        raise _refusal(text, "invalid host")
    if bad := _BAD_ESCAPE.search("".join(parts.group(2, 3))):
        raise _refusal(text, f"invalid URL escape {quoted(bad[0])}")
    scheme = parts[1].lower()
    return Target(
        scheme=scheme,
        host=_host(text, authority["host"]),
        explicit_port=_port(text, scheme, authority),
        path=_escaped(parts[3], _ESCAPED_PATH, "$&+,/:;=@"),
        query=parts[4],
        fragment=_escaped(parts[5] or "", _ESCAPED_FRAGMENT, "$&+,/:;=?@!()*"),
        username=authority["user"] and _decoded(authority["user"]),
        password=authority["password"] and _decoded(authority["password"]),
    )


def ascii_host(host: str) -> str:
    """Return a host as name servers and the `Host` header want it: IDNA, if need be."""
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host


def _host(text: str, written: str) -> str:
    host = unquote(written.removeprefix("[").removesuffix("]"))
    if not host:
        raise _refusal(text, "no host in URL")
    if bad := _BAD_HOST.search(host.partition("%")[0]):
        raise _refusal(text, f"invalid character {quoted(bad[0])} in host name")
    return host


def _port(text: str, scheme: str, authority: re.Match[str]) -> int | None:
    port, host = authority["port"], authority["host"]
    if port is None:
        if scheme not in DEFAULT_PORTS:
            raise ValueError(f"address {host}: missing port in address")
        return None
    if not (port.isascii() and port.isdigit() and int(port) <= _MAX_PORT):
        if "@" in text:  # then it may be the beginning of a password
            raise _refusal(text, "invalid port after host")
        raise ValueError(f"'{port}' is no valid port number in '{host}:{port}'")
    return int(port)


def _escaped(text: str, valid: re.Pattern[str], safe: str) -> str:
    """Return the text percent-encoded, as it is if it already was."""
    if valid.fullmatch(text):
        return text
    return quote(_decoded(text), safe=safe, errors="surrogateescape")


def _decoded(text: str) -> str:
    return unquote(text, errors="surrogateescape")


def without_password(text: str) -> str:
    """Return the text of a URL, `***` in place of what may be a password."""
    return _LOGIN.sub(r"\1:***@", text)


def _refusal(text: str, reason: str) -> ValueError:
    return ValueError(f"parse {quoted(without_password(text))}: {reason}")
