"""The keystore: a file of secrets that configurations refer to by name.

Owns the form of the file, its encryption and its permissions. Must not know who asks
for a secret. Without a password the file is only obscured: whoever may read it can read
the secrets.

The file has two lines of ASCII: what it is, and base64 of salt, nonce and a JSON object
of secrets by name, sealed with ChaCha20-Poly1305 under a key that scrypt derives from
the password. The first line is authenticated too.
"""

from __future__ import annotations

import binascii
import os
import stat
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import scrypt
from typing import TYPE_CHECKING, Final

import orjson

from heartbeat.config.files import read_file
from heartbeat.errors import ConfigError, Problem, system_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

PASSWORD_VARIABLE: Final = "HEARTBEAT_KEYSTORE_PASSWORD"  # noqa: S105 - its name
"""Name of the environment variable that holds the password."""

_TITLE = b"heartbeat keystore 1"
_SALT, _NONCE = 16, 12
_PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class Keystore:
    """A keystore file that may not exist yet."""

    path: Path
    password: str = ""

    def exists(self) -> bool:
        """Say whether there is a file."""
        return self.path.exists()

    def read(self, *, strict_permissions: bool = True) -> dict[str, str]:
        """Return the secrets by name, none if there is no file.

        Raises `ConfigError` if others may read the file or it cannot be decrypted.
        """
        if not self.exists():
            return {}
        content = read_file(str(self.path), strict_permissions=strict_permissions)
        if strict_permissions:
            self._check_mode()
        return self._unsealed(content)

    def write(self, secrets: Mapping[str, str]) -> None:
        """Replace the file in one step; raises `ConfigError`."""
        draft = self.path.with_name(f"{self.path.name}.new")
        try:
            self.path.parent.mkdir(mode=0o770, parents=True, exist_ok=True)
            draft.unlink(missing_ok=True)
            _write(draft, self._sealed(secrets))
            draft.replace(self.path)
        except OSError as error:
            message = f"the keystore cannot be written: {system_text(error)}"
            raise self._fault(message) from error

    def _check_mode(self) -> None:
        mode = self.path.stat().st_mode
        if stat.S_IMODE(mode) != _PRIVATE:
            raise self._fault(
                f'file ("{self.path}") can only be writable and readable by the owner'
                f' but the permissions are "{stat.filemode(mode)}" (to fix the'
                f" permissions use: 'chmod 600 {self.path}')"
            )

    def _sealed(self, secrets: Mapping[str, str]) -> bytes:
        salt, nonce = os.urandom(_SALT), os.urandom(_NONCE)
        sealed = self._cipher(salt).encrypt(nonce, orjson.dumps(dict(secrets)), _TITLE)
        return b"%b\n%b\n" % (_TITLE, b64encode(salt + nonce + sealed))

    def _unsealed(self, content: bytes) -> dict[str, str]:
        # Imported here, and below: 8 MB that are of no use without a keystore.
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415

        title, _, encoded = content.partition(b"\n")
        if title != _TITLE:
            raise self._fault(
                "this is no keystore of heartbeat; make one with 'heartbeat keystore"
                " create --force' and add the secrets to it"
            )
        try:
            data = b64decode(encoded.strip(), validate=True)
            salt, nonce = data[:_SALT], data[_SALT : _SALT + _NONCE]
            text = self._cipher(salt).decrypt(nonce, data[_SALT + _NONCE :], _TITLE)
        except (binascii.Error, ValueError, InvalidTag) as error:
            raise self._fault(
                "could not decrypt the keystore: the password is wrong"
                f" ({PASSWORD_VARIABLE}) or the file is damaged"
            ) from error
        secrets: dict[str, str] = orjson.loads(text)
        return secrets

    def _cipher(self, salt: bytes) -> ChaCha20Poly1305:
        from cryptography.hazmat.primitives.ciphers import aead  # noqa: PLC0415

        password = self.password.encode()
        key = scrypt(password, salt=salt, n=2**14, r=8, p=1, dklen=32)
        return aead.ChaCha20Poly1305(key)

    def _fault(self, message: str) -> ConfigError:
        return ConfigError([Problem(message, file=str(self.path))])


def _write(path: Path, content: bytes) -> None:
    """Write a new file that only its owner can read, down to the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, _PRIVATE)
        file.write(content)
        file.flush()
        os.fsync(descriptor)
