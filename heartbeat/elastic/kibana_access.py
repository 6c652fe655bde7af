"""Where Kibana is and as whom it is asked, read from the options.

Owns what is inherited from the Elasticsearch output, and which options contradict each
other. Must not connect.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from heartbeat.errors import ConfigError
from heartbeat.outputs.elasticsearch.access import LIBRARY_IDLE, Access
from heartbeat.outputs.elasticsearch.hosts import Defaults, parse_host, proxy_of
from heartbeat.outputs.elasticsearch.login import basic, encoded_api_key
from heartbeat.outputs.elasticsearch.options import read_options
from heartbeat.outputs.trust import TlsAccess

if TYPE_CHECKING:
    from heartbeat.config import Settings
    from heartbeat.config.setup import KibanaOptions
    from heartbeat.net import Network
    from heartbeat.outputs.elasticsearch.hosts import Host
    from heartbeat.outputs.elasticsearch.options import ElasticsearchOptions

PORT: Final = 5601
HEADERS: Final = {
    "kbn-xsrf": "1",
    "elastic-api-version": "2023-10-31",
    "x-elastic-internal-origin": "heartbeat",
}
"""What Kibana wants of whoever is not a browser: that it means it, the version of the
interface, and in serverless projects that it knows what it does."""


def kibana_access(settings: Settings, network: Network) -> Access:
    """Return how to reach Kibana, the space included.

    Reads certificates, raises `ConfigError`.
    """
    options = settings.options.setup.kibana
    host = _host(settings, options)
    proxy = proxy_of(host)
    is_encrypted = host.scheme == "https"
    return Access(
        hosts=(host,),
        proxies={} if proxy is None else {host.url: proxy},
        proxy_headers={},
        headers={**HEADERS, **options.headers},
        query={},
        tls=TlsAccess.of(options.ssl, network) if is_encrypted else None,
        timeout=options.timeout,
        idle=LIBRARY_IDLE,
        connections=1,
        uses_all_hosts=False,
        authorization=_authorization(settings, options, host),
    )


def _host(settings: Settings, options: KibanaOptions) -> Host:
    defaults = Defaults(options.protocol, options.path, PORT)
    try:
        host = parse_host(options.host, defaults)
    except ValueError as error:
        raise _fault(settings, "host", str(error)) from error
    space = options.space.id
    return replace(host, path=f"{host.path}/s/{quote(space)}") if space else host


def _authorization(settings: Settings, options: KibanaOptions, host: Host) -> str:
    """Return the header that says who we are, "" for nobody.

    A user and a password that are not given are those of the Elasticsearch output, and
    so is its API key where no user is given either.
    """
    if options.service_token:
        return f"Bearer {options.service_token}"
    if options.api_key:
        if host.user is not None:
            message = "cannot set both api_key and a user in the URL of the host"
            raise _fault(settings, "api_key", message)
        try:
            return f"ApiKey {encoded_api_key(options.api_key)}"
        except ValueError as error:
            raise _fault(settings, "api_key", str(error)) from error
    output = _output(settings)
    user = options.username or (output.username if output else "")
    password = options.password or (output.password if output else "")
    if user:
        return basic(user, password)
    if options.password:
        raise _fault(settings, "password", "password is set, but username is not")
    return f"ApiKey {output.api_key}" if output and output.api_key else ""


def _output(settings: Settings) -> ElasticsearchOptions | None:
    section = settings.outputs.get("elasticsearch")
    return None if section is None else read_options(section)


def _fault(settings: Settings, option: str, message: str) -> ConfigError:
    section = settings.root.get(f"setup.kibana.{option}") or settings.root
    return ConfigError([section.problem(message)])
