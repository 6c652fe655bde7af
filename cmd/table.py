"""Groups of commands that are imported on first use, so that each starts fast.

Owns the way from a name in a table to a command. Must not know any command.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping


class Table(click.Group):
    """A group whose commands stand in a table: name to `module:attribute`."""

    def __init__(self, *args: Any, table: Mapping[str, str], **options: Any) -> None:
        """Import nothing yet."""
        super().__init__(*args, **options)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        del ctx
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, None for a name that is not in the table."""
        del ctx
        if cmd_name not in self.table:
            return None
        module, _, attribute = self.table[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command
