"""From what was asked for on the command line to the options of a monitor.

Owns which of them goes where, and for which kinds of monitors there is one. Must not
know what an option does; the monitors say what a value may be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from heartbeat.errors import ConfigError
from heartbeat.monitors.addresses import DEFAULT_TIMEOUT
from heartbeat.oneoff.target import HTTP, ICMP, KINDS, TCP

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from heartbeat.oneoff.target import Target

CONNECTING: Final = (HTTP, TCP)

PLACES: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "timeout": (KINDS, "timeout"),
    "mode": (KINDS, "mode"),
    "resolver": (KINDS, "resolver"),
    "ipv4": (KINDS, "ipv6"),
    "ipv6": (KINDS, "ipv4"),
    "ca": (CONNECTING, "ssl.certificate_authorities"),
    "cert": (CONNECTING, "ssl.certificate"),
    "key": (CONNECTING, "ssl.key"),
    "insecure": (CONNECTING, "ssl.verification_mode"),
    "proxy": (CONNECTING, "proxy_url"),
    "cert-days": (CONNECTING, ""),
    "method": ((HTTP,), "check.request.method"),
    "header": ((HTTP,), "check.request.headers"),
    "data": ((HTTP,), "check.request.body"),
    "user": ((HTTP,), ""),
    "max-redirects": ((HTTP,), "max_redirects"),
    "status": ((HTTP,), "check.response.status"),
    "expect-header": ((HTTP,), "check.response.headers"),
    "body": ((HTTP,), "check.response.body.positive"),
    "not-body": ((HTTP,), "check.response.body.negative"),
    "json-rule": ((HTTP,), "check.response.json"),
    "send": ((TCP,), "check.send"),
    "expect": ((TCP,), "check.receive"),
    "count": ((ICMP,), "count"),
    "interval": ((ICMP,), "interval"),
    "size": ((ICMP,), "size"),
    "max-loss": ((ICMP,), "max_loss"),
    "max-rtt": ((ICMP,), "max_rtt"),
}
"""Options of the command: the kinds that have them, and where they go in a monitor.

`--ipv4` switches the other family off.
"""

ONLY: Final = frozenset({"ipv4", "ipv6"})


def options_of(target: Target, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the monitor's options for what was asked for, by the command's names.

    What is None, false or empty was not asked for. Raises `ConfigError`.
    """
    given = {name: value for name, value in asked.items() if value not in (None, False)}
    given = {name: value for name, value in given.items() if value != ()}
    _refuse_strangers(target, given)
    options: dict[str, Any] = {"hosts": [target.place]}
    for name, value in given.items():
        path = PLACES[name][1]
        if path:
            _put(options, path, _formed(name, value))
    if "count" in given and "timeout" not in given:
        # As long as the requests take, and then as long as usual.
        gaps = (given["count"] - 1) * given.get("interval", 1.0)
        options["timeout"] = gaps + DEFAULT_TIMEOUT
    if "user" in given:
        username, _, password = given["user"].partition(":")
        options |= {"username": username, "password": password}
    return options


def _refuse_strangers(target: Target, given: Iterable[str]) -> None:
    for name in given:
        kinds = PLACES[name][0]
        if target.kind not in kinds:
            raise ConfigError(
                f"--{name} is for {' and '.join(kinds)}, but '{target.place}' is"
                f" checked by {target.kind}; --type says what it is to be checked by"
            )


def _formed(name: str, value: Any) -> Any:
    if name in ONLY:
        return False
    match name:
        case "insecure":
            return "none"
        case "header" | "expect-header":
            return dict(_header(name, text) for text in value)
        case "json-rule":
            return [{"expression": text, "description": text} for text in value]
        case "status":
            return [code for text in value for code in text.split(",")]
        case _:
            return list(value) if isinstance(value, tuple) else value  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _header(name: str, text: str) -> tuple[str, str]:
    key, colon, value = text.partition(":")
    if not (key.strip() and colon):
        raise ConfigError(f"--{name} takes 'Name: value', not '{text}'")
    return key.strip(), value.strip()


def _put(options: dict[str, Any], path: str, value: Any) -> None:
    *groups, name = path.split(".")
    for group in groups:
        options = options.setdefault(group, {})
    options[name] = value
