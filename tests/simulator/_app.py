# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTPS side: tells services apart, spoils answers on demand, and writes down what was asked."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
import zlib
from dataclasses import dataclass
from email.utils import formatdate
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from . import _ip_services
from ._exchange import Answer, Call, Exchange, RefusedError, Site
from ._registry import EXCHANGES
from ._state import Fault, Seen, State

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

BODY_LIMIT = 1_000_000
HUGE_BYTES = 10_000_000
BOMB_BYTES = 256_000_000
CHUNK = b"0123456789abcde\n" * 4096
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]
HTML = "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>"


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol, which also hands the connection to the application: only that can reset it."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {"simulator.transport": {"transport": self.transport}}


@dataclass(frozen=True)
class Service:
    """What answers on a port or under a host name: a site of an exchange, or an IP service."""

    name: str
    exchange: Exchange | None = None
    site: Site | None = None


def all_services() -> dict[str, Service]:
    """Return every service that has a port of its own on loopback, by name."""
    services = {
        site.service: Service(site.service, exchange, site)
        for exchange in EXCHANGES.values()
        for site in exchange.sites
    }
    return services | {name: Service(name) for name in _ip_services.SERVICES}


def services_by_host() -> dict[str, Service]:
    return {host: service for service in all_services().values() if service.site for host in service.site.hosts}


@cache
def gzip_bomb() -> bytes:
    """Return a small gzip file that unpacks to BOMB_BYTES of zeros."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    megabyte = bytes(1_000_000)
    packed = bytearray(gzip.compress(b"")[:10])
    checksum = 0
    for _turn in range(BOMB_BYTES // len(megabyte)):
        packed += packer.compress(megabyte)
        checksum = zlib.crc32(megabyte, checksum)
    return bytes(packed + packer.flush() + struct.pack("<II", checksum, BOMB_BYTES & 0xFFFFFFFF))


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield CHUNK[:16]
        await asyncio.sleep(0.05)


def huge() -> Iterator[bytes]:
    """Ten megabytes that are valid JSON."""
    yield b'{"padding":"'
    for _turn in range(HUGE_BYTES // len(CHUNK) + 1):
        yield CHUNK.replace(b"\n", b".")
    yield b'"}'


async def disconnected(receive: Receive) -> None:
    """Wait until the server noticed the end of the connection, so that it does not miss the rest of an answer."""
    while (await receive())["type"] != "http.disconnect":
        pass


class Reset(Response):
    """No answer: the connection is reset."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport = scope["extensions"]["simulator.transport"]["transport"]
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        await disconnected(receive)


