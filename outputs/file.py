"""`output.file`: documents in rotating files.

Owns the options of the output. The files themselves are `rotation`'s. Must not know who
reads them.
"""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, field_validator

from heartbeat.config import Count, Flag, Options, Text
from heartbeat.errors import ConfigError, OutputUnavailable, system_text
from heartbeat.formats import FormatString
from heartbeat.outputs.base import Delivery, Finding, Limits, Rejection
from heartbeat.outputs.codec import CodecOptions, build_codec, encode_batch
from heartbeat.rotation import RotatingFile, RotationLimits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from heartbeat.config import Section
    from heartbeat.outputs.base import Batch, OutputContext
    from heartbeat.outputs.codec import Codec

MIN_FILES, MAX_FILES = 2, 1024
MAX_MODE = 0o777


class FileOptions(Options):
    """`output.file`."""

    path: Text = Field(
        default="",
        description="Folder; %{+yyyy.MM.dd} stands for the date of the start, in UTC.",
    )
    filename: Text = Field(default="heartbeat", description="First part of the names.")
    rotate_every_kb: Count = Field(
        default=10240, ge=1, description="Size of a file in KiB before the next begins."
    )
    number_of_files: Count = Field(
        default=7, description="Older files kept beside the active one."
    )
    permissions: Count = Field(
        default=0o600, le=MAX_MODE, description="Permissions of files, octal."
    )
    rotate_on_startup: Flag = Field(
        default=True, description="Begin a new file at the start."
    )
    fsync: Flag = Field(
        default=False, description="Wait for the disk before an event counts as kept."
    )
    codec: CodecOptions | None = Field(default=None, description="How lines look.")

    @field_validator("path")
    @classmethod
    def _is_given(cls, path: str) -> str:
        if not path:
            raise ValueError(
                "path format string is nil; check if `path` option is configured"
                " correctly"
            )
        return path

    @field_validator("number_of_files")
    @classmethod
    def _in_range(cls, number: int) -> int:
        if not MIN_FILES <= number <= MAX_FILES:
            raise ValueError("the number_of_files to keep should be between 2 and 1024")
        return number


def build(section: Section, context: OutputContext) -> FileOutput:
    """Return the output that writes files."""
    options = section.unpack(FileOptions)
    try:
        folder = Path(FormatString(options.path).at(context.clock.now()))
    except ValueError as error:
        raise ConfigError([section.problem(str(error), "path")]) from error
    limits = RotationLimits(
        max_bytes=options.rotate_every_kb * 1024,
        keep=options.number_of_files,
        permissions=options.permissions,
        on_startup=options.rotate_on_startup,
        fsync=options.fsync,
    )
    name = options.filename + context.suffix
    file = RotatingFile(folder, name, context.clock, limits)
    return FileOutput(folder, file, build_codec(section, context))


class FileOutput:
    """Appends each batch in a thread."""

    name = "file"
    limits = Limits()

    def __init__(self, folder: Path, file: RotatingFile, codec: Codec) -> None:
        """Touch nothing yet."""
        self._folder = folder
        self._file = file
        self._codec = codec
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="file")

    async def publish(self, batch: Batch) -> Delivery:
        """Append all lines that fit into a file at all."""
        encoded = encode_batch(self._codec, batch)
        lines: list[bytes] = []
        rejected = encoded.rejected
        for record, line in zip(encoded.records, encoded.texts, strict=True):
            if len(line) > self._file.max_bytes:
                reason = f"{len(line)} bytes are more than rotate_every_kb allows"
                rejected.append(Rejection(record, reason, "too large"))
            else:
                lines.append(line)
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._file.write, lines)
        except OSError as error:
            text = f"cannot write to {self._folder}: {system_text(error)}"
            raise OutputUnavailable(text) from error
        return Delivery(len(lines), rejected=rejected)

    async def test(self) -> AsyncIterator[Finding]:
        """Look whether the folder, or where it would be made, can be written."""
        yield Finding("path", "INFO", str(self._folder))
        place = self._folder.absolute()
        while not place.exists():
            place = place.parent
        if not place.is_dir():
            yield Finding("writable", "ERROR", f"{place} is not a folder")
        elif not os.access(place, os.W_OK | os.X_OK):
            yield Finding("writable", "ERROR", f"no permission to write in {place}")
        else:
            yield Finding("writable")

    async def close(self) -> None:
        """Close the active file behind whatever is being written."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._file.close)
        self._thread.shutdown(wait=False)
