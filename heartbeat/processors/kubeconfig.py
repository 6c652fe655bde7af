"""How Kubernetes' API is reached: from within a pod, or as a kubeconfig file says.

Owns both ways. Must not know what is asked.
"""

from __future__ import annotations

import base64
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from heartbeat.processors.api import Place
from heartbeat.processors.trust import context_of

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Mapping

ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""What Kubernetes puts into every pod: a token, the authority, the namespace."""


@dataclass(frozen=True, slots=True)
class Access:
    """Where an API is and who asks.

    `token_file` is read for every request, because tokens are replaced. `client` are
    certificate and key in PEM.
    """

    url: str
    authority: str | None = None
    token: str = ""
    token_file: Path | None = None
    client: tuple[str, str] | None = None
    verifies: bool = True

    def place(self) -> Place:
        """Return the place; takes up to 40 ms. Raises `OSError` or `ValueError`."""
        tls = self._tls() if self.url.startswith("https:") else None
        return Place(self.url, tls=tls, headers=partial(_headers, self))

    def _tls(self) -> ssl.SSLContext:
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
            if self.client is not None:
                file.write("\n".join(self.client))
                file.flush()
            client = None if self.client is None else Path(file.name)
            return context_of(self.authority, client, verifies=self.verifies)


def _headers(access: Access) -> Mapping[str, str]:
    token = access.token
    if access.token_file is not None:
        token = access.token_file.read_text(encoding="ascii").strip()
    return {"Authorization": f"Bearer {token}"} if token else {}


def within_pod(environment: Mapping[str, str]) -> Access | None:
    """Return the access that a pod has, None if this is no pod."""
    host = environment.get("KUBERNETES_SERVICE_HOST", "")
    port = environment.get("KUBERNETES_SERVICE_PORT", "443")
    if not host:
        return None
    try:
        authority = (ACCOUNT / "ca.crt").read_text(encoding="ascii")
    except (OSError, ValueError):
        authority = None
    name = f"[{host}]" if ":" in host else host
    return Access(f"https://{name}:{port}", authority, token_file=ACCOUNT / "token")


def from_file(file: Path) -> Access:
    """Return the access that the current context of a kubeconfig has.

    Raises `ValueError` with what is wrong with the file.
    """
    try:
        whole = yaml.safe_load(file.read_text(encoding="utf-8"))
        context = _named(whole["contexts"], whole["current-context"])["context"]
        cluster = _named(whole["clusters"], context["cluster"])["cluster"]
        user: Any = _named(whole["users"], context["user"])["user"] or {}
        return _access(cluster, user, file.parent)
    except OSError as error:
        raise ValueError(f"{file}: {error.strerror}") from error
    except (yaml.YAMLError, LookupError, TypeError, AttributeError) as error:
        what = f"{type(error).__name__}: {error}"
        raise ValueError(f"{file} is no kubeconfig: {what}") from error


def _named(entries: Iterable[Any], name: str) -> Any:
    for entry in entries:
        if entry["name"] == name:
            return entry
    raise LookupError(f"there is no {name}")


def _access(cluster: Any, user: Any, folder: Path) -> Access:
    if "exec" in user or "auth-provider" in user:
        raise ValueError(
            "users that log in through a program are not supported; use a token or a"
            " certificate"
        )
    certificate = _content(user, "client-certificate", folder)
    key = _content(user, "client-key", folder)
    token_file = user.get("tokenFile")
    return Access(
        str(cluster["server"]).rstrip("/"),
        _content(cluster, "certificate-authority", folder),
        user.get("token", ""),
        folder / token_file if token_file else None,
        (certificate, key) if certificate and key else None,
        verifies=not cluster.get("insecure-skip-tls-verify", False),
    )


def _content(section: Any, name: str, folder: Path) -> str | None:
    """Return what is written in the file, or in base64 in its place."""
    data = section.get(f"{name}-data")
    if data:
        return base64.b64decode(data).decode("ascii")
    file = section.get(name)
    return (folder / file).read_text(encoding="ascii") if file else None
