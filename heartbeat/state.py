"""Whether a monitor is up or down, since when, and how often it was seen so.

Owns the `state.*` part of documents and the bytes that carry it over a restart. Pure:
it is told the time and never asks. Must not know checks, documents or the store.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeGuard, cast

import orjson

from heartbeat.event import DOWN, UP, nanoseconds
from heartbeat.flapping import FLAP, OUTCOMES, is_flapping

if TYPE_CHECKING:
    from heartbeat.config import Confirm, Flapping
    from heartbeat.event import Fields

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")
_VERSION = 1
_HEX = re.compile("[0-9a-f]{1,8}")
_LATEST_NS = 2**63
_LETTERS = {UP: "u", DOWN: "d"}
_WORDS = {letter: word for word, letter in _LETTERS.items()}
_RECENT = re.compile("[ud]{0,100}")
_HISTORY = re.compile(f"[ud]{{0,{OUTCOMES}}}")
_TYPES = {
    "version": int,
    "id": str,
    "started_ns": int,
    "seen_ns": int,
    "status": str,
    "checks": int,
    "up": int,
    "serial": int,
    "tick_ns": int,
}


@dataclass(frozen=True, slots=True)
class Past:
    """A state as a document of another process tells it.

    `seen_ns` is when that document was made, `history` the letters of its flapping.
    """

    id: str
    status: str
    started_ns: int
    seen_ns: int
    checks: int
    up: int
    history: str = ""


def state_key(monitor_id: str, location: str | None) -> str:
    """Return the name a monitor's state is kept under."""
    return f"{_prefix(location)}/{monitor_id}"


