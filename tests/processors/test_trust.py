"""TLS towards the programs around heartbeat."""

from __future__ import annotations

import ssl
from typing import Any

import pytest
import trustme

from heartbeat.config import TlsOptions
from heartbeat.processors.api import Api, Place
from heartbeat.processors.kubeconfig import Access
from heartbeat.processors.trust import context_for
from tests.support.servers import serve
from tests.support.web import WebServer, answer

AUTHORITY: Any = trustme.CA()
PEM = AUTHORITY.cert_pem.bytes().decode()


def server_context(*, wants_client: bool = False) -> ssl.SSLContext:
    """Return a server's context for 127.0.0.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)
    if wants_client:
        context.verify_mode = ssl.CERT_REQUIRED
        AUTHORITY.configure_trust(context)
    return context


async def asked(
    tls: ssl.SSLContext, *, host: str = "127.0.0.1", wants_client: bool = False
) -> bytes:
    """Return what a server answers."""
    web = WebServer((answer(b"{}"),))
    server = server_context(wants_client=wants_client)
    async with serve(web.talk, tls=server) as port:
        api = Api(Place(f"https://{host}:{port}", tls=tls))
        try:
            return await api.text("/")
        finally:
            await api.close()


@pytest.mark.parametrize(
    "written",
    [
        {"certificate_authorities": [PEM]},
        {"certificate_authorities": [PEM], "verification_mode": "certificate"},
        {"verification_mode": "none"},
    ],
)
async def test_options(written: dict[str, Any]) -> None:
    """Options say who is trusted."""
    assert await asked(context_for(TlsOptions.model_validate(written))) == b"{}"


@pytest.mark.parametrize(
    ("written", "host"),
    [({}, "127.0.0.1"), ({"certificate_authorities": [PEM]}, "localhost")],
)
async def test_distrust(written: dict[str, Any], host: str) -> None:
    """Unknown authorities and other names are not trusted."""
    with pytest.raises(OSError, match="certificate verify failed"):
        await asked(context_for(TlsOptions.model_validate(written)), host=host)


async def test_client_certificates() -> None:
    """A kubeconfig's user may be one with a certificate."""
    client: Any = AUTHORITY.issue_cert("someone")
    certificate = client.cert_chain_pems[0].bytes().decode()
    key = client.private_key_pem.bytes().decode()
    access = Access("https://127.0.0.1", PEM, client=(certificate, key))

    tls = access.place().tls

    assert tls is not None
    assert await asked(tls, wants_client=True) == b"{}"


async def test_no_verification() -> None:
    """A kubeconfig may say that anybody is trusted."""
    tls = Access("https://127.0.0.1", verifies=False).place().tls

    assert tls is not None
    assert await asked(tls) == b"{}"
