"""What one store takes over from the others of a data directory.

Owns where the stores of several workers lie, which states a worker takes up from the
others, and which of the stores hold events that nobody would deliver. Must not know how
workers are started. The other stores are only read, whoever writes them meanwhile.

The number of workers may change from one start to the next, and with it who owns a
monitor. The newest state is that of the last owner, wherever it lies.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Final

from heartbeat.errors import StoreError
from heartbeat.state import MonitorState
from heartbeat.store import backlog

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from heartbeat.partition import Share

log = logging.getLogger(__name__)

_ENDPOINT: Final = re.compile(r"-[0-9a-f]{8,16}(#[0-9]+)?\Z")
"""What the key of a state has behind the monitor's id if there are several endpoints:
64 bits in hexadecimal, less leading zeros."""


def name_of(index: int) -> str:
    """Return the name of a worker, which is that of its folder."""
    return f"worker-{index}"


def stores(place: Path) -> dict[str, Path]:
    """Return the stores there are, by the name of their worker.

    `place` is where the store of a process alone lies; its name is empty.
    """
    found = {"": place} if place.exists() else {}
    for file in place.parent.glob(f"worker-*/{place.name}"):
        found[file.parent.name] = file
    return dict(sorted(found.items(), key=lambda one: (len(one[0]), one[0])))


def leftovers(place: Path, owned: Collection[str]) -> list[str]:
    """Return the names of stores that hold events, but are none of the workers'."""
    others = {name: path for name, path in stores(place).items() if name not in owned}
    return [name for name, path in others.items() if _holds_events(path)]


def _holds_events(path: Path) -> bool:
    """Return whether something waits in a store, or if that can only be supposed."""
    try:
        with backlog.opened(path) as reader:
            return any(one.pending for one in reader.backlogs())
    except StoreError:
        return True  # of another version, or damaged: opening it to write mends that


def newer_states(
    own: Path, name: str, known: Mapping[str, bytes], share: Share
) -> dict[str, bytes]:
    """Return the states of a share that other stores know, or know better.

    `own` is the store of the worker `name`, whose states are `known`.
    """
    base = own.parent.parent if name else own.parent
    newest = dict(known)
    for other, path in stores(base / own.name).items():
        if other != name:
            for key, state in _states_in(path).items():
                if _is_of(share, key) and _is_newer(state, newest.get(key)):
                    newest[key] = state
    return {key: state for key, state in newest.items() if known.get(key) != state}


def _states_in(path: Path) -> dict[str, bytes]:
    try:
        return backlog.states_in(path)
    except StoreError as error:
        log.warning("%s; its states are not taken up", error)
        return {}


def _is_of(share: Share, key: str) -> bool:
    """Return whether a state is that of a monitor of the share, or may be."""
    monitor = key.partition("/")[2]
    if share.owns(monitor):
        return True
    of_endpoint = _ENDPOINT.search(monitor)
    return of_endpoint is not None and share.owns(monitor[: of_endpoint.start()])


def _is_newer(state: bytes, known: bytes | None) -> bool:
    if known is None:
        return True
    return state != known and _age(state) > _age(known)


def _age(state: bytes) -> tuple[int, int]:
    """Return when a target was last seen and checked; larger is later."""
    decoded = MonitorState.decode(state, "")
    return decoded.seen_ns, decoded.tick_ns or 0