class Cut(Response):
    """An answer whose connection ends before the announced length."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = [(b"content-type", b"application/json"), (b"content-length", str(len(self.body) * 2).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": length})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        scope["extensions"]["simulator.transport"]["transport"].close()
        await disconnected(receive)


async def spoiled(fault: Fault, honest: Answer) -> Response:
    """Return what `fault` makes of an answer."""
    headers = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
    text = fault.body
    match fault.kind:
        case "status":
            body = f"<html><head><title>{fault.status}</title></head></html>" if text is None else text
            return Response(body, fault.status, headers, "text/html" if text is None else fault.media_type)
        case "empty":
            return Response(b"", 200, headers, "application/json")
        case "truncated":
            # Whole by HTTP's account, cut as JSON.
            encoded = honest.encoded()
            return Response(encoded[: max(1, len(encoded) * 2 // 3)], honest.status, headers, "application/json")
        case "cut":
            return Cut(honest.encoded())
        case "html":
            return Response(text or HTML, 200, headers, "text/html")
        case "wrong_type":
            return Response(text or '["unexpected"]', 200, headers, "application/json")
        case "body":
            return Response(text or "", 200, headers, fault.media_type)
        case "huge":
            return StreamingResponse(huge(), 200, headers, "application/json")
        case "gzip_bomb":
            return Response(gzip_bomb(), 200, headers | {"Content-Encoding": "gzip"}, "application/json")
        case "endless":
            return StreamingResponse(endless(), 200, headers, "application/json")
        case "slow":
            await asyncio.sleep(fault.delay_s)
            return Response(honest.encoded(), honest.status, headers, honest.media_type)
        case "redirect":
            status = fault.status if 300 <= fault.status < 400 else 302
            return Response(b"", status, headers | {"Location": fault.location or ""})
        case _:
            return Reset()


class Simulator:
    """The ASGI application. `ports` maps a local port to the service that answers there."""

    def __init__(self, *, state: State, ports: Mapping[int, Service]) -> None:
        self.state = state
        self.ports = ports
        self.hosts = services_by_host()
        self.app = Starlette(routes=[Route("/{path:path}", self.handle, methods=METHODS)])

    def service(self, *, host: str, port: int) -> Service:
        """The host name decides if it is an exchange's; then the port; any other name is an IP service."""
        return self.hosts.get(host) or self.ports.get(port) or Service(host)

    async def handle(self, request: Request) -> Response:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
        service = self.service(host=host, port=request.scope["server"][1])
        peer = request.scope["client"][0]
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_LIMIT:
                break
        exchange = service.exchange
        latency_ms = self.state.latency_ms.get(exchange.name, self.state.latency_ms.get("*", 0)) if exchange else 0
        call = Call(
            method=request.method,
            host=host,
            path=request.scope["raw_path"].decode("latin-1"),
            query=request.scope["query_string"].decode("latin-1"),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=body,
            site=service.site or Site(service.name, "", ()),
            peer=self.state.public_address(peer),
            now_ms=self.state.now_ms(exchange.name if exchange else None),
            keys_beside=self.state.keys_beside,
        )
        seen = self.record(call, service=service, peer=peer)
        fault = self.state.take_fault(
            names={service.name, host} | ({exchange.name} if exchange else set()), path=call.path
        )
        if exchange is None:
            # A planned fault goes before what the service does by itself.
            answer, own_fault = self.echo(call, service=service)
            fault = fault or own_fault
        else:
            answer = self.ask(exchange, call, spoilt=fault)
        await asyncio.sleep(latency_ms / 1000)
        if fault is not None:
            seen.code = f"fault:{fault.kind}"
            seen.status = fault.status if fault.kind in ("status", "redirect") else 200
            return await spoiled(fault, answer)
        seen.status, seen.code = answer.status, answer.code
        headers = {"Date": formatdate(call.now_ms // 1000, usegmt=True), **answer.headers}
        return Response(answer.encoded(), answer.status, headers, answer.media_type)

    def record(self, call: Call, *, service: Service, peer: str) -> Seen:
        exchange = service.exchange
        given = exchange.presented(call) if exchange else None
        held = self.state.keys.get((exchange.name, given.key)) if exchange and given else None
        seen = Seen(
            at_ms=call.now_ms,
            service=service.name,
            exchange=exchange.name if exchange else None,
            host=call.host,
            method=call.method,
            path=call.path,
            query=list(call.params),
            headers=list(call.headers),
            user_agent=call.header("user-agent"),
            body_bytes=len(call.body),
            peer=peer,
            seen_as=call.peer,
            label=held.label if held else None,
            had={
                "key": bool(given and given.key),
                "signature": bool(given and given.signature),
                "passphrase": bool(given and given.passphrase),
                "authorization": bool(call.header("authorization")),
                "cookie": bool(call.header("cookie")),
            },
        )
        self.state.seen.append(seen)
        return seen

    def ask(self, exchange: Exchange, call: Call, *, spoilt: Fault | None) -> Answer:
        """Return the exchange's answer. One that a fault will spoil uses up no planned refusal."""
        if exchange.has_trace and call.path == "/cdn-cgi/trace":
            text, media_type = _ip_services.render(
                addresses=[call.peer], shape="trace", host=call.host, at_ms=call.now_ms
            )
            return Answer(200, text, media_type=media_type)
        key = exchange.presented(call).key
        verdict = self.state.bans.verdict(exchange=exchange.name, peer=call.peer, key=key)
        if verdict is not None:
            return exchange.refused(call, RefusedError(verdict))
        refusal = None if spoilt else self.state.take_refusal(exchange=exchange.name, has_key=bool(key))
        if refusal is not None:
            answer = exchange.refused(call, RefusedError(refusal.code, is_code=True, text=refusal.text))
        else:
            answer = exchange.answer(call, lookup=lambda key: self.state.keys.get((exchange.name, key)))
        self.state.bans.note(
            exchange=exchange.name,
            peer=call.peer,
            key=key,
            status=spoilt.status if spoilt and spoilt.kind == "status" else answer.status,
            reason=answer.reason,
            accepted=answer.code is None and call.path in exchange.signed,
        )
        return answer

    def echo(self, call: Call, *, service: Service) -> tuple[Answer, Fault | None]:
        """Return what an IP service answers, and how it spoils that, if it is one of those."""
        echo = self.state.echoes.get(call.host) or self.state.echoes.get(service.name)
        kind = echo.kind if echo else service.name if service.name in _ip_services.MISBEHAVING else "honest"
        given = echo.addresses if echo else []
        shape = _ip_services.shape_of(service=service.name, path=call.path, query=call.query)
        if shape is None:
            return Answer(404, "not found\n", code="404", media_type="text/plain"), None
        addresses = _ip_services.named_addresses(
            kind=kind, seen=call.peer, given=given, turn=self.state.next_rotation(service.name)
        )
        text, media_type = _ip_services.render(addresses=addresses, shape=shape, host=call.host, at_ms=call.now_ms)
        answer = Answer(200, text, media_type=media_type)
        match kind:
            case "slow" | "huge" | "endless":
                return answer, Fault(target=service.name, kind=kind)
            case "redirecting":
                location = given[0] if given else "https://login.example.net/"
                return answer, Fault(target=service.name, kind="redirect", location=location, status=302)
            case "captive":
                return Answer(200, _ip_services.CAPTIVE_PORTAL, media_type="text/html"), None
            case "empty":
                return Answer(200, "", media_type="text/plain"), None
            case "error":
                return Answer(503, "<html>503</html>", code="503", media_type="text/html"), None
        return answer, None
