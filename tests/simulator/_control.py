# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control interface: HTTP with JSON on a unix socket, which reaches across network namespaces."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ._state import ControlError, State, key_without_secrets

Handler = Callable[[Request, dict[str, Any]], Any]


class Control:
    def __init__(self, *, state: State, endpoints: dict[str, Any]) -> None:
        self.state = state
        self.endpoints = endpoints
        self.app = Starlette(
            routes=[
                self.route("GET", "/endpoints", lambda request, body: self.endpoints),
                self.route("POST", "/keys", self.create_key),
                self.route("GET", "/keys", self.list_keys),
                self.route("PATCH", "/keys/{exchange}/{key:path}", self.update_key),
                self.route("GET", "/requests", self.requests),
                self.route("DELETE", "/requests", self.forget_requests),
                self.route("PUT", "/clock", self.set_clock),
                self.route("PUT", "/latency", self.set_latency),
                self.route("POST", "/faults", self.add_fault),
                self.route("DELETE", "/faults", self.forget_faults),
                self.route("POST", "/refusals", self.refuse_next),
                self.route("PUT", "/echo", self.set_echo),
                self.route("PUT", "/nat", self.set_nat),
                self.route("PUT", "/bans", self.set_bans),
                self.route("GET", "/bans", self.bans),
                self.route("POST", "/reset", self.reset),
            ]
        )

    @staticmethod
    def route(method: str, path: str, handler: Handler) -> Route:
        async def endpoint(request: Request) -> Response:
            raw = await request.body()
            try:
                body = json.loads(raw) if raw else {}
                return JSONResponse(handler(request, body))
            except ControlError as exc:
                return JSONResponse({"error": str(exc)}, 400)
            except KeyError as exc:
                return JSONResponse({"error": f"{exc.args[0]}: is missing."}, 400)
            except ValueError:
                return JSONResponse({"error": "The body is not JSON."}, 400)

        answer: Callable[[Request], Awaitable[Response]] = endpoint
        return Route(path, answer, methods=[method])

    def create_key(self, request: Request, body: dict[str, Any]) -> Any:
        return asdict(self.state.create_key(body))

    def list_keys(self, request: Request, body: dict[str, Any]) -> Any:
        return [key_without_secrets(key) for key in self.state.keys.values()]

    def update_key(self, request: Request, body: dict[str, Any]) -> Any:
        key = self.state.update_key(
            exchange=request.path_params["exchange"], key=request.path_params["key"], changes=body
        )
        return key_without_secrets(key)

    def requests(self, request: Request, body: dict[str, Any]) -> Any:
        return [asdict(seen) for seen in self.state.seen]

    def forget_requests(self, request: Request, body: dict[str, Any]) -> Any:
        self.state.seen.clear()
        return {}

    def set_clock(self, request: Request, body: dict[str, Any]) -> Any:
        self.state.skew_ms[body.get("exchange") or "*"] = int(body["skew_ms"])
        return {}

    def set_latency(self, request: Request, body: dict[str, Any]) -> Any:
        self.state.latency_ms[body.get("exchange") or "*"] = int(body["latency_ms"])
        return {}

    def add_fault(self, request: Request, body: dict[str, Any]) -> Any:
        return asdict(self.state.add_fault(body))

    def forget_faults(self, request: Request, body: dict[str, Any]) -> Any:
        self.state.faults.clear()
        self.state.refusals.clear()
        self.state.echoes.clear()
        return {}

    def refuse_next(self, request: Request, body: dict[str, Any]) -> Any:
        return asdict(self.state.plan_refusal(body))

    def set_echo(self, request: Request, body: dict[str, Any]) -> Any:
        return asdict(
            self.state.set_echo(target=body["target"], kind=body["kind"], addresses=body.get("addresses") or [])
        )

    def set_nat(self, request: Request, body: dict[str, Any]) -> Any:
        self.state.nat = {str(peer): str(public) for peer, public in body.items()}
        return {}

    def set_bans(self, request: Request, body: dict[str, Any]) -> Any:
        bans = type(self.state.bans)(enabled=bool(body["enabled"]))
        self.state.bans = bans
        return {}

    def bans(self, request: Request, body: dict[str, Any]) -> Any:
        bans = self.state.bans
        return {
            "enabled": bans.enabled,
            "banned": sorted(list(pair) for pair in bans.banned),
            "locked": sorted(list(pair) for pair in bans.locked),
        }

    def reset(self, request: Request, body: dict[str, Any]) -> Any:
        self.state.reset()
        return {}
