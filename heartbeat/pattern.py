"""Go's regular expressions, as operators write them for bodies and fields.

Owns their compilation and the liberties the reference takes with them. Must not know
what is searched or why.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias, cast

import re2

Search: TypeAlias = Callable[[bytes], object]
"""Returns what it found, None for nothing."""

_re2 = cast("Any", re2)  # it comes without types

_ATOM = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_GROUP = re.compile(r"\([^()]*\)")
_LEADING_ANY = re.compile(r"\A\^?\.\*(?![?+*{])")
_TRAILING_ANY = re.compile(r"(?<!\\)\.\*\$?\Z")


def search_for(pattern: str) -> Search:
    """Return a search in bytes for the pattern; raises `ValueError`.

    RE2 takes time linear in the text, whatever the pattern: a hostile one cannot make
    it hang.
    """
    options = _re2.Options()
    options.log_errors = False
    options.never_capture = True
    try:
        search: Search = _re2.compile(pattern, options).search
    except _re2.error as error:
        reason = error.args[0].decode("utf-8", "replace")
        raise ValueError(f"invalid pattern '{pattern}': {reason}") from error
    return search


def trimmed_search(pattern: str) -> Search:
    """Return the search of everything but expressions: "anything" at the ends is idle.

    Raises `ValueError`.
    """
    return search_for(trimmed(pattern))


def trimmed(pattern: str) -> str:
    """Return the pattern without "anything" at its ends.

    The reference drops `^.*` and `.*` in front, `.*` and `.*$` behind, so `^.*ok.*$`
    finds `ok` on any line of a body; existing configurations rely on that.
    """
    if _has_alternatives(pattern):
        return pattern
    return _TRAILING_ANY.sub("", _LEADING_ANY.sub("", pattern))


def _has_alternatives(pattern: str) -> bool:
    """Return whether there is a `|` outside of all groups."""
    rest, found = _ATOM.sub("", pattern), 1
    while found:
        rest, found = _GROUP.subn("", rest)
    return "|" in rest
