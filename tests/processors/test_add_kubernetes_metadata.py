"""`add_kubernetes_metadata`, against a scripted API server."""

from __future__ import annotations

import asyncio
import base64
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
import yaml

from heartbeat.processors import kubeconfig
from heartbeat.processors.api import PAUSE
from tests.support.api import Stream, serving_api
from tests.support.clock import FakeClock, settle
from tests.support.processors import context, event, faults, processor

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from heartbeat.event import Event, Fields
    from tests.support.api import Answer

PODS = "GET /api/v1/pods"
ID = "3c" * 32
SET = {"kind": "ReplicaSet", "name": "web-5d9"}


def pod(name: str, ip: str = "", **more: Any) -> dict[str, Any]:
    """Return a pod as the API shows it."""
    return {
        "metadata": {
            "name": name,
            "namespace": "shop",
            "uid": f"uid-{name}",
            "labels": {"app.kubernetes.io/name": name, "pod-template-hash": "5d9"},
            "annotations": {"a.b": "c", "secret": "x"},
            "ownerReferences": [SET],
        },
        "spec": {
            "nodeName": "n1",
            "containers": [{"name": "nginx", "ports": [{"containerPort": 80}]}],
            **more,
        },
        "status": {
            "podIP": ip,
            "containerStatuses": [
                {
                    "name": "nginx",
                    "image": "nginx:1",
                    "containerID": f"containerd://{ID}",
                }
            ],
        },
    }


FACTS = {
    "namespace": "shop",
    "pod": {"name": "web", "uid": "uid-web", "ip": "10.0.0.7"},
    "node": {"name": "n1"},
    "labels": {"app_kubernetes_io/name": "web", "pod-template-hash": "5d9"},
    "replicaset": {"name": "web-5d9"},
    "deployment": {"name": "web"},
}


def listed(*pods: dict[str, Any], further: str = "") -> dict[str, Any]:
    """Return a list of pods as the API shows it."""
    meta = {"resourceVersion": "7", **({"continue": further} if further else {})}
    return {"metadata": meta, "items": list(pods)}


