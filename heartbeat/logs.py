"""How heartbeat talks about itself.

Owns the shape of log lines and where they go: JSON in the Elastic Common Schema for
programs, one readable line for a terminal; secrets do not get into either. Must not
know what is logged.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Any, cast

import orjson

from heartbeat.clock import SystemClock
from heartbeat.config.masking import MASK, is_secret, mask_text
from heartbeat.errors import ConfigError, system_text
from heartbeat.event import milliseconds, printable
from heartbeat.repeats import RepeatLimit
from heartbeat.rotation import RotatingFile, RotationLimits

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import TextIO

    from heartbeat.config.models import LogFileOptions

LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
}

_CREDENTIALS = re.compile(r"\b(Basic|Bearer|ApiKey) [\w+/=.~-]{8,}")
"""What requests carry to say who asks."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


def extra_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return what the caller passed as `extra`."""
    return {k: v for k, v in vars(record).items() if k not in _STANDARD}


def redacted(text: str) -> str:
    """Return a text without passwords of URLs, private keys and credentials."""
    return _CREDENTIALS.sub(rf"\1 {MASK}", mask_text(text))


def masked_members(members: dict[str, Any]) -> dict[str, Any]:
    """Return members without secrets: texts of secret names, and those in texts."""
    return {name: _masked(name, value) for name, value in members.items()}


def _masked(name: str, value: Any) -> Any:
    if isinstance(value, str):
        return MASK if value and is_secret(name) else redacted(value)
    if isinstance(value, dict):
        return masked_members(cast("dict[str, Any]", value))
    if isinstance(value, (list, tuple)):
        return [_masked(name, item) for item in cast("list[Any]", value)]
    return value


class JsonFormatter(logging.Formatter):
    """One JSON object a line, with the keys of the reference's log."""

    def __init__(self, fields: Mapping[str, Any] | None = None) -> None:
        """Add `fields` to every line (`logging.with_fields`)."""
        super().__init__()
        self._fields = dict(fields or {})

    def format(self, record: logging.LogRecord) -> str:
        """Return the line without its end."""
        line: dict[str, Any] = {
            "log.level": record.levelname.lower().replace("warning", "warn"),
            "@timestamp": milliseconds(int(record.created * 1_000_000_000)),
            "log.logger": record.name.removeprefix("heartbeat."),
            "log.origin": {
                "function": record.funcName,
                "file.name": f"{record.module}.py",
                "file.line": record.lineno,
            },
            "message": redacted(record.getMessage()),
            "service.name": "heartbeat",
            "ecs.version": "1.6.0",
            **self._fields,
            **masked_members(extra_of(record)),
        }
        if record.exc_info and record.exc_info[1] is not None:
            trace = self.formatException(record.exc_info)
            line["error.message"] = redacted(str(record.exc_info[1]))
            line["error.stack_trace"] = redacted(trace)
        return _dumps(line)


def _dumps(line: dict[str, Any]) -> str:
    try:
        return orjson.dumps(line, default=str).decode()
    except TypeError:
        return orjson.dumps(printable(line)).decode()


class TerminalFormatter(logging.Formatter):
    """One line for a person: time, level, where, what, details."""

    COLOURS = {  # noqa: RUF012 - a constant table
        logging.DEBUG: "2",
        logging.WARNING: "33",
        logging.ERROR: "31",
        logging.CRITICAL: "1;31",
    }

    def format(self, record: logging.LogRecord) -> str:
        """Return the line without its end."""
        time = self.formatTime(record, "%H:%M:%S")
        name = record.name.removeprefix("heartbeat.")
        extra = masked_members(extra_of(record))
        details = "".join(f" {k}={v}" for k, v in extra.items())
        message = redacted(record.getMessage())
        text = f"{time} {record.levelname:<8}{name}: {message}{details}"
        if record.exc_info:
            text = f"{text}\n{redacted(self.formatException(record.exc_info))}"
        colour = self.COLOURS.get(record.levelno)
        return f"\x1b[{colour}m{text}\x1b[0m" if colour else text


def to_stream(
    stream: TextIO | None = None, *, fields: Mapping[str, Any] | None = None
) -> logging.Handler:
    """Return a handler for standard error: readable on a terminal, JSON otherwise."""
    target: TextIO = sys.stderr if stream is None else stream
    handler = logging.StreamHandler(target)
    is_read_by_people = target.isatty()
    handler.setFormatter(
        TerminalFormatter() if is_read_by_people else JsonFormatter(fields)
    )
    return handler


class Stamp(logging.Filter):
    """Lets every line through, with one member more."""

    def __init__(self, name: str, value: str) -> None:
        """Add `value` as the member `name`."""
        super().__init__()
        self._member = (name, value)

    def filter(self, record: logging.LogRecord) -> bool:
        """Add it."""
        setattr(record, *self._member)
        return True


class FileHandler(logging.Handler):
    """Writes lines to files that rotate; nothing is lost to a buffer in a crash."""

    def __init__(self, file: RotatingFile) -> None:
        """Write to `file`."""
        super().__init__()
        self._file = file

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        try:
            self._file.write([self.format(record).encode() + b"\n"])
        except OSError:
            self.handleError(record)

    def close(self) -> None:
        """Close the active file."""
        self._file.close()
        super().close()


def to_files(
    directory: Path, options: LogFileOptions, fields: Mapping[str, Any]
) -> logging.Handler:
    """Return a handler for files; raises `ConfigError` if they cannot be written."""
    limits = RotationLimits(
        max_bytes=options.rotateeverybytes,
        keep=options.keepfiles,
        permissions=options.permissions,
        on_startup=options.rotateonstartup,
        max_age=options.interval,
    )
    file = RotatingFile(directory, options.name, SystemClock(), limits)
    try:
        file.write([b""])
    except OSError as error:
        text = f"log files in {directory} cannot be written: {system_text(error)}"
        raise ConfigError(text) from error
    handler = FileHandler(file)
    handler.setFormatter(JsonFormatter(fields))
    return handler


def configure(level: str, selectors: tuple[str, ...], handler: logging.Handler) -> None:
    """Send the log of all of heartbeat to `handler`, from `level` upwards.

    `selectors` names loggers to follow at level debug; `*` or none follows all.
    Warnings and errors that repeat are counted instead.
    """
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(RepeatLimit(handler, SystemClock()))
    root.setLevel(logging.WARNING)
    own = logging.getLogger("heartbeat")
    own.setLevel(LEVELS[level])
    if level == "debug" and selectors and "*" not in selectors:
        own.setLevel(logging.INFO)
        for selector in selectors:
            logging.getLogger(f"heartbeat.{selector}").setLevel(logging.DEBUG)
