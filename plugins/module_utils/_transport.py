# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connections for ``_http.py``: requests' adapter with our own sockets. Private to this collection.

The adapter is used without requests' ``Session``: a session follows or at least reads redirects without any bound,
keeps cookies, and looks at the environment. Own sockets are needed for three things: one address family by choice,
one deadline for everything from the first packet to the last byte, and plain HTTP that cannot leave the machine.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import ipaddress
import socket
import ssl
import threading
import time
import typing as t

try:
    import urllib3.exceptions
    import urllib3.util.retry
    from requests.adapters import HTTPAdapter
    from requests.exceptions import RequestException
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
except ImportError:
    HAS_REQUESTS = False
else:
    HAS_REQUESTS = True

try:
    from urllib3.contrib.socks import (
        SOCKSConnection,
        SOCKSHTTPConnectionPool,
        SOCKSHTTPSConnection,
        SOCKSHTTPSConnectionPool,
    )
except ImportError:
    HAS_SOCKS = False
else:
    HAS_SOCKS = True

FAMILIES = {"any": socket.AF_UNSPEC, "ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}


class NotLoopback(OSError):
    """Plain HTTP was about to leave the machine."""


class NoAddress(OSError):
    """The name has no address of the wanted family."""


class Dialer:
    """Opens sockets for one client and can cut all of them at the deadline.

    Not for use by several threads at once. ``start`` sets the deadline of the request that comes, ``stop`` lifts it,
    ``expired`` tells whether it passed. Cutting works on duplicates of the sockets, so that it reaches a connection in
    any state: shaking hands, or sending one byte a minute.
    """

    def __init__(self, *, family: str, source_address: str | None) -> None:
        self._family = FAMILIES[family]
        self._source_address = source_address
        self._duplicates: list[socket.socket] = []
        self._ends = 0.0
        self._timer: threading.Timer | None = None
        self._expired = threading.Event()
        self.loopback_only = False

    def start(self, *, seconds: float) -> None:
        """Start the clock of one request."""
        self._expired = threading.Event()
        self._ends = time.monotonic() + seconds
        self._timer = threading.Timer(seconds, self._cut, args=(self._expired,))
        self._timer.daemon = True
        self._timer.start()

    def stop(self) -> None:
        """Stop the clock."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @property
    def expired(self) -> bool:
        """Whether the deadline of the request passed."""
        return self._expired.is_set()

    def _cut(self, deadline: threading.Event) -> None:
        deadline.set()
        if deadline is self._expired:  # a late timer must not cut the next request
            for duplicate in list(self._duplicates):
                with contextlib.suppress(OSError):  # it is not connected any more
                    duplicate.shutdown(socket.SHUT_RDWR)

    def watch(self, opened: socket.socket) -> None:
        """Remember a socket for the cut."""
        self._duplicates = [d for d in self._duplicates if d.fileno() != -1]
        self._duplicates.append(opened.dup())

    def close(self) -> None:
        """Forget all sockets."""
        self.stop()
        for duplicate in self._duplicates:
            duplicate.close()
        self._duplicates.clear()

    def dial(self, *, host: str, port: int) -> socket.socket:
        """Return a connected socket; raises ``OSError`` and its kin."""
        found = socket.getaddrinfo(host, port, self._family, socket.SOCK_STREAM)
        if self.loopback_only:
            found = [one for one in found if ipaddress.ip_address(str(one[4][0]).split("%", maxsplit=1)[0]).is_loopback]
            if not found:
                raise NotLoopback("not a loopback address")
        if self._source_address is not None:
            version = socket.AF_INET6 if ":" in self._source_address else socket.AF_INET
            found = [one for one in found if one[0] == version]
        if not found:
            raise NoAddress("no address of the wanted family")
        failure: OSError = NoAddress("no address")
        for index, (family, kind, protocol, _name, address) in enumerate(found):
            # A family that hangs must not take the time of the one that works.
            patience = max((self._ends - time.monotonic()) / (len(found) - index), 0.001)
            opened = socket.socket(family, kind, protocol)
            try:
                opened.settimeout(patience)
                if self._source_address is not None:
                    opened.bind((self._source_address, 0))
                opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                opened.connect(address)
            except OSError as error:
                opened.close()
                failure = error
            else:
                opened.settimeout(max(self._ends - time.monotonic(), 0.001))
                self.watch(opened)
                return opened
        raise failure


@functools.cache
def tls_context(*, ca_path: str | None, default_ca: str, validate: bool) -> ssl.SSLContext:
    """Return the TLS settings: TLS 1.2 and up, the host name checked, nothing taken from the environment.

    All clients of a process share them: certificates take long to read.

    Raises ``OSError`` (``ssl.SSLError`` included) where the file of certificates cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if validate:
        context.load_verify_locations(cafile=ca_path or default_ca)
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class _ForAddress:
    """A context for a server that has an address and no name.

    urllib3 before 2 does not tell Python the name then, to keep it out of the TLS greeting. Python keeps it out by
    itself, and without it cannot check the certificate and refuses to connect.
    """

    def __init__(self, context: t.Any, address: str) -> None:
        self._context = context
        self._address = address

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._context, name)

    def wrap_socket(self, opened: socket.socket, server_hostname: str | None = None) -> ssl.SSLSocket:
        """Shake hands as the context does, with the address as the name."""
        wrapped: ssl.SSLSocket = self._context.wrap_socket(opened, server_hostname=server_hostname or self._address)
        return wrapped