def configured(url: str, folder: Path, **user: Any) -> str:
    """Write a kubeconfig and return its name."""
    file = folder / "kube.yml"
    whole = {
        "current-context": "main",
        "contexts": [{"name": "main", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": url}}],
        "users": [{"name": "u", "user": {"token": "secret", **user}}],
    }
    file.write_text(yaml.safe_dump(whole))
    return str(file)


@asynccontextmanager
async def at_work(
    url: str, folder: Path, clock: FakeClock, **options: object
) -> AsyncGenerator[Callable[..., Fields]]:
    """Run the processor; yields what makes fields of fields."""
    within = context(clock)
    whole = {"kube_config": configured(url, folder), "scope": "cluster", **options}
    found: Any = processor("add_kubernetes_metadata", whole, within)
    within.sources.hold(found.sources)
    task = asyncio.create_task(within.sources.run())

    def told(**fields: Any) -> Fields:
        changed: Event = found(event(fields))
        return changed.fields

    try:
        yield told
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(holds: Callable[[], bool]) -> None:
    """Return when something has come about on its way through sockets."""
    while not holds():
        await settle(1)


def watched(resync: int = 600) -> str:
    """Return the route of a watch after the list."""
    return (
        f"{PODS}?watch=true&allowWatchBookmarks=true&resourceVersion=7"
        f"&timeoutSeconds={resync}"
    )


async def test_pods(tmp_path: Path) -> None:
    """A pod is told by its address; a container by its port or its id."""
    routes: dict[str, Answer] = {
        f"{PODS}?limit=500": listed(pod("web", "10.0.0.7")),
        watched(): Stream(),
    }
    options = {"matchers": [{"fields": {"lookup_fields": ["x"]}}]}
    async with (
        serving_api(routes) as api,
        at_work(api.url, tmp_path, FakeClock(), **options) as told,
    ):
        await until(lambda: "kubernetes" in told(x="10.0.0.7"))
        own = {"monitor": {"ip": "10.0.0.7"}, "kubernetes": {"y": 1}}
        assert told(**own)["kubernetes"] == {"y": 1, **FACTS}
        named = {**FACTS, "container": {"name": "nginx"}}
        assert told(x="10.0.0.7:80")["kubernetes"] == named
        assert told(x=ID) == {
            "x": ID,
            "kubernetes": named,
            "container": {
                "id": ID,
                "runtime": "containerd",
                "image": {"name": "nginx:1"},
            },
        }
        assert told(x="10.0.0.8") == {"x": "10.0.0.8"}
        assert {r.headers["Authorization"] for r in api.requests} == {"Bearer secret"}


async def test_other_keys(tmp_path: Path) -> None:
    """Options say by what pods are known, and which annotations are told."""
    routes: dict[str, Answer] = {
        f"{PODS}?limit=500": listed(pod("web", "10.0.0.7", hostNetwork=True)),
        watched(60): Stream(),
    }
    options = {
        "indexers": [{"pod_name": None}, {"pod_uid": None}],
        "matchers": [{"field_format": {"format": "%{[ns]}/%{[name]}"}}],
        "include_annotations": ["a.b"],
        "annotations": {"dedot": False},
        "sync_period": "60s",
    }
    async with (
        serving_api(routes) as api,
        at_work(api.url, tmp_path, FakeClock(), **options) as told,
    ):
        await until(lambda: "kubernetes" in told(ns="shop", name="web"))
        found = told(ns="shop", name="web")["kubernetes"]
        assert found["annotations"] == {"a": {"b": "c"}}
        assert "kubernetes" not in told(ns="shop")
        # The address is the node's: it says nothing of a pod.
        assert "kubernetes" not in told(monitor={"ip": "10.0.0.7"})


async def test_changes(tmp_path: Path) -> None:
    """Pods that come are known, those that go for a while longer."""
    clock, stream = FakeClock(), Stream()
    routes: dict[str, Answer] = {
        f"{PODS}?limit=500": listed(pod("web", "10.0.0.7")),
        watched(): stream,
    }
    async with serving_api(routes) as api, at_work(api.url, tmp_path, clock) as told:
        stream.put({"type": "BOOKMARK", "object": {"metadata": {}}})
        stream.put({"type": "DELETED", "object": pod("web", "10.0.0.7")})
        stream.put({"type": "ADDED", "object": pod("db", "10.0.0.8")})
        await until(lambda: "kubernetes" in told(monitor={"ip": "10.0.0.8"}))
        assert "kubernetes" in told(monitor={"ip": "10.0.0.7"})
        clock.jump(60.0)
        assert "kubernetes" not in told(monitor={"ip": "10.0.0.7"})


@pytest.mark.parametrize(
    "end", [{"type": "ERROR", "object": {"code": 410}}, {"type": "ADDED"}, None]
)
async def test_listing_anew(tmp_path: Path, end: Any) -> None:
    """When a watch ends all pods are listed anew, page by page."""
    clock, stream = FakeClock(), Stream()
    routes: dict[str, Answer] = {
        f"{PODS}?limit=500": listed(pod("web", "10.0.0.7"), further="more"),
        f"{PODS}?limit=500&continue=more": listed(pod("db", "10.0.0.8")),
        watched(): stream,
    }
    async with serving_api(routes) as api, at_work(api.url, tmp_path, clock) as told:
        await until(lambda: "kubernetes" in told(monitor={"ip": "10.0.0.8"}))
        routes[f"{PODS}?limit=500"] = listed(pod("new", "10.0.0.9"))
        stream.put(end)
        while "kubernetes" not in told(monitor={"ip": "10.0.0.9"}):
            await clock.advance(PAUSE)


async def test_own_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a pod the node is the one that the pod is on; tokens are read anew."""
    monkeypatch.setattr(kubeconfig, "ACCOUNT", tmp_path)
    (tmp_path / "namespace").write_text("ops\n")
    (tmp_path / "token").write_text("fresh\n")
    routes: dict[str, Answer] = {
        "GET /api/v1/namespaces/ops/pods/probe-1": pod("probe-1"),
        f"{PODS}?fieldSelector=spec.nodeName=n1&limit=500": listed(
            pod("web", "10.0.0.7")
        ),
    }
    options = {"scope": "node"}
    async with serving_api(routes) as api:
        access = kubeconfig.Access(api.url, token_file=tmp_path / "token")
        monkeypatch.setattr(kubeconfig, "from_file", Mock(return_value=access))
        async with at_work(api.url, tmp_path, FakeClock(), **options) as told:
            await until(lambda: "kubernetes" in told(monitor={"ip": "10.0.0.7"}))
        assert api.requests[0].headers["Authorization"] == "Bearer fresh"


async def test_absence(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Without an answer the processor does nothing, and one line says so."""
    caplog.set_level(logging.INFO)
    clock = FakeClock()
    async with serving_api({}) as api, at_work(api.url, tmp_path, clock) as told:
        while len(api.requests) < 3:
            await clock.advance(3.0)
        assert told(monitor={"ip": "10.0.0.7"}) == {"monitor": {"ip": "10.0.0.7"}}
        (record,) = caplog.records
        assert record.message == (
            f"add_kubernetes_metadata: nothing answers at {api.url}:"
            " HTTP status 404 for /api/v1/pods"
        )


async def test_outside(caplog: pytest.LogCaptureFixture) -> None:
    """Outside of Kubernetes the processor does nothing, and one line says so."""
    caplog.set_level(logging.INFO)
    within = context()
    found: Any = processor("add_kubernetes_metadata", within=within)
    other: Any = processor("add_kubernetes_metadata", within=within)

    assert found.sources == other.sources
    await found.sources[0].run()
    own = {"monitor": {"ip": "10.0.0.7"}}
    assert found(event(own)).fields == own
    assert [record.message for record in caplog.records] == [
        "add_kubernetes_metadata: this is no pod and there is no kube_config"
    ]


def test_within_pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pod finds the API in its environment."""
    monkeypatch.setattr(kubeconfig, "ACCOUNT", tmp_path)
    variables = {"KUBERNETES_SERVICE_HOST": "fd00::1"}
    assert kubeconfig.within_pod(variables) == kubeconfig.Access(
        "https://[fd00::1]:443", token_file=tmp_path / "token"
    )
    (tmp_path / "ca.crt").write_text("pem")
    variables = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "6"}
    assert kubeconfig.within_pod(variables) == kubeconfig.Access(
        "https://10.0.0.1:6", "pem", token_file=tmp_path / "token"
    )
    assert kubeconfig.within_pod({}) is None


def test_certificates(tmp_path: Path) -> None:
    """Certificates stand in the file or in others beside it."""
    (tmp_path / "key.pem").write_text("key")
    data = base64.b64encode(b"certificate").decode()
    user = {"client-certificate-data": data, "client-key": "key.pem", "tokenFile": "t"}

    found = kubeconfig.from_file(tmp_path / configured("https://k", tmp_path, **user))

    assert (found.client, found.token_file) == (("certificate", "key"), tmp_path / "t")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file or directory"),
        ("[", "is no kubeconfig: ParserError"),
        ("a: 1", "is no kubeconfig: KeyError: 'contexts'"),
        ("contexts: []\ncurrent-context: x", "LookupError: there is no x"),
    ],
)
def test_bad_files(tmp_path: Path, content: str | None, message: str) -> None:
    """What is wrong with a kubeconfig is told when it is read."""
    file = tmp_path / "kube.yml"
    if content is not None:
        file.write_text(content)

    (fault,) = faults({"add_kubernetes_metadata": {"kube_config": str(file)}})

    assert message in fault


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scope": "world"}, "invalid scope world, valid values include cluster, node"),
        ({"indexers": [{"x": None}]}, "unknown indexer x, use one of ip_port"),
        ({"matchers": [{"x": None}]}, "unknown matcher x, use fields or field_format"),
        ({"matchers": [{"fields": None}]}, "the matcher fields needs lookup_fields"),
        ({"default_matchers": {"enabled": False}}, "there is no matcher"),
    ],
)
def test_bad_options(options: dict[str, Any], message: str) -> None:
    """Options that cannot work are told when they are read."""
    (fault,) = faults({"add_kubernetes_metadata": options})

    assert fault.startswith(message)


def test_login_programs(tmp_path: Path) -> None:
    """Users that log in through a program are refused."""
    file = configured("https://k", tmp_path, exec={"command": "x"})

    (fault,) = faults({"add_kubernetes_metadata": {"kube_config": file}})

    assert fault.startswith("users that log in through a program are not supported")
