"""The pods of a Kubernetes cluster, or of one of its nodes.

Owns the questions to its API and the keys by which pods are known. Must not know
events.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from heartbeat.processors import kubeconfig
from heartbeat.processors.api import FAILURES, PAUSE, follow, words
from heartbeat.processors.known import Known, labels_of
from heartbeat.processors.readiness import Readiness

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from heartbeat.clock import Clock
    from heartbeat.event import Fields
    from heartbeat.processors.api import Api
    from heartbeat.processors.kubeconfig import Access

INDEXERS: Final = ("ip_port", "container", "pod_name", "pod_uid")
PAGE: Final = "500"
_NAME: Final = "add_kubernetes_metadata"
_STATUSES: Final = ("containerStatuses", "initContainerStatuses")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Interest:
    """Which pods are of interest, and what of them.

    `node` is the node to look at, empty for the one that `host`, a pod or a machine, is
    on; `everywhere` for all nodes. `keep` are the seconds for which a pod is known
    after its end, `resync` those after which all are listed anew, `pause` those before
    an API that failed is asked again.
    """

    host: str
    node: str = ""
    everywhere: bool = False
    namespace: str = ""
    indexers: tuple[str, ...] = INDEXERS[:2]
    annotations: tuple[str, ...] = ()
    dedots_labels: bool = True
    dedots_annotations: bool = True
    keep: float = 60.0
    resync: float = 600.0
    pause: float = PAUSE


class Pods:
    """The pods, by what events know them by."""

    def __init__(self, access: Access, clock: Clock, interest: Interest) -> None:
        """Ask nothing yet."""
        self._access = access
        self._clock = clock
        self._interest = interest
        self._known = Known(clock, interest.keep)
        self.readiness = Readiness(clock)

    async def run(self) -> None:
        """Follow the API."""
        is_told = False
        while True:
            try:
                place = await asyncio.to_thread(self._access.place)
                break
            except FAILURES as error:
                if not is_told:
                    log.info("%s: no way to %s: %s", _NAME, self._access.url, error)
                is_told = True
                await self._clock.sleep_until(self._clock.monotonic() + PAUSE)
        pause = self._interest.pause
        await follow(_NAME, place, self._clock, self._follow, pause)

    def find(self, key: str) -> Fields | None:
        """Return the facts of a pod: the members of `kubernetes` and `container`."""
        return self._known.get(key)

    async def _follow(self, api: Api) -> None:
        path = f"/api/v1/namespaces/{self._interest.namespace}/pods"
        if not self._interest.namespace:
            path = "/api/v1/pods"
        chosen: dict[str, str] = {}
        if not self._interest.everywhere:
            chosen["fieldSelector"] = f"spec.nodeName={await self._node(api)}"
        version = await self._list(api, path, chosen)
        parameters = {
            **chosen,
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(int(self._interest.resync) or 1),
        }
        patience = self._interest.resync + PAUSE
        async for change in api.stream(path, parameters, patience):
            if change["type"] == "ERROR":
                log.debug("%s: listing anew: %s", _NAME, change["object"])
                return
            self._note(change["type"], change["object"])

    async def _node(self, api: Api) -> str:
        """Return the node that heartbeat is on."""
        if self._interest.node:
            return self._interest.node
        host = self._interest.host
        try:
            space = (kubeconfig.ACCOUNT / "namespace").read_text(encoding="ascii")
            pod = await api.json(f"/api/v1/namespaces/{space.strip()}/pods/{host}")
            return str(pod["spec"]["nodeName"])
        except FAILURES as error:
            log.debug("%s: taking %s for the node: %s", _NAME, host, words(error))
            return host

    async def _list(self, api: Api, path: str, chosen: Mapping[str, str]) -> str:
        """Note all pods there are; return the version of the list."""
        uids: list[str] = []
        further = ""
        while True:
            parameters = {**chosen, "limit": PAGE}
            if further:
                parameters["continue"] = further
            listed = await api.json(path, parameters=parameters)
            for pod in listed["items"]:
                self._note("ADDED", pod)
                uids.append(pod["metadata"]["uid"])
            further = listed["metadata"].get("continue", "")
            if not further:
                self._known.end_others(uids)
                self.readiness.reach()
                return str(listed["metadata"]["resourceVersion"])

    def _note(self, change: str, pod: Any) -> None:
        if change in {"ADDED", "MODIFIED"}:
            facts = dict(_entries(pod, self._interest))
            self._known.put(pod["metadata"]["uid"], facts)
        elif change == "DELETED":
            self._known.end(pod["metadata"]["uid"])


def _entries(pod: Any, interest: Interest) -> Iterator[tuple[str, Fields]]:
    """Yield the keys of a pod and what is known of it by each."""
    meta, facts = pod["metadata"], _facts(pod, interest)
    whole: Fields = {"kubernetes": facts}
    if "pod_name" in interest.indexers:
        yield f"{meta['namespace']}/{meta['name']}", whole
    if "pod_uid" in interest.indexers:
        yield meta["uid"], whole
    if "ip_port" in interest.indexers:
        yield from _by_address(pod, whole)
    if "container" in interest.indexers:
        yield from _by_container(pod, facts)


def _by_address(pod: Any, whole: Fields) -> Iterator[tuple[str, Fields]]:
    """Yield a pod's address, and with the ports of its containers.

    The address of a pod that is on the network of its node is the node's.
    """
    address = pod.get("status", {}).get("podIP")
    if not address or pod["spec"].get("hostNetwork"):
        return
    yield address, whole
    for container in pod["spec"].get("containers", ()):
        named = {**whole["kubernetes"], "container": {"name": container["name"]}}
        for port in container.get("ports") or ():
            yield f"{address}:{port['containerPort']}", {"kubernetes": named}


def _by_container(pod: Any, facts: Fields) -> Iterator[tuple[str, Fields]]:
    status = pod.get("status", {})
    for name in _STATUSES:
        for one in status.get(name) or ():
            runtime, _, identity = one.get("containerID", "").partition("://")
            if identity:
                yield (
                    identity,
                    {
                        "kubernetes": {**facts, "container": {"name": one["name"]}},
                        "container": {
                            "id": identity,
                            "runtime": runtime,
                            "image": {"name": one.get("image", "")},
                        },
                    },
                )


def _facts(pod: Any, interest: Interest) -> Fields:
    """Return the members of `kubernetes` that all parts of a pod share."""
    meta, status = pod["metadata"], pod.get("status", {})
    told: Fields = {"name": meta["name"], "uid": meta["uid"]}
    if status.get("podIP"):
        told["ip"] = status["podIP"]
    facts: Fields = {"pod": told, "namespace": meta["namespace"]}
    node = pod["spec"].get("nodeName")
    if node:
        facts["node"] = {"name": node}
    labels: dict[str, str] = meta.get("labels") or {}
    if labels:
        facts["labels"] = labels_of(labels, dedot=interest.dedots_labels)
    notes: dict[str, str] = meta.get("annotations") or {}
    chosen = {
        name: text for name, text in notes.items() if name in interest.annotations
    }
    if chosen:
        dedot = interest.dedots_annotations
        facts["annotations"] = labels_of(chosen, dedot=dedot)
    return {**facts, **dict(_owners(meta, labels))}


def _owners(meta: Any, labels: Mapping[str, str]) -> Iterator[tuple[str, Fields]]:
    """Yield what a pod belongs to: its set, and the deployment of that."""
    for owner in meta.get("ownerReferences") or ():
        kind, name = owner["kind"].lower(), owner["name"]
        if kind not in {"replicaset", "statefulset", "daemonset", "job"}:
            continue
        yield kind, {"name": name}
        suffix = f"-{labels.get('pod-template-hash')}"
        if kind == "replicaset" and name.endswith(suffix):
            yield "deployment", {"name": name.removesuffix(suffix)}