def _prepare(connection: t.Any) -> None:
    """Make a connection use the shared context, whatever the version of urllib3 does by itself."""
    # The context holds them already, and to read them again takes longer than all the rest.
    connection.ca_certs = None
    if isinstance(connection.ssl_context, _ForAddress):  # it was cut, and is dialled anew
        return
    host = str(connection._tunnel_host or connection.host).strip("[]")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return
    connection.ssl_context = _ForAddress(connection.ssl_context, host)


if HAS_REQUESTS:
    #: Everything that a question can raise.
    ERRORS: tuple[type[Exception], ...] = (
        RequestException,
        urllib3.exceptions.HTTPError,
        http.client.HTTPException,
        OSError,
        ValueError,
    )

    def _pools(dialer: Dialer) -> dict[str, t.Any]:
        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return dialer.dial(host=self.host, port=int(self.port or 80))

        class Secure(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                _prepare(self)
                return dialer.dial(host=self.host, port=int(self.port or 443))

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        return {"http": PlainPool, "https": SecurePool}

    class Adapter(HTTPAdapter):
        """requests' adapter with our sockets, our TLS settings and no retries."""

        def __init__(self, *, dialer: Dialer, context: ssl.SSLContext, source_address: str | None) -> None:
            self._dialer = dialer
            self._context = context
            self._source_address = source_address
            super().__init__(pool_connections=4, pool_maxsize=1, max_retries=urllib3.util.retry.Retry(0, read=False))

        def init_poolmanager(self, *args: t.Any, **kwargs: t.Any) -> None:
            """Make the pool for direct connections."""
            super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
            self.poolmanager.pool_classes_by_scheme = _pools(self._dialer)

        def proxy_manager_for(self, proxy: str, **kwargs: t.Any) -> t.Any:
            """Make, or return, the pool for a proxy."""
            if proxy.lower().startswith("socks"):
                if self._source_address is not None:
                    kwargs["source_address"] = (self._source_address, 0)
                manager = super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)
                manager.pool_classes_by_scheme = _socks_pools(self._dialer)
                return manager
            if proxy.lower().startswith("https"):
                kwargs["proxy_ssl_context"] = self._context
            manager = super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)
            manager.pool_classes_by_scheme = _pools(self._dialer)
            return manager


if HAS_SOCKS:

    def _socks_pools(dialer: Dialer) -> dict[str, t.Any]:
        class Plain(SOCKSConnection):
            def _new_conn(self) -> t.Any:
                opened = super()._new_conn()
                dialer.watch(opened)
                return opened

        class Secure(SOCKSHTTPSConnection):
            def _new_conn(self) -> t.Any:
                _prepare(self)
                opened = super()._new_conn()
                dialer.watch(opened)
                return opened

        class PlainPool(SOCKSHTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(SOCKSHTTPSConnectionPool):
            ConnectionCls = Secure

        return {"http": PlainPool, "https": SecurePool}
