"""Configurations as operators write them: each loads, and says only what is true."""

from __future__ import annotations

from pathlib import Path

import pytest

from heartbeat.config import Request, Settings, load
from tests.support.config import KINDS

FOLDER = Path(__file__).parent.parent / "data" / "real"
ENVIRONMENT = {
    "NODE_NAME": "node-1",
    "PORTAL_URLS": "http://a.example,http://b.example",
    "PORTAL_PASSWORD": "hush",
    "ELASTIC_HOSTS": '["search:9200"]',
    "API_KEY": "id:key",
    "CLOUD_PASSWORD": "pw",
}
EXPECTED: dict[str, tuple[list[str], list[str], list[str]]] = {
    "anchored": (["http one", "http two"], ["console"], ["common"]),
    "cloud": (["icmp gateway"], ["elasticsearch"], []),
    "docker-sample": (
        ["http auto-http-0XD4A97957FF23CBF7", "icmp auto-icmp-0X433A983C8589EBE7"],
        ["elasticsearch"],
        [],
    ),
    "dotted-mixture": (
        ["synthetics/http auto-synthetics/http-0XCCDBEAA1EBEFB790"],
        ["elasticsearch"],
        [],
    ),
    "everything-from-environment": (["http portal"], ["elasticsearch"], []),
    "minimal-icmp": (["icmp auto-icmp-0XCDE5A7BC4ED34044"], ["elasticsearch"], []),
    "nested-four-spaces": (
        ["http auto-http-0X63D731AD9DF16494", "http site"],
        ["elasticsearch"],
        [],
    ),
    "repeated-sections": (
        ["icmp auto-icmp-0X488732D3E70B8EAC"],
        ["console"],
        ["heartbeat.monitors.0.schedule", "heartbeat.monitors"],
    ),
    "run-once-queue": (["icmp b"], ["console"], ["xpack"]),
    "second-output-off": (
        ["http auto-http-0XD56F362B045CAAF9"],
        ["elasticsearch"],
        [],
    ),
    "tcp-ports": (
        ["tcp zookeeper", "tcp cache", "tcp auto-tcp-0X6AFDE7548656421A"],
        ["file"],
        [],
    ),
    "windows-bom": (["http auto-http-0X5BB164B7FA6FFE91"], ["elasticsearch"], []),
}


def settings(name: str) -> Settings:
    """Return the settings of a real configuration."""
    request = Request(
        files=(f"{name}.yml",),
        paths={"home": str(FOLDER)},
        strict_permissions=False,
        environment=ENVIRONMENT,
    )
    return load(request, KINDS)


def test_all_are_expected() -> None:
    """Every file of the folder is in the table."""
    assert sorted(EXPECTED) == sorted(path.stem for path in FOLDER.glob("*.yml"))


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_loads(name: str) -> None:
    """The file gives its monitors and outputs, and doubts about these options only."""
    found = settings(name)

    monitors = [f"{spec.type} {spec.id}" for spec in found.monitors]
    doubtful = [problem.path for problem in found.problems]
    assert (monitors, list(found.outputs), doubtful) == EXPECTED[name]


def test_comma_list_of_the_environment() -> None:
    """A variable with commas gives several addresses."""
    (spec,) = settings("everything-from-environment").monitors

    plain = spec.options.plain()

    assert plain["urls"] == ["http://a.example", "http://b.example"]
    assert plain["name"] == "node-1 portal"


def test_merged_defaults() -> None:
    """What an anchor holds gives way to what a monitor says itself."""
    one, two = settings("anchored").monitors

    status = [
        spec.options.plain()["check"]["response"]["status"] for spec in (one, two)
    ]
    assert status == [200, [200, 404]]


def test_text_from_windows() -> None:
    """Byte order mark, carriage returns and foreign scripts are read as meant."""
    (spec,) = settings("windows-bom").monitors

    assert spec.name == "\u76e3\u8996"
    assert spec.options.plain()["check"]["response"]["body"] == "\u6b63\u5e38"


def test_shipped_file() -> None:
    """The file in the box loads without a doubt, whatever the environment."""
    shipped = FOLDER.parent.parent.parent / "heartbeat.yml"
    request = Request((str(shipped),), strict_permissions=False, environment={})

    found = load(request, KINDS)

    assert (list(found.outputs), found.problems) == (["console"], ())
