# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one HTTP driver. Private to this collection.

No environment proxies, no ``.netrc``, no redirects (they are answers), TLS verified, bodies bounded before and after
decompression, the whole exchange bounded in time, and exceptions rebuilt from class and host only.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
import typing as t
import zlib
from urllib.parse import urlsplit

from . import _transport
from ._errors import HttpError, InputError, MissingLibraryError
from ._here import check_own_address
from ._message import TIMEOUT, Answer, Request
from ._version import VERSION

try:
    import requests
    import urllib3
    import urllib3.exceptions
    from requests.utils import DEFAULT_CA_BUNDLE_PATH
except ImportError:
    HAS_REQUESTS = False
else:
    HAS_REQUESTS = True

USER_AGENT = f"trading.hosts/{VERSION}"
#: The most bytes that a body may have, as sent and after decompression.
BODY_LIMIT = 1_000_000
PROXY_SCHEMES = {"http": "http", "https": "http", "socks5": "socks5", "socks5h": "socks5"}

_CHUNK = 65536


class RequestsHttp:
    """An ``Http`` on top of requests: one client, and one set of connections, for many questions of one thread.

    ``timeout`` bounds one whole question in seconds, from the first packet to the last byte (a name look-up is bounded
    by the system's resolver). ``proxy`` is a URL with ``http``, ``https``, ``socks5`` or ``socks5h``; its user and
    password stay inside. ``source_address`` is the local address to ask from. ``ip_family`` is ``any``, ``ipv4`` or
    ``ipv6``. ``ca_path`` is a file of certificates to trust instead of the system's.
    ``allow_plain_loopback`` permits ``http://`` to this machine itself, and nowhere else.

    Raises ``InputError`` for options that cannot be used together, ``MissingLibraryError`` where requests is not
    installed. ``send`` raises ``HttpError``, whose ``kind`` is ``timeout``, ``refused``, ``reset``, ``tls``, ``dns``,
    ``too_large``, ``proxy`` or ``protocol``.
    """

    def __init__(
        self,
        *,
        timeout: float = TIMEOUT,
        proxy: str | None = None,
        source_address: str | None = None,
        ip_family: str = "any",
        ca_path: str | None = None,
        validate_certs: bool = True,
        allow_plain_loopback: bool = False,
    ) -> None:
        if not (HAS_REQUESTS and _transport.HAS_REQUESTS):
            raise MissingLibraryError(library="requests", package="python3-requests")
        if not 0 < timeout <= 600:
            raise InputError(
                field="timeout",
                value=str(timeout),
                problem="is not a useful time",
                mend="give seconds, more than 0 and at most 600",
            )
        _check_way(proxy=proxy, source_address=source_address, ip_family=ip_family)
        self._timeout = timeout
        self._proxy = proxy
        self._verify: str | bool = (ca_path or DEFAULT_CA_BUNDLE_PATH) if validate_certs else False
        self._plain = allow_plain_loopback
        if not validate_certs:
            # The facts say so (``official``); a warning for each question would only fill stderr.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        self._dialer = _transport.Dialer(family=ip_family, source_address=source_address)
        self._adapter = _transport.Adapter(
            dialer=self._dialer,
            context=_context(ca_path=ca_path, validate_certs=validate_certs),
            source_address=source_address,
        )

    def close(self) -> None:
        """Close all connections."""
        self._adapter.close()
        self._dialer.close()

    def send(self, request: Request) -> Answer:
        """Put one request and return the whole answer, whatever its status; see the class for errors."""
        parts = urlsplit(request.url)
        host = parts.hostname or "?"
        self._check_scheme(scheme=parts.scheme, host=host)
        self._dialer.loopback_only = parts.scheme == "http"
        headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip", "Accept": "*/*", **request.headers}
        self._dialer.start(seconds=self._timeout)
        try:
            return self._put(request, headers=headers, host=host)
        # Whatever comes out of the libraries may quote URLs, proxies and headers: only its class is used.
        except _transport.ERRORS as error:
            kind = "timeout" if self._dialer.expired else _kind(error, proxied=self._proxy is not None)
            raise HttpError(kind=kind, host=host, problem=_PROBLEMS[kind]) from None
        finally:
            self._dialer.stop()

    def _check_scheme(self, *, scheme: str, host: str) -> None:
        if scheme == "https":
            return
        if scheme != "http" or not self._plain or self._proxy is not None:
            raise HttpError(
                kind="protocol", host=host, problem="only HTTPS is asked; plain HTTP never leaves the machine"
            )

    def _put(self, request: Request, *, headers: t.Mapping[str, str], host: str) -> Answer:
        prepared = requests.Request(
            request.method, request.url, headers=dict(headers), data=request.body or None
        ).prepare()
        proxies = {"http": self._proxy, "https": self._proxy} if self._proxy else {}
        response = self._adapter.send(
            prepared,
            stream=True,
            timeout=(self._timeout, self._timeout),
            verify=self._verify,
            proxies=proxies,
        )
        try:
            names = {str(name).lower(): str(value) for name, value in response.headers.items()}
            body = self._body(response.raw, headers=names, host=host)
        except BaseException:
            response.close()
            raise
        response.raw.release_conn()
        return Answer(status=int(response.status_code), headers=names, body=body, host=host)

    def _body(self, raw: t.Any, *, headers: t.Mapping[str, str], host: str) -> bytes:
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > BODY_LIMIT:
            raise HttpError(kind="too_large", host=host, problem=_PROBLEMS["too_large"])
        parts: list[bytes] = []
        size = 0
        while True:
            part = raw.read(_CHUNK, decode_content=False)
            if self._dialer.expired:
                raise HttpError(kind="timeout", host=host, problem=_PROBLEMS["timeout"])
            if not part:
                break
            size += len(part)
            if size > BODY_LIMIT:
                raise HttpError(kind="too_large", host=host, problem=_PROBLEMS["too_large"])
            parts.append(part)
        if length.isdecimal() and size < int(length):
            raise HttpError(kind="protocol", host=host, problem="the answer was cut short")
        return _decoded(b"".join(parts), encoding=headers.get("content-encoding", ""), host=host)


_PROBLEMS = {
    "timeout": "no whole answer came in time",
    "refused": "the connection was refused, or there is no way to the host",
    "reset": "the connection was closed before the answer was whole",
    "tls": "no trusted TLS connection came about (certificate or protocol)",
    "dns": "the name has no usable address here",
    "too_large": f"the answer is larger than {BODY_LIMIT} bytes",
    "proxy": "the proxy did not let the question through",
    "protocol": "the answer is no valid HTTP, or was cut short",
}


def proxy_kind(proxy: str | None) -> str:
    """Return what may be told of a proxy: ``none``, ``http`` or ``socks5``."""
    return "none" if proxy is None else PROXY_SCHEMES.get(proxy.partition("://")[0].lower(), "http")


def _check_way(*, proxy: str | None, source_address: str | None, ip_family: str) -> None:
    if ip_family not in _transport.FAMILIES:
        raise InputError(
            field="ip_family", value=ip_family, problem="is not known", mend="give one of any, ipv4 or ipv6"
        )
    if source_address is not None:
        try:
            version = ipaddress.ip_address(source_address).version
        except ValueError:
            raise InputError(
                field="source_address",
                value=source_address,
                problem="is not an address",
                mend="give an IPv4 or IPv6 address of this host",
            ) from None
        if ip_family not in ("any", f"ipv{version}"):
            raise InputError(
                field="source_address",
                value=source_address,
                problem=f"is IPv{version} while ip_family is {ip_family}",
                mend="give an address of that family, or leave ip_family out",
            )
        check_own_address(source_address)
    if proxy is None:
        return
    try:
        parts = urlsplit(proxy)
        usable = parts.scheme.lower() in PROXY_SCHEMES and bool(parts.hostname) and parts.port is not None
    except ValueError:
        usable = False
    if not usable:
        raise InputError(
            field="proxy",
            problem="is not a proxy's URL with a port",
            mend="write it like http://user:password@10.0.0.1:3128 or socks5h://10.0.0.1:1080",
        )
    if ip_family != "any":
        raise InputError(
            field="ip_family",
            value=ip_family,
            problem="cannot be chosen behind a proxy, which chooses itself",
            mend="leave ip_family out, or ask without the proxy",
        )
    if proxy_kind(proxy) == "socks5" and not _transport.HAS_SOCKS:
        raise MissingLibraryError(library="socks", package="python3-socks")


def _context(*, ca_path: str | None, validate_certs: bool) -> ssl.SSLContext:
    if ca_path is not None and not os.path.isfile(ca_path):
        raise InputError(
            field="ca_path", value=ca_path, problem="is not a file on this host", mend="give a PEM file's absolute path"
        )
    try:
        return _transport.tls_context(ca_path=ca_path, default_ca=DEFAULT_CA_BUNDLE_PATH, validate=validate_certs)
    except OSError:
        raise InputError(
            field="ca_path",
            value=ca_path or DEFAULT_CA_BUNDLE_PATH,
            problem="holds no certificates that can be read",
            mend="give a PEM file, or install the distribution's package ca-certificates",
        ) from None


def _decoded(body: bytes, *, encoding: str, host: str) -> bytes:
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return body
    if name not in ("gzip", "x-gzip", "deflate"):
        raise HttpError(kind="protocol", host=host, problem="the answer is compressed in a way that was not asked for")
    parts: list[bytes] = []
    room = BODY_LIMIT + 1
    while body and room > 0:  # a gzip body may be several one after the other
        reader = zlib.decompressobj(wbits=47)  # 32 + 15: gzip and zlib, told apart by their heads
        try:
            part = reader.decompress(body, room)
        except zlib.error:
            raise HttpError(kind="protocol", host=host, problem="the answer's compression is broken") from None
        parts.append(part)
        room -= len(part)
        if room > 0 and not reader.eof:
            raise HttpError(kind="protocol", host=host, problem="the answer was cut short")
        body = reader.unused_data
    if room <= 0:
        raise HttpError(kind="too_large", host=host, problem=_PROBLEMS["too_large"])
    return b"".join(parts)


def _kind(error: BaseException, *, proxied: bool) -> str:
    """Tell what went wrong from the classes in an exception's chain; never from its text."""
    chain = _chain(error)
    names = {type(one).__name__ for one in chain}
    if proxied and (
        "ProxyError" in names or "ProxySchemeUnknown" in names or any(type(o).__module__ == "socks" for o in chain)
    ):
        return "proxy"
    for kind, classes in _KINDS:
        if any(isinstance(one, classes) for one in chain):
            return kind
    if any(name.endswith("Timeout") or name == "ConnectTimeoutError" for name in names):
        return "timeout"
    return "refused" if any(isinstance(one, OSError) for one in chain[1:]) else "protocol"


_KINDS: tuple[tuple[str, tuple[type[BaseException], ...]], ...] = (
    ("tls", (ssl.SSLError, ssl.CertificateError)),
    ("dns", (socket.gaierror, _transport.NoAddress)),
    ("protocol", (_transport.NotLoopback,)),
    ("refused", (ConnectionRefusedError,)),
    ("reset", (ConnectionResetError, BrokenPipeError, ConnectionAbortedError)),
    ("timeout", (socket.timeout, TimeoutError)),
)


def _chain(error: BaseException) -> list[BaseException]:
    """Return the exception and all that it wraps: causes, contexts, reasons and arguments."""
    found: list[BaseException] = []
    waiting: list[t.Any] = [error]
    while waiting and len(found) < 32:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and all(one is not other for other in found):
            found.append(one)
            waiting += [getattr(one, "reason", None), one.__cause__, one.__context__, *one.args]
    return found


def resolved_families(netloc: str) -> tuple[str, ...] | None:
    """Return the families in which a host's name has addresses, as this machine resolves it; ``None`` if it does not.

    ``netloc`` is a host, perhaps with a port.
    """
    host = urlsplit(f"//{netloc}").hostname
    try:
        found = {info[0] for info in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        return None
    named = (("ipv4", socket.AF_INET), ("ipv6", socket.AF_INET6))
    return tuple(name for name, family in named if family in found)
