"""The options: what they may be, what they exclude, what presets do."""

from __future__ import annotations

from typing import Any

import pytest

from heartbeat.config import Section
from heartbeat.config.variables import Scope
from heartbeat.errors import ConfigError
from heartbeat.outputs.base import Limits
from heartbeat.outputs.elasticsearch.options import ElasticsearchOptions, read_options

KEY = "aWQ6a2V5"
"""`id:key` in base64."""


def read(**options: Any) -> ElasticsearchOptions:
    """Return the options of a section with one host."""
    return read_options(Section({"hosts": "es", **options}))


@pytest.mark.parametrize(
    ("options", "header"),
    [
        ({}, ""),
        ({"username": "", "password": "", "api_key": ""}, ""),
        ({"username": "me", "password": "pw"}, "Basic bWU6cHc="),
        ({"username": "me"}, "Basic bWU6"),
        ({"api_key": "id:key"}, f"ApiKey {KEY}"),
        ({"api_key": KEY}, f"ApiKey {KEY}"),
        ({"service_token": "t"}, "Bearer t"),
    ],
)
def test_identities(options: dict[str, str], header: str) -> None:
    """Each way to say who we are becomes one header; empty texts are nobody."""
    assert read(**options).authorization == header


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"api_key": "a:b", "username": "me"},
            "cannot set both api_key and username/password",
        ),
        (
            {"service_token": "t", "api_key": "a:b"},
            "cannot set service_token beside api_key or username/password",
        ),
        ({"password": "pw"}, "password is set, but username is not"),
        (
            {"api_key": "key!"},
            "is neither 'id:key' nor that in base64 accessing 'api_key'",
        ),
        (
            {"api_key": "a2V5"},
            "is neither 'id:key' nor that in base64 accessing 'api_key'",
        ),
        ({"hosts": []}, "at least one host is needed accessing 'hosts'"),
        ({"hosts": ["a", "b:x"]}, "'b:x' cannot be read as an address"),
        ({"protocol": "ftp"}, "expecting http or https, not 'ftp'"),
        ({"preset": "fast"}, "unknown preset value fast accessing 'preset'"),
        ({"proxy_url": "socks5://p"}, "'socks5://p' has neither http nor https"),
        ({"headers": {"a": ["b"]}}, "the values must be texts accessing 'headers'"),
        ({"indices": {"index": "a"}}, "accessing 'indices'"),
        ({"kerberos": {"realm": "a"}}, "is not supported here yet accessing"),
        (
            {"auth": {"username": "a", "api_key": "b"}},
            "cannot set both api_key and username/password accessing 'auth'",
        ),
        ({"auth": {"password": "a"}}, "password is set, but username is not"),
        ({"auth": {"headers": [{"value": "a"}]}}, "missing required field"),
        ({"timeout": 0}, "requires value > 0 accessing 'timeout'"),
        ({"compression_level": 10}, "requires value <= 9"),
        (
            {"non_indexable_policy": {"dead_letter_index": {}}},
            "dead_letter_index policy requires an `index` to be specified",
        ),
        ({"non_indexable_policy": {"keep": None}}, "no such policy type: keep"),
        (
            {
                "non_indexable_policy": {
                    "drop": None,
                    "dead_letter_index": {"index": "d"},
                }
            },
            "more than one namespace configured",
        ),
    ],
)
def test_refused(options: dict[str, Any], message: str) -> None:
    """What cannot work is said when the configuration is read."""
    with pytest.raises(ConfigError) as caught:
        read(**options)

    assert message in str(caught.value)


def test_hosts_are_required() -> None:
    """There is no default host."""
    with pytest.raises(ConfigError, match="missing required field"):
        read_options(Section({}))


def test_a_kerberos_section_may_be_off() -> None:
    """As in the reference, a section that is not enabled is none."""
    assert read(kerberos={"enabled": False, "realm": "a"}).kerberos is None


@pytest.mark.parametrize(
    ("options", "hosts", "limits"),
    [
        ({}, 1, Limits(1600, 1, 1.0, 60.0, -1, 1.0)),
        ({"workers": 3}, 2, Limits(1600, 6, 1.0, 60.0, -1, 1.0)),
        ({"worker": 2, "workers": 3}, 1, Limits(1600, 2, 1.0, 60.0, -1, 1.0)),
        ({"worker": 0}, 1, Limits(1600, 1, 1.0, 60.0, -1, 1.0)),
        ({"worker": 2, "loadbalance": False}, 3, Limits(1600, 2, 1.0, 60.0, -1, 1.0)),
        ({"bulk_max_size": 0}, 1, Limits(1600, 1, 1.0, 60.0, -1, 1.0)),
        (
            {"bulk_max_size": 7, "max_retries": 3, "backoff": {"init": "5s"}},
            1,
            Limits(7, 1, 5.0, 60.0, 3, 1.0),
        ),
        ({"preset": "latency"}, 1, Limits(50, 1, 1.0, 60.0, -1, 1.0)),
        ({"preset": "throughput"}, 2, Limits(1600, 8, 1.0, 60.0, -1, 1.0)),
        ({"preset": "scale"}, 1, Limits(1600, 1, 5.0, 300.0, -1, 1.0)),
        ({"preset": "custom", "workers": 2}, 1, Limits(1600, 2, 1.0, 60.0, -1, 1.0)),
    ],
)
def test_limits(options: dict[str, Any], hosts: int, limits: Limits) -> None:
    """Sizes, lanes and waits for the delivery worker."""
    assert read(**options).limits(hosts) == limits


def test_presets_say_what_they_override() -> None:
    """A preset wins over options beside it, but not in silence."""
    scope = Scope()
    content = {
        "hosts": "es",
        "preset": "latency",
        "bulk_max_size": 9,
        "workers": 4,
        "timeout": 5,
    }

    options = read_options(Section(content, scope))

    assert (options.bulk_max_size, options.lanes, options.timeout) == (50, 1, 5.0)
    assert [problem.message for problem in scope.reported] == [
        f"Performance preset 'latency' overrides user setting for field '{name}'"
        for name in ("bulk_max_size", "workers")
    ]


def test_members_become_texts() -> None:
    """Headers and parameters are texts on the wire, however they are written."""
    options = read(headers={"a": 1, "b": True}, parameters={"c": "d"})

    assert dict(options.headers) == {"a": "1", "b": "true"}
    assert dict(options.parameters) == {"c": "d"}
