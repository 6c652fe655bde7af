"""From a connection to an encrypted and verified one.

Owns the order of a TLS handshake's checks and what each outcome leaves behind: facts,
a verdict, a closed connection. Must not know what is said on the connection.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

from heartbeat.errors import CheckFailed
from heartbeat.net.encrypted import TlsConnection
from heartbeat.net.facts import CertificateFacts, TlsFacts
from heartbeat.net.verdict import (
    FAULTS,
    PINS,
    UNKNOWN_AUTHORITY,
    name_fault,
    verification_text,
)
from heartbeat.net.wording import read_text, tls_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from heartbeat.clock import Deadline
    from heartbeat.event import Facts
    from heartbeat.net.certificate import Certificate
    from heartbeat.net.connection import Connection
    from heartbeat.net.tls import TlsContext

UNVERIFIED = "tls: failed to verify certificate: "
"""What the reference's standard library puts before its verdicts."""

MAX_CHAIN = 20
"""So many certificates of a refused chain are looked at: reading one takes 0.1 ms."""

DER = 2
"""The encoding wanted of OpenSSL's certificate objects, up to Python 3.12."""


class TrustLearned(CheckFailed):
    """The peer was not trusted but would be now: worth a second connection."""


async def handshake(
    below: Connection,
    context: TlsContext,
    server_name: str,
    *,
    deadline: Deadline,
    facts: list[Facts],
) -> TlsConnection:
    """Return an encrypted connection to the named server, on top of the one below.

    Appends `TlsFacts`, or `CertificateFacts` if it fails after the server has shown
    its certificate. Raises `CheckFailed`; the connection below is closed then.
    """
    connection = TlsConnection(below, context, server_name)
    started = deadline.now()
    try:
        await connection.shake_hands(deadline)
        took = deadline.now() - started
        facts.append(_accepted(connection, took, facts))
    except ssl.SSLCertVerificationError as error:
        connection.close()
        raise _refused(connection, error, facts) from error
    except (OSError, EOFError) as error:
        connection.close()
        raise CheckFailed.io(_text(error, connection)) from error
    except BaseException:
        # Not by way of the connection: what OpenSSL would still say, such as our
        # certificate, is not for this peer.
        below.close()
        raise
    return connection


def _accepted(connection: TlsConnection, took: float, facts: list[Facts]) -> TlsFacts:
    """Check what OpenSSL does not; raises `CheckFailed`."""
    tls, context = connection.tls, connection.context
    (leaf,) = _read_all([tls.getpeercert(binary_form=True) or b""])
    version = tls.version() or ""
    fault = name_fault(leaf, context.expectation(connection.server_name))
    if fault is not None and context.is_plain_strict:
        fault = UNVERIFIED + fault
    if version not in context.versions:
        fault = f"tls version {version} not configured"
    elif fault is None and not _is_pinned(connection):
        fault = PINS
    chain = presented_chain(tls) if context.tells_chain else ()
    if fault is not None:
        facts.append(CertificateFacts(leaf, chain))
        raise CheckFailed.io(fault)
    cipher, _, _ = tls.cipher() or ("", "", 0)
    return TlsFacts(version, cipher, took, leaf, _chain_dates(connection), chain)


def _is_pinned(connection: TlsConnection) -> bool:
    context = connection.context
    if not context.pins or not context.verifies:
        return True
    chain = verified_chain(connection.tls)
    return any(not context.pins.isdisjoint(member.pins) for member in chain)


def _chain_dates(connection: TlsConnection) -> tuple[str, str] | None:
    """Return when the whole verified chain begins and ends to be valid."""
    if not connection.context.is_plain_strict:
        return None
    chain = verified_chain(connection.tls)
    dates = [member.dates for member in chain if member.dates is not None]
    begins, ends = zip(*dates, strict=True)
    from heartbeat.net.certificate import document_time  # noqa: PLC0415 - as below

    return document_time(max(begins)), document_time(min(ends))


def _refused(
    connection: TlsConnection,
    error: ssl.SSLCertVerificationError,
    facts: list[Facts],
) -> CheckFailed:
    """Return the verdict on a chain that OpenSSL refused; notes the leaf."""
    context = connection.context
    chain = presented_chain(connection.tls)
    told = chain if context.tells_chain else ()
    facts.extend(CertificateFacts(leaf, told) for leaf in chain[:1])
    text = verification_text(
        error,
        chain,
        expected=context.expectation(connection.server_name),
        now=context.clock.now(),
    )
    if context.is_plain_strict:
        text = UNVERIFIED + text
    is_stranger = FAULTS.get(error.verify_code) == UNKNOWN_AUTHORITY
    if is_stranger and any(context.learn(member) for member in chain):
        return TrustLearned.io(text)
    return CheckFailed.io(text)


def _text(error: OSError | EOFError, connection: TlsConnection) -> str:
    if isinstance(error, EOFError):
        return "EOF"
    if isinstance(error, ssl.SSLError):
        return tls_text(error, connection.first)
    return read_text(error, connection)


def presented_chain(tls: Any) -> list[Certificate]:
    """Return the certificates that the peer sent, leaf first, if not too many."""
    owner = tls if hasattr(tls, "get_unverified_chain") else tls._sslobj  # noqa: SLF001
    return _read_all((owner.get_unverified_chain() or ())[:MAX_CHAIN])


def verified_chain(tls: Any) -> list[Certificate]:
    """Return the certificates from the leaf to the trusted one."""
    owner = tls if hasattr(tls, "get_verified_chain") else tls._sslobj  # noqa: SLF001
    return _read_all(owner.get_verified_chain())


def _read_all(chain: Iterable[Any] | None) -> list[Certificate]:
    """Read what `ssl` gives: DER from Python 3.13 on, objects of OpenSSL before."""
    # Loaded by the first `TlsContext`: 8 MB that are of no use without one.
    from heartbeat.net.certificate import read_certificate  # noqa: PLC0415

    return [
        read_certificate(
            member if isinstance(member, bytes) else member.public_bytes(DER)
        )
        for member in chain or ()
    ]
