"""The options of an HTTP monitor.

Owns their names, defaults, what each may be and what they mean together. Must not know
how a request is sent or a response judged.
"""

from __future__ import annotations

from typing import Annotated, Any, Self, TypeAlias

from pydantic import AfterValidator, Field, model_validator

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
from heartbeat.monitors.addresses import AddressOptions
from heartbeat.monitors.http.checks import body_check
from heartbeat.monitors.http.request import check_header
from heartbeat.monitors.http.url import complete, parse

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


def _unsupported(value: object) -> object:
    if value:
        raise ValueError("is not supported here yet")
    return value


def _unfollowed(value: int) -> int:
    _unsupported(value > 0)
    return value


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
    headers: Annotated[dict[str, Text], AfterValidator(_headers)] = Field(
        default={}, description="Headers to send; they replace those sent by default."
    )
    body: Text = Field(default="", description="Body to send, whatever the method.")
    compression: CompressionOptions = Field(
        default=CompressionOptions(), description="Compression of the request body."
    )


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
    json_checks: Annotated[Any, AfterValidator(_unsupported)] = Field(
        default=None, alias="json", description="Conditions on a JSON body."
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


class HttpOptions(AddressOptions):
    """All options of an HTTP monitor."""

    hosts: Listed[UrlText] = Field(
        default=(), description="URLs to check, before those in urls."
    )
    urls: Listed[UrlText] = Field(default=(), description="URLs to check.")
    timeout: Duration = Field(
        default=16.0, description="How long a check may take once the address is known."
    )
    max_redirects: Annotated[Integer, AfterValidator(_unfollowed)] = Field(
        default=0, description="How many redirects are followed."
    )
    username: Text = Field(
        default="", description="User name for basic authentication."
    )
    password: Text = Field(default="", description="Password for basic authentication.")
    proxy_url: Text = Field(default="", description="Proxy to connect through.")
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
        if self.proxy_url and not self.proxy_disable:
            raise ValueError("proxy_url is not supported here yet")
        return self

    @property
    def targets(self) -> tuple[str, ...]:
        """All URLs, in the order of the checks."""
        return self.hosts + self.urls

    @property
    def uses_tls(self) -> bool:
        """Whether a URL without a scheme means https."""
        return self.ssl is not None and self.ssl.enabled
