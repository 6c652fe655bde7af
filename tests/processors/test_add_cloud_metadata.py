"""`add_cloud_metadata`, against scripted metadata services."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.processors import cloud
from heartbeat.processors.add_cloud_metadata import AddCloudMetadata, CloudFacts
from tests.support.api import serving_api
from tests.support.clock import FakeClock
from tests.support.processors import context, event, faults, processor

if TYPE_CHECKING:
    from heartbeat.event import Fields
    from tests.support.api import Answer

AWS: dict[str, Answer] = {
    "PUT /latest/api/token": "token",
    "GET /latest/dynamic/instance-identity/document": {
        "instanceId": "i-1",
        "instanceType": "t3.micro",
        "region": "us-east-1",
        "availabilityZone": "us-east-1c",
        "accountId": "123",
        "imageId": "ami-1",
    },
}
CLOUDS: list[tuple[dict[str, Answer], Fields]] = [
    (
        AWS,
        {
            "provider": "aws",
            "service": {"name": "EC2"},
            "instance": {"id": "i-1"},
            "machine": {"type": "t3.micro"},
            "region": "us-east-1",
            "availability_zone": "us-east-1c",
            "account": {"id": "123"},
            "image": {"id": "ami-1"},
        },
    ),
    (
        {
            "GET /computeMetadata/v1/": {
                "instance": {
                    "id": 42,
                    "name": "vm",
                    "machineType": "projects/1/machineTypes/f1-micro",
                    "zone": "projects/1/zones/us-east1-b",
                },
                "project": {"projectId": "mine"},
            }
        },
        {
            "provider": "gcp",
            "service": {"name": "GCE"},
            "instance": {"id": "42", "name": "vm"},
            "machine": {"type": "f1-micro"},
            "region": "us-east1",
            "availability_zone": "us-east1-b",
            "project": {"id": "mine"},
            "account": {"id": "mine"},
        },
    ),
    (
        {
            "GET /metadata/instance/compute": {
                "vmId": "v",
                "name": "vm",
                "vmSize": "D3",
                "location": "eastus2",
                "subscriptionId": "s",
            }
        },
        {
            "provider": "azure",
            "service": {"name": "Virtual Machines"},
            "instance": {"id": "v", "name": "vm"},
            "machine": {"type": "D3"},
            "region": "eastus2",
            "account": {"id": "s"},
        },
    ),
    (
        {"GET /metadata/v1.json": {"droplet_id": 7, "region": "nyc3"}},
        {
            "provider": "digitalocean",
            "service": {"name": "Droplets"},
            "instance": {"id": "7"},
            "region": "nyc3",
        },
    ),
    (
        {
            "GET /hetzner/v1/metadata/instance-id": "111",
            "GET /hetzner/v1/metadata/hostname": "vm",
            "GET /hetzner/v1/metadata/region": "eu-central",
            "GET /hetzner/v1/metadata/availability-zone": "hel1-dc2",
        },
        {
            "provider": "hetzner",
            "service": {"name": "Cloud"},
            "instance": {"id": "111", "name": "vm"},
            "region": "eu-central",
            "availability_zone": "hel1-dc2",
        },
    ),
    (
        {
            "GET /openstack/latest/meta_data.json": {
                "uuid": "u",
                "name": "vm",
                "availability_zone": "az",
            },
            "GET /2009-04-04/meta-data/instance-type": "m1.small",
        },
        {
            "provider": "openstack",
            "service": {"name": "Nova"},
            "instance": {"id": "u", "name": "vm"},
            "machine": {"type": "m1.small"},
            "availability_zone": "az",
        },
    ),
]


async def asked(
    routes: dict[str, Answer], monkeypatch: pytest.MonkeyPatch
) -> Fields | None:
    """Return what clouds with these routes answer."""
    async with serving_api(routes) as api:
        monkeypatch.setattr(cloud, "ADDRESS", api.url)
        return await cloud.ask(tuple(cloud.PROVIDERS), 3.0)


@pytest.mark.parametrize(("routes", "expected"), CLOUDS)
async def test_clouds(
    routes: dict[str, Answer], expected: Fields, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each cloud's answer becomes the same members."""
    assert await asked(routes, monkeypatch) == expected


@pytest.mark.parametrize(
    "routes",
    [
        {},
        {"GET /metadata/v1.json": "<html>"},
        {"GET /metadata/v1.json": []},
        {"GET /metadata/v1.json": {}},
        {"GET /metadata/v1.json": b" " * (cloud.LARGEST + 1)},
        {"GET /computeMetadata/v1/": {"instance": 1}},
        {**AWS, "PUT /latest/api/token": 403},
        {**AWS, "PUT /latest/api/token": "a\r\nb: c"},
    ],
)
async def test_no_cloud(
    routes: dict[str, Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is no answer of a cloud counts for none."""
    assert await asked(routes, monkeypatch) is None


async def test_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several that answer the first is believed."""
    routes = {**CLOUDS[5][0], **AWS}

    found = await asked(routes, monkeypatch)

    assert found is not None
    assert found["provider"] == "aws"


async def test_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events get what is known by then, beside nothing that they know themselves."""
    found: Any = processor("add_cloud_metadata", {"providers": ["ec2"]})
    forced: Any = processor("add_cloud_metadata", {"overwrite": True})
    assert found(event()).fields == {}
    for one in (found, forced):
        async with serving_api(AWS) as api:
            monkeypatch.setattr(cloud, "ADDRESS", api.url)
            await one.sources[0].run()

    assert found(event()).fields == {"cloud": CLOUDS[0][1]}
    own = {"cloud": {"region": "mine", "x": 1}}
    assert found(event(own)).fields == own
    assert forced(event(own)).fields == {"cloud": {"x": 1, **CLOUDS[0][1]}}


async def test_asking_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Without an answer questions are asked twice more, and one line says so."""
    caplog.set_level(logging.INFO)
    times: list[float] = []
    clock = FakeClock()

    async def nobody(*_: object) -> None:
        times.append(clock.monotonic())

    monkeypatch.setattr(cloud, "ask", nobody)
    facts = CloudFacts(clock, ("aws",), 3.0)
    sources = context(clock).sources
    sources.hold([facts])
    task = asyncio.create_task(sources.run())
    await clock.advance(600.0)
    task.cancel()

    assert [moment - times[0] for moment in times] == [0.0, 30.0, 330.0]
    assert [record.message for record in caplog.records] == [
        "add_cloud_metadata: no cloud answers at http://169.254.169.254"
    ]


def test_shared_facts() -> None:
    """Processors with the same options share their facts, others do not."""
    within = context(environment={"BEATS_ADD_CLOUD_METADATA_PROVIDERS": "gcp, nova"})

    def built(options: object) -> AddCloudMetadata:
        found: Any = processor("add_cloud_metadata", options, within)
        assert isinstance(found, AddCloudMetadata)
        return found

    one, two = built(None), built({"providers": ["openstack", "gcp"]})
    assert one.sources == two.sources
    assert built({"timeout": "1s"}).sources != one.sources


def test_bad_options() -> None:
    """Clouds that want credentials or are none are refused."""
    (fault,) = faults({"add_cloud_metadata": {"providers": ["alibaba"]}})
    assert fault.startswith("unknown provider alibaba; those that are asked without")
    within = context(environment={"BEATS_ADD_CLOUD_METADATA_PROVIDERS": "x"})
    (fault,) = faults({"add_cloud_metadata": None}, within=within)
    assert fault.startswith("BEATS_ADD_CLOUD_METADATA_PROVIDERS: unknown provider x")
