"""The targets of the side-by-side benches: nginx, and an acceptor in C.

Owns starting and stopping them. Must not know who visits them. To be used where
loopback is all there is: they listen on every address.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from collections.abc import Iterator

HTTP, HTTPS_RSA, HTTPS_EC, TCP = 18080, 18443, 18444, 18090
HERE = Path(__file__).parent
BODY = '{"status":"UP","components":{"db":"UP","queue":"UP"},"version":"1.2.3"}'

NGINX = """
worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log crit;
daemon off; worker_rlimit_nofile 20000;
events {{ worker_connections 16000; multi_accept on; }}
http {{
  access_log off; keepalive_timeout 0; ssl_protocols TLSv1.2 TLSv1.3;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  {servers}
}}
"""
SERVER = """
  server {{
    listen {port}{ssl} backlog=4096;
    {certificate}
    location / {{ default_type application/json; return 200 '{body}'; }}
  }}
"""


@contextmanager
def serving(folder: Path) -> Iterator[Path]:
    """Run the targets; gives the file with the authorities that vouch for them."""
    floor = build_floor(folder)
    authorities = _certificates(folder)
    (folder / "nginx.conf").write_text(_configuration(folder), encoding="ascii")
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin") or "nginx"
    log = folder / "nginx.log"
    commands = [
        [nginx, "-c", str(folder / "nginx.conf"), "-p", str(folder), "-e", str(log)],
        [str(floor), "accept", str(TCP)],
    ]
    servers = [subprocess.Popen(command) for command in commands]
    try:
        for port in (HTTP, HTTPS_RSA, HTTPS_EC, TCP):
            await_port(port)
        yield authorities
    finally:
        for server in servers:
            server.terminate()
            server.wait()


def build_floor(folder: Path) -> Path:
    """Compile the lower bounds; return the program."""
    program = folder / "floor"
    compiler = shutil.which("cc") or "gcc"
    source = HERE / "floor.c"
    subprocess.run([compiler, "-O2", "-o", program, source], check=True)
    return program


def await_port(port: int, seconds: float = 10.0) -> None:
    """Return when somebody listens on a port of the loopback address."""
    until = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return


def _certificates(folder: Path) -> Path:
    """Make a root, an intermediate and a leaf of each kind of key."""
    authorities = folder / "authorities.pem"
    for kind in (trustme.KeyType.RSA, trustme.KeyType.ECDSA):
        root = trustme.CA(key_type=kind)
        middle = root.create_child_ca(key_type=kind)
        leaf = middle.issue_cert("localhost", "127.0.0.1", key_type=kind)
        root.cert_pem.write_to_path(str(authorities), append=True)
        chain, key = folder / f"{kind.name}.pem", folder / f"{kind.name}.key"
        for part in leaf.cert_chain_pems:
            part.write_to_path(str(chain), append=True)
        leaf.private_key_pem.write_to_path(str(key))
    return authorities


def _configuration(folder: Path) -> str:
    servers = ""
    for port, kind in ((HTTP, ""), (HTTPS_RSA, "RSA"), (HTTPS_EC, "ECDSA")):
        pair = f"{folder}/{kind}.pem; ssl_certificate_key {folder}/{kind}.key;"
        servers += SERVER.format(
            port=port,
            ssl=" ssl" if kind else "",
            certificate=f"ssl_certificate {pair}" if kind else "",
            body=BODY,
        )
    return NGINX.format(folder=folder, servers=servers)
