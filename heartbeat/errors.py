"""Every error heartbeat raises, in one tree, and the codes that documents carry.

    HeartbeatError
    ├── ConfigError          what the operator wrote cannot be used (all faults at once)
    ├── CheckFailed          a check came to the verdict "down"; carries a CheckError
    ├── OutputUnavailable    an output cannot take anything now; try the batch again
    ├── OutputClosed         an output will never take anything again
    ├── Unanswered           a heartbeat that is asked for its state does not tell it
    ├── ProcessorError       a processor could not do its work on an event
    └── StoreError           the local store cannot keep what it was given
        └── StoreLocked      another process works in the same data directory

Owns the tree, the codes and the wording of system errors. Must not know any protocol,
output or configuration key: foreign errors are mapped where they are raised, with the
help of `system_text`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class ErrorType(StrEnum):
    """Values of `error.type` in a document."""

    IO = "io"
    VALIDATE = "validate"


class ErrorCode(StrEnum):
    """Values of `error.code` in a document. Texts may change, codes may not."""

    BAD_HTTP_STATUS = "BAD_HTTP_STATUS"
    NET_COULD_NOT_CONNECT = "NET_COULD_NOT_CONNECT"
    DNS_LOOKUP_FAILED = "DNS_LOOKUP_FAILED"


@dataclass(frozen=True, slots=True)
class CheckError:
    """Why a check is down, as `error.*` shows it."""

    type: ErrorType
    message: str
    code: ErrorCode | None = None

    def document(self) -> dict[str, str | None]:
        """Return the members of `error`.

        A coded error carries `stack_trace` too, always null here, because readers of
        the reference's documents expect the member.
        """
        if self.code is None:
            return {"type": self.type.value, "message": self.message}
        return {
            "type": self.type.value,
            "code": self.code.value,
            "message": self.message,
            "stack_trace": None,
        }


class HeartbeatError(Exception):
    """Base of everything heartbeat raises on purpose."""


class CheckFailed(HeartbeatError):  # noqa: N818 - a verdict, not a fault of the program
    """A check found its target down."""

    def __init__(self, error: CheckError) -> None:
        """Keep the verdict; the text is the one the document shows."""
        super().__init__(error.message)
        self.error = error

    @classmethod
    def io(cls, message: str, code: ErrorCode | None = None) -> CheckFailed:
        """Return a failure of the transport: refused, reset, timed out, not found."""
        return cls(CheckError(ErrorType.IO, message, code))

    @classmethod
    def validate(cls, message: str) -> CheckFailed:
        """Return a failure of an expectation: the target answered something else."""
        return cls(CheckError(ErrorType.VALIDATE, message))


class OutputUnavailable(HeartbeatError):  # noqa: N818 - a state, not a fault
    """An output takes nothing at the moment; the whole batch is to be tried again.

    `retry_after` is how many seconds the receiver asked to be left alone, 0 if it did
    not say.
    """

    def __init__(self, message: str, *, retry_after: float = 0.0) -> None:
        """Say why in words for the operator."""
        super().__init__(message)
        self.retry_after = retry_after


class OutputClosed(HeartbeatError):  # noqa: N818 - a state, not a fault
    """An output will never take anything again, such as a pipe nobody reads."""


class ProcessorError(HeartbeatError):
    """A processor could not do its work on an event.

    The event goes on as it is by then, unless `is_fatal`: then it is lost.
    """

    def __init__(self, message: str, *, is_fatal: bool = False) -> None:
        """Say why in words for the operator."""
        super().__init__(message)
        self.is_fatal = is_fatal


class Unanswered(HeartbeatError):  # noqa: N818 - a state, not a fault
    """A running heartbeat was asked how things stand, and there was no answer."""


class BadQuery(HeartbeatError):  # noqa: N818 - a fault of who asks
    """What the endpoint was asked for cannot be understood; answered with 400."""


class StoreError(HeartbeatError):
    """The local store cannot keep or read what it should."""


class StoreLocked(StoreError):  # noqa: N818 - a state, not a fault
    """Another process holds the data directory."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault or doubt about the configuration, placed where the operator wrote it.

    `path` is the dotted path of the option; `line` and `column` count from 1 and are 0
    where there is no place in a file (a missing file, a command line override).
    """

    message: str
    path: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    is_warning: bool = False

    def __str__(self) -> str:
        """Return `file:line:column: message accessing 'path'`, less what is absent."""
        place = ":".join(
            str(part) for part in (self.file, self.line, self.column) if part
        )
        text = f"{self.message} accessing '{self.path}'" if self.path else self.message
        return f"{place}: {text}" if place else text


class ConfigError(HeartbeatError):
    """What the operator wrote cannot be used; holds every fault that was found."""

    def __init__(self, problems: Sequence[Problem] | str) -> None:
        """Keep the faults; a bare text becomes one fault without a place."""
        self.problems: tuple[Problem, ...] = (
            (Problem(problems),) if isinstance(problems, str) else tuple(problems)
        )
        super().__init__("\n".join(str(problem) for problem in self.problems))


def system_text(error: OSError) -> str:
    """Return the operating system's words for an error, lower case.

    That is the form the reference's messages end in: `connection refused`.
    """
    if error.errno is None:
        return str(error) or type(error).__name__
    return os.strerror(error.errno).lower()
