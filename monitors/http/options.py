"""The options of an HTTP monitor.

Owns their names, defaults, what each may be and what they mean together. Must not know
how a request is sent or a response judged.
"""

from __future__ import annotations

from typing import Annotated, Any, Self, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from heartbeat.config import (
    Duration,
    Flag,
    Integer,
    Listed,
    Options,
    Text,
    TlsOptions,
    Uint16,
)
from heartbeat.monitors.addresses import DEFAULT_TIMEOUT, ConnectOptions
from heartbeat.monitors.http.checks import body_check
from heartbeat.monitors.http.jsoncheck import json_check
from heartbeat.monitors.http.request import check_header
from heartbeat.monitors.http.url import complete, parse
from heartbeat.net import parse_proxy

METHODS = frozenset(
    {"OPTIONS", "HEAD", "GET", "POST", "PUT", "DELETE", "CONNECT", "TRACE"}
)
ALWAYS, ON_ERROR, NEVER = "always", "on_error", "never"


def _method(value: str) -> str:
    method = value.upper()
    if method not in METHODS:
        raise ValueError(f"HTTP method '{value}' not supported")
    return method


def _include_body(value: str) -> str:
    choice = value.lower()
    if choice not in {ALWAYS, ON_ERROR, NEVER}:
        raise ValueError(
            f"unknown option for `include_body`: '{value}', "
            "please use one of 'always', 'on_error', 'never'"
        )
    return choice


def _positive(value: int) -> int:
    if value <= 0:
        raise ValueError(
            f"include_body_max_bytes must be a positive integer, got {value}"
        )
    return value


def _possible_timeout(seconds: float) -> float:
    if seconds < 0:
        raise ValueError(f"a timeout cannot be negative, but this is {seconds:g}s")
    return seconds


def _proxy(value: str) -> str:
    if value:
        parse_proxy(value)
    return value


def _with_scheme(value: str) -> str:
    return value if not value or "://" in value else f"http://{value}"


def _named(value: object) -> object:
    """Return no headers for a list: it is taken, but its items have no names."""
    return {} if isinstance(value, (list, tuple)) else value


def _url(value: str) -> str:
    parse(complete(value, tls=False))
    return value


def _body(value: Any) -> Any:
    body_check(value)
    return value


def _headers(value: dict[str, str]) -> dict[str, str]:
    for name, text in value.items():
        check_header(name, text)
    return value


HeaderTexts: TypeAlias = Annotated[
    dict[str, Text], BeforeValidator(_named), AfterValidator(_headers)
]
"""Headers to send, by name."""


UrlText: TypeAlias = Annotated[Text, AfterValidator(_url)]
"""A URL; the scheme may be missing."""


class CompressionOptions(Options):
    """`check.request.compression`."""

    type: Text = Field(default="", description="gzip compresses the request body.")
    level: Integer = Field(
        default=6, description="From 1, fast, to 9, small; 0 only wraps."
    )

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.type.lower() not in {"", "gzip"}:
            raise ValueError(f"compression type '{self.type}' not supported")
        if self.type and not 0 <= self.level <= 9:  # noqa: PLR2004 - gzip's levels
            raise ValueError(f"compression level {self.level} invalid")
        return self


class RequestOptions(Options):
    """`check.request`: what is sent."""

    method: Annotated[Text, AfterValidator(_method)] = Field(
        default="GET", description="HTTP method, in any case."
    )
    headers: HeaderTexts = Field(
        default={}, description="Headers to send; they replace those sent by default."
    )
    body: Text = Field(default="", description="Body to send, whatever the method.")
    compression: CompressionOptions = Field(
        default=CompressionOptions(), description="Compression of the request body."
    )


class JsonCheckOptions(Options):
    """An entry of `check.response.json`: a rule and its name."""

    description: Text = Field(default="", description="How errors name the rule.")
    expression: Text = Field(
        default="", description="What must hold of the body: a gval expression."
    )
    condition: Any = Field(
        default=None, description="The same as a condition of processors; deprecated."
    )

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.expression and self.condition is not None:
            raise ValueError(
                "only one of 'expression' or 'condition' can be specified "
                f"for JSON check '{self.description}'"
            )
        return self


def _json(value: tuple[JsonCheckOptions, ...]) -> tuple[JsonCheckOptions, ...]:
    json_check(value)
    return value


