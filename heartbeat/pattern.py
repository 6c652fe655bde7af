"""Go's regular expressions, as operators write them for bodies and fields.

Owns their compilation and the liberties the reference takes with them. Must not know
what is searched or why.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

Search: TypeAlias = Callable[[bytes], object]
"""Returns what it found, None for nothing."""

_ATOM = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_GROUP = re.compile(r"\([^()]*\)")
_REFERENCE = re.compile(r"\$(?:([A-Za-z0-9_]+)|\{([A-Za-z0-9_]+)\}|\$)")
_LEADING_ANY = re.compile(r"\A\^?\.\*(?![?+*{])")
_TRAILING_ANY = re.compile(r"(?<!\\)\.\*\$?\Z")


def search_for(pattern: str) -> Search:
    """Return a search in bytes for the pattern; raises `ValueError`.

    RE2 takes time linear in the text, whatever the pattern: a hostile one cannot make
    it hang.
    """
    search: Search = _compiled(pattern, captures=False).search
    return search


def _compiled(pattern: str, *, captures: bool) -> Any:
    # Imported here: 2 MB that are of no use without a pattern.
    import re2  # noqa: PLC0415

    untyped: Any = re2
    options = untyped.Options()
    options.log_errors = False
    options.never_capture = not captures
    try:
        return untyped.compile(pattern, options)
    except untyped.error as error:
        reason = error.args[0].decode("utf-8", "replace")
        raise ValueError(f"invalid pattern '{pattern}': {reason}") from error


def replacer_for(pattern: str, template: str) -> Callable[[str], str]:
    """Return what replaces every match of the pattern in a text.

    The template may refer to groups, as `$1`, `${1}` or `${name}`; a group that is not
    there is empty, and `$$` is a dollar. Raises `ValueError`.
    """
    expression = _compiled(pattern, captures=True)
    parts = list(_template_parts(template, expression))

    def replaced(text: str) -> str:
        data = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        pieces: list[str] = []
        end, is_first = 0, True
        for match in expression.finditer(data):
            if match.end() == end and not is_first:
                continue  # nothing, right behind a match, is not one more
            pieces.append(data[end : match.start()])
            pieces += [
                part if isinstance(part, str) else match.group(part) or ""
                for part in parts
            ]
            end, is_first = match.end(), False
        return "".join((*pieces, data[end:]))

    return replaced


def _template_parts(template: str, expression: Any) -> Iterator[str | int]:
    """Yield the texts and the groups of a template."""
    end = 0
    for token in _REFERENCE.finditer(template):
        yield template[end : token.start()]
        end = token.end()
        name = token[1] or token[2]
        if name is None:
            yield "$"
        elif name.isdecimal() and int(name) <= expression.groups:
            yield int(name)
        elif name in expression.groupindex:
            yield int(expression.groupindex[name])
    yield template[end:]


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