class MonitorState:
    """The up/down history of one endpoint, as far as the present state goes.

    A state lasts until a final attempt comes out differently and that is confirmed;
    `checks`, `up` and `down` count its attempts, final or not. A target that flaps is
    in one state, neither up nor down, until it settles.
    """

    __slots__ = (
        "_checks",
        "_history",
        "_id",
        "_monitor_id",
        "_owed",
        "_prefix",
        "_recent",
        "_seen_ns",
        "_serial",
        "_started",
        "_started_ns",
        "_up",
        "status",
        "tick_ns",
    )

    def __init__(self, monitor_id: str, location: str | None = None) -> None:
        """Begin without a history: `status` is None until the first record.

        The reference's state ids are unique within a monitor only; a hash of the
        monitor id behind the milliseconds makes them unique among all.
        """
        self._prefix = _prefix(location)
        self._monitor_id = monitor_id
        self._serial = -1
        self._checks = 0
        self._up = 0
        self._seen_ns = 0
        self._started_ns = 0
        self._started = ""
        self._id = ""
        self._recent = ""
        self._history = ""
        self._owed: Fields | None = None
        self.status: str | None = None
        self.tick_ns: int | None = None

    @classmethod
    def decode(
        cls, data: bytes | None, monitor_id: str, location: str | None = None
    ) -> MonitorState:
        """Return the state that `encode` has written, a new one if that is not legible.

        A damaged history costs the counters; it must not cost the monitor.
        """
        state = cls(monitor_id, location)
        try:
            kept = orjson.loads(data or b"")
        except orjson.JSONDecodeError:
            return state
        if _is_whole(kept):
            state._restore(kept)
        return state

    def encode(self) -> bytes:
        """Return the state as bytes for the store."""
        kept = {
            "version": _VERSION,
            "id": self._id,
            "started_ns": self._started_ns,
            "seen_ns": self._seen_ns,
            "status": self.status,
            "checks": self._checks,
            "up": self._up,
            "serial": self._serial,
            "tick_ns": self.tick_ns or 0,
            "recent": self._recent,
            "history": self._history,
        }
        if self._owed is not None:
            kept["owed"] = self._owed
        return orjson.dumps(kept)

    @property
    def is_up(self) -> bool:
        """Return whether the target is known to be up; if it flaps, for now."""
        is_up_for_now = self._history.endswith(_LETTERS[UP])
        return self.status == UP or (self.status == FLAP and is_up_for_now)

    @property
    def started_ns(self) -> int:
        """Return since when the state lasts, 0 if nothing is known yet."""
        return self._started_ns

    @property
    def seen_ns(self) -> int:
        """Return when the last attempt was recorded, 0 if there was none."""
        return self._seen_ns

    @property
    def is_in_doubt(self) -> bool:
        """Return whether the last run came out differently, which is not believed yet.

        Only where changes have to be confirmed.
        """
        return self._recent[-1:] == _LETTERS[DOWN if self.status == UP else UP]

    def record(
        self,
        status: str,
        now_ns: int,
        *,
        is_final: bool,
        confirm: Confirm | None = None,
        flapping: Flapping | None = None,
    ) -> Fields:
        """Count an attempt and return the members of `state` for its document.

        An attempt that will be repeated cannot end a state, it only counts in it; nor
        can one whose outcome is still to be confirmed. Nothing is known before the
        first attempt, so it needs no confirmation.
        """
        ended: Fields | None = None
        self._remember(_LETTERS[status] if is_final else "", confirm, flapping)
        verdict = self._verdict(status, confirm, flapping) if is_final else self.status
        if self.status is None:
            self._begin(status, now_ns)
        elif verdict is not None and verdict != self.status:
            ended = self._as_ended()
            self._begin(verdict, now_ns)
        elif self._owed is not None:
            ended, self._owed = self._owed, None
        self._checks += 1
        self._up += status == UP
        self._seen_ns = now_ns
        document = self._document()
        document["ends"] = ended
        return document

    def recall(self, past: Past) -> None:
        """Continue a state that another process has documented.

        `heartbeat.resume` tells the rule and why. To be called once, and only for a
        state that began without a history.
        """
        if self.status is None:
            self._adopt(past)
        elif self._serial == 0 and self.status == past.status:
            self._owed = self._as_ended()
            checks, up, seen_ns = self._checks, self._up, self._seen_ns
            self._adopt(past)
            self._checks += checks
            self._up += up
            self._seen_ns = seen_ns
        else:
            other = MonitorState("")
            other._adopt(past)
            self._owed = other._as_ended()

    def _remember(
        self, letter: str, confirm: Confirm | None, flapping: Flapping | None
    ) -> None:
        """Keep the outcome of a run, empty for none, where it will be asked for."""
        if confirm is None or self.status == FLAP:
            self._recent = ""
        else:
            longest = max(confirm.down, confirm.up, confirm.of)
            self._recent = (self._recent + letter)[-longest:]
        self._history = (self._history + letter)[-OUTCOMES:] if flapping else ""

    def _verdict(
        self, status: str, confirm: Confirm | None, flapping: Flapping | None
    ) -> str | None:
        """Return the status in which the outcome of a run leaves the target."""
        was = self.status == FLAP
        if flapping is not None and is_flapping(self._history, flapping, was=was):
            return FLAP
        is_believed = was or self._is_confirmed(confirm)
        return status if is_believed else self.status

    def _is_confirmed(self, confirm: Confirm | None) -> bool:
        """Return whether the runs of this state show that it has ended."""
        if confirm is None:
            return True
        if self.status == DOWN:
            return self._recent.endswith(_LETTERS[UP] * confirm.up)
        if confirm.of:
            return self._recent[-confirm.of :].count(_LETTERS[DOWN]) >= confirm.failures
        return self._recent.endswith(_LETTERS[DOWN] * confirm.down)

    def _begin(self, status: str, now_ns: int) -> None:
        self._serial += 1
        milliseconds = now_ns // 1_000_000
        mark = _hash(self._monitor_id)
        self._id = f"{self._prefix}-{milliseconds:x}{mark}-{self._serial:x}"
        self._started_ns = now_ns
        self._started = nanoseconds(now_ns)
        self._checks = self._up = 0
        self._recent = ""
        self.status = status

    def _document(self) -> Fields:
        lasted_ms = max(self._seen_ns - self._started_ns, 0) // 1_000_000
        return {
            "id": self._id,
            "started_at": self._started,
            "duration_ms": str(lasted_ms),
            "status": self.status,
            "checks": self._checks,
            "up": self._up,
            "down": self._checks - self._up,
            "flap_history": self._flap_history(),
            "ends": None,
        }

    def _as_ended(self) -> Fields:
        """Return the members of `state.ends` in the document after this state."""
        return self._document() | {"flap_history": None}

    def _adopt(self, past: Past) -> None:
        self._id = past.id
        self._serial = max(self._serial, _serial(past.id))
        self._started_ns = past.started_ns
        self._started = nanoseconds(past.started_ns)
        self._seen_ns = past.seen_ns
        self._checks = past.checks
        self._up = past.up
        self._history = self._history or past.history
        self.status = past.status

    def _flap_history(self) -> list[str]:
        is_told = self.status == FLAP
        return [_WORDS[letter] for letter in self._history] if is_told else []

    def _restore(self, kept: dict[str, Any]) -> None:
        self._id = kept["id"]
        self._started_ns = kept["started_ns"]
        self._started = nanoseconds(self._started_ns)
        self._seen_ns = kept["seen_ns"]
        self._checks = kept["checks"]
        self._up = kept["up"]
        self._serial = kept["serial"]
        self.status = kept["status"]
        self._recent = kept.get("recent", "")
        self._history = kept.get("history", "")
        self._owed = kept.get("owed")
        self.tick_ns = kept["tick_ns"] or None


def _prefix(location: str | None) -> str:
    return _UNSAFE.sub("_", location) if location else "default"


def _hash(monitor_id: str) -> str:
    name = monitor_id.encode("utf-8", "surrogateescape")
    return blake2b(name, digest_size=4).hexdigest()


def _serial(state_id: str) -> int:
    """Return how many states of a process came before the one with this id."""
    digits = state_id.rpartition("-")[2]
    return int(digits, 16) if _HEX.fullmatch(digits) else 0


def _is_whole(kept: object) -> TypeGuard[dict[str, Any]]:
    """Return whether the members are all there, of their types and believable."""
    if not isinstance(kept, dict):
        return False
    members = cast("dict[str, Any]", kept)
    return (
        all(type(members.get(name)) is kind for name, kind in _TYPES.items())
        and members["version"] == _VERSION
        and members["status"] in (UP, DOWN, FLAP)
        and 0 <= members["up"] <= members["checks"]
        and 0 <= members["started_ns"] < _LATEST_NS
        and _RECENT.fullmatch(str(members.get("recent", ""))) is not None
        and _HISTORY.fullmatch(str(members.get("history", ""))) is not None
        and isinstance(members.get("owed", {}), dict)
    )
