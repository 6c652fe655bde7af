"""Keeping secrets out of everything heartbeat shows of a configuration.

Owns which names hold secrets and how a secret looks when it is shown. Must not know
what is shown or where.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from heartbeat.config.tree import Plain

MASK = "xxxxx"

_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)?|api[-_]?key|secret|token|authorization|credential|cookie"
    r"|cloud\.auth|auth\.headers",
    re.IGNORECASE,
)
_NOT_SECRET = frozenset({"key_passphrase_path", "ca_trusted_fingerprint"})
_URL_PASSWORD = re.compile(r"(\w://[^/\s:@]*:)[^/\s@]+@")
_REFERENCE_ONLY = re.compile(r"\$\{[^:{}]*:?\}")
_SECRET_MEMBER = re.compile(
    rf"((?:{_SECRET_NAME.pattern})[\w.-]*[\"']?\s*:)\s+\S.*", re.IGNORECASE
)
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*", re.DOTALL)


def is_secret(path: str) -> bool:
    """Say whether the option at a dotted path is a secret or part of one."""
    name = path.rpartition(".")[2]
    return name not in _NOT_SECRET and _SECRET_NAME.search(path) is not None


def mask_text(text: str) -> str:
    """Return a text without the passwords of URLs and without private keys."""
    text = _URL_PASSWORD.sub(rf"\1{MASK}@", text)
    return _PRIVATE_KEY.sub(MASK, text)


def masked(data: Plain, path: str = "") -> Plain:
    """Return plain data with secrets replaced; `${NAME}` and `${NAME:}` are none."""
    match data:
        case dict():
            return {key: masked(value, f"{path}.{key}") for key, value in data.items()}
        case list():
            return [masked(value, path) for value in data]
        case _ if is_secret(path) and not _is_open(data):
            return MASK
        case str():
            return mask_text(data)
        case _:
            return data


def _is_open(value: str | float | None) -> bool:
    """Say whether a value tells nothing: nothing at all, or only where to look."""
    if isinstance(value, str):
        return not value or _REFERENCE_ONLY.fullmatch(value) is not None
    return value is None or isinstance(value, bool)


def mask_line(line: str) -> str:
    """Return a line of YAML without the value of any option that may be a secret."""
    return mask_text(_SECRET_MEMBER.sub(rf"\1 {MASK}", line))
