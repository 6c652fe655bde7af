"""Where the process keeps its things: the directories, and the keystore in one of them.

Owns turning `path.*` and `keystore.path` into absolute paths. Must not know what else
is kept there.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from heartbeat.config.keystore import PASSWORD_VARIABLE, Keystore
from heartbeat.config.models import KeystoreOptions, PathOptions
from heartbeat.config.section import Section
from heartbeat.config.types import Options
from heartbeat.config.variables import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heartbeat.config.tree import Node

_NAME = "heartbeat.keystore"


class _Whereabouts(Options):
    """The part of the top level that is needed before anything else can be read."""

    path: PathOptions = PathOptions()
    keystore: KeystoreOptions = KeystoreOptions()


def absolute(paths: PathOptions) -> PathOptions:
    """Return the directories as absolute paths, relative ones taken from home."""
    home = Path(paths.home).absolute()
    rest = {
        name: str(home / value)
        for name, value in paths.model_dump(exclude={"home"}).items()
    }
    return PathOptions(home=str(home), **rest)


def keystore_of(tree: Node, environment: Mapping[str, str]) -> Keystore:
    """Return the keystore that a configuration names; raises `ConfigError`.

    The names it is found by cannot come from itself.
    """
    options = Section(tree, Scope(tree, environment)).peek(_Whereabouts)
    folder = absolute(options.path).data
    path = Path(folder, options.keystore.path or _NAME)
    return Keystore(path, environment.get(PASSWORD_VARIABLE, ""))
