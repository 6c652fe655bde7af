"""Names of cipher suites and protocol versions, ours and OpenSSL's.

Owns the tables between the names that options and documents use and those of OpenSSL.
"""

from __future__ import annotations

_KINDS = {
    "AES-128-CBC-SHA": "AES128-SHA",
    "AES-128-CBC-SHA256": "AES128-SHA256",
    "AES-128-GCM-SHA256": "AES128-GCM-SHA256",
    "AES-256-CBC-SHA": "AES256-SHA",
    "AES-256-GCM-SHA384": "AES256-GCM-SHA384",
    "RC4-128-SHA": "RC4-SHA",
}

OPENSSL = {
    **{f"ECDHE-ECDSA-{name}": f"ECDHE-ECDSA-{other}" for name, other in _KINDS.items()},
    **{f"ECDHE-RSA-{name}": f"ECDHE-RSA-{other}" for name, other in _KINDS.items()},
    **{f"RSA-{name}": other for name, other in _KINDS.items()},
    "ECDHE-ECDSA-CHACHA20-POLY1305": "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1205": "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-RSA-3DES-CBC3-SHA": "ECDHE-RSA-DES-CBC3-SHA",
    "RSA-3DES-CBC3-SHA": "DES-CBC3-SHA",
    "TLS-AES-128-GCM-SHA256": "TLS_AES_128_GCM_SHA256",
    "TLS-AES-256-GCM-SHA384": "TLS_AES_256_GCM_SHA384",
    "TLS-CHACHA20-POLY1305-SHA256": "TLS_CHACHA20_POLY1305_SHA256",
}
"""Name in options and documents → name in OpenSSL; one is misspelt for good."""

DOCUMENT = {other: name for name, other in OPENSSL.items()}
"""Name in OpenSSL → name in documents."""

DEFAULT = tuple(
    f"ECDHE-{key}-{kind}"
    for kind in (
        "AES128-GCM-SHA256",
        "AES256-GCM-SHA384",
        "CHACHA20-POLY1305",
        "AES128-SHA",
        "AES256-SHA",
    )
    for key in ("ECDSA", "RSA")
)
"""What the reference offers up to TLS 1.2, in OpenSSL's names."""

VERSIONS = {"TLSv1": "1.0", "TLSv1.1": "1.1", "TLSv1.2": "1.2", "TLSv1.3": "1.3"}
"""Name in OpenSSL → `tls.version`, oldest first."""