class ExpectedOptions(Options):
    """`check.response`: what must come back."""

    status: Listed[Uint16] = Field(
        default=(), description="Accepted status codes; empty accepts all below 400."
    )
    headers: dict[str, Text] = Field(
        default={}, description="Headers that must have exactly these values."
    )
    body: Annotated[Any, AfterValidator(_body)] = Field(
        default=None,
        description="A pattern, a list of patterns of which one must be found, or a "
        "mapping with lists of `positive` and `negative` patterns (RE2).",
    )
    json_checks: Annotated[Listed[JsonCheckOptions], AfterValidator(_json)] = Field(
        default=(), alias="json", description="Rules that a JSON body must meet."
    )


class CheckOptions(Options):
    """`check`: the request and what is expected of the response."""

    request: RequestOptions = Field(
        default=RequestOptions(), description="What is sent."
    )
    response: ExpectedOptions = Field(
        default=ExpectedOptions(), description="What must come back."
    )


class ReportOptions(Options):
    """`response`: what the document tells about the response."""

    include_headers: Flag = Field(
        default=True, description="Report the response headers."
    )
    include_body: Annotated[Text, AfterValidator(_include_body)] = Field(
        default=ON_ERROR, description="Report the body always, on_error or never."
    )
    include_body_max_bytes: Annotated[Integer, AfterValidator(_positive)] = Field(
        default=2048, description="How much of the body is reported."
    )


class AuthHeader(Options):
    """An entry of `auth.headers`."""

    key: Text = Field(default="", description="Name of the header.")
    value: Text = Field(default="", description="Its value.")

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        check_header(self.key, self.value)
        return self


class AuthOptions(Options):
    """`auth`: a login that yields to what the request carries otherwise."""

    headers: Listed[AuthHeader] = Field(default=(), description="Headers to send.")
    username: Text = Field(
        default="", description="User name for basic authentication."
    )
    password: Text = Field(default="", description="Password for basic authentication.")
    api_key: Text = Field(
        default="", description="API key, already encoded, for ApiKey authorization."
    )

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        check_header("Authorization", self.api_key)
        return self


class HttpOptions(ConnectOptions):
    """All options of an HTTP monitor."""

    hosts: Listed[UrlText] = Field(
        default=(), description="URLs to check, before those in urls."
    )
    urls: Listed[UrlText] = Field(default=(), description="URLs to check.")
    timeout: Annotated[Duration, AfterValidator(_possible_timeout)] = Field(
        default=DEFAULT_TIMEOUT,
        description="How long a check may take once the address is known.",
    )
    max_redirects: Integer = Field(
        default=0,
        description="How many redirects are told; all but the last are followed.",
    )
    username: Text = Field(
        default="", description="User name for basic authentication."
    )
    password: Text = Field(default="", description="Password for basic authentication.")
    auth: AuthOptions = Field(
        default=AuthOptions(),
        description="Login; username and password, and headers, win over it.",
    )
    proxy_url: Annotated[Text, AfterValidator(_with_scheme), AfterValidator(_proxy)] = (
        Field(
            default="", description="Proxy to go through: an http, https or socks5 URL."
        )
    )
    proxy_headers: HeaderTexts = Field(
        default={}, description="Headers for the proxy, when it is sent CONNECT."
    )
    proxy_disable: Flag = Field(
        default=False, description="true connects without the proxy."
    )
    ssl: TlsOptions | None = Field(default=None, description="TLS settings.")
    response: ReportOptions = Field(
        default=ReportOptions(),
        description="What the document tells about the response.",
    )
    check: CheckOptions = Field(
        default=CheckOptions(), description="The request and the expected response."
    )

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if not self.targets:
            raise ValueError("hosts is a mandatory parameter")
        return self

    @property
    def targets(self) -> tuple[str, ...]:
        """All URLs, in the order of the checks."""
        return self.hosts + self.urls

    @property
    def uses_proxy(self) -> bool:
        """Whether requests go through a proxy."""
        return bool(self.proxy_url) and not self.proxy_disable

    @property
    def is_direct(self) -> bool:
        """Whether checks take the direct path: one request, one address."""
        return self.max_redirects <= 0 and not self.uses_proxy

    @property
    def uses_tls(self) -> bool:
        """Whether a URL without a scheme means https."""
        return self.ssl is not None and self.ssl.enabled
