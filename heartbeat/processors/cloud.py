"""What clouds tell a machine of itself, without credentials.

Owns the questions to their metadata services and how answers become `cloud.*`. Must not
know events. All are asked at one address, which is link-local: no question leaves the
network segment, and elsewhere nobody answers.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import orjson

from heartbeat.processors.api import FAILURES, Api, Place

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from heartbeat.event import Fields

ADDRESS: Final = "http://169.254.169.254"
LARGEST: Final = 1_048_576

Ask: TypeAlias = "Callable[[Api], Awaitable[Fields]]"


async def _aws(api: Api) -> Fields:
    lifetime = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
    token = await _text(api, "/latest/api/token", lifetime, method="PUT")
    headers = {"X-aws-ec2-metadata-token": token}
    path = "/latest/dynamic/instance-identity/document"
    said = await _document(api, path, headers)
    return {
        "provider": "aws",
        "service": {"name": "EC2"},
        "instance": {"id": said["instanceId"]},
        "machine": {"type": said.get("instanceType")},
        "region": said.get("region"),
        "availability_zone": said.get("availabilityZone"),
        "account": {"id": said.get("accountId")},
        "image": {"id": said.get("imageId")},
    }


async def _gcp(api: Api) -> Fields:
    path = "/computeMetadata/v1/?recursive=true&alt=json"
    said = await _document(api, path, {"Metadata-Flavor": "Google"})
    instance, project = said["instance"], said.get("project", {})
    zone = _last(instance.get("zone"))
    identity = project.get("projectId")
    return {
        "provider": "gcp",
        "service": {"name": "GCE"},
        "instance": {"id": str(instance["id"]), "name": instance.get("name")},
        "machine": {"type": _last(instance.get("machineType"))},
        "region": zone.rpartition("-")[0],
        "availability_zone": zone,
        "project": {"id": identity},
        "account": {"id": identity},
    }


async def _azure(api: Api) -> Fields:
    path = "/metadata/instance/compute?api-version=2021-02-01&format=json"
    said = await _document(api, path, {"Metadata": "true"})
    return {
        "provider": "azure",
        "service": {"name": "Virtual Machines"},
        "instance": {"id": said["vmId"], "name": said.get("name")},
        "machine": {"type": said.get("vmSize")},
        "region": said.get("location"),
        "availability_zone": said.get("zone"),
        "account": {"id": said.get("subscriptionId")},
    }


async def _digitalocean(api: Api) -> Fields:
    said = await _document(api, "/metadata/v1.json")
    return {
        "provider": "digitalocean",
        "service": {"name": "Droplets"},
        "instance": {"id": str(said["droplet_id"]), "name": said.get("hostname")},
        "region": said.get("region"),
    }


async def _hetzner(api: Api) -> Fields:
    names = ("instance-id", "hostname", "region", "availability-zone")
    said = [await _text(api, f"/hetzner/v1/metadata/{name}") for name in names]
    return {
        "provider": "hetzner",
        "service": {"name": "Cloud"},
        "instance": {"id": said[0], "name": said[1]},
        "region": said[2],
        "availability_zone": said[3],
    }


async def _openstack(api: Api) -> Fields:
    # AWS answers at the old paths of EC2, too: this one is OpenStack's own.
    said = await _document(api, "/openstack/latest/meta_data.json")
    kind = await _optional(api, "/2009-04-04/meta-data/instance-type")
    return {
        "provider": "openstack",
        "service": {"name": "Nova"},
        "instance": {"id": said["uuid"], "name": said.get("name")},
        "machine": {"type": kind},
        "availability_zone": said.get("availability_zone"),
    }


PROVIDERS: Final[Mapping[str, Ask]] = {
    "aws": _aws,
    "gcp": _gcp,
    "azure": _azure,
    "digitalocean": _digitalocean,
    "hetzner": _hetzner,
    "openstack": _openstack,
}
"""In the order in which they are believed."""

ALIASES: Final = {"ec2": "aws", "nova": "openstack"}


async def ask(providers: Sequence[str], patience: float) -> Fields | None:
    """Return what the machine's cloud says, None if none of the providers answers.

    All are asked at once, each for so many seconds at most.
    """
    api = Api(Place(ADDRESS, patience=patience))
    try:
        answers = await asyncio.gather(
            *(_answer(PROVIDERS[name], api, patience) for name in providers)
        )
    finally:
        await api.close()
    return next((answer for answer in answers if answer), None)


async def _answer(question: Ask, api: Api, patience: float) -> Fields | None:
    try:
        async with asyncio.timeout(patience):
            return _without_empty(await question(api))
    except FAILURES:
        return None


async def _document(
    api: Api, path: str, headers: Mapping[str, str] | None = None
) -> Any:
    return orjson.loads(await api.text(path, headers=headers, limit=LARGEST))


async def _text(
    api: Api, path: str, headers: Mapping[str, str] | None = None, method: str = "GET"
) -> str:
    data = await api.text(path, method=method, headers=headers, limit=LARGEST)
    text = data.decode("utf-8", "strict").strip()
    if not text or not text.isprintable():
        raise ValueError(f"no answer at {path}")
    return text


async def _optional(api: Api, path: str) -> str:
    try:
        return await _text(api, path)
    except FAILURES:
        return ""


def _last(path: str | None) -> str:
    return (path or "").rpartition("/")[2]


def _without_empty(fields: Fields) -> Fields:
    """Return the fields that say something."""
    kept: Fields = {}
    for name, value in fields.items():
        inner = value
        if isinstance(value, dict):
            inner = _without_empty(cast("Fields", value))
        if inner:
            kept[name] = inner
    return kept
