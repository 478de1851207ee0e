# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`public_ip_info` against real HTTPS services on loopback, honest and not, directly and through proxies."""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import pathlib
import select
import socket
import socketserver
import struct
import threading
from typing import TYPE_CHECKING, Any, cast

import pytest
import yaml
from ansible.module_utils.testing import patch_module_args

from ansible_collections.trading.hosts.plugins.action.public_ip_info import other_paths
from ansible_collections.trading.hosts.plugins.module_utils._clock import to_text, utc_now
from ansible_collections.trading.hosts.plugins.module_utils._egress._options import ARGUMENT_SPEC
from ansible_collections.trading.hosts.plugins.module_utils._egress._request import Result, run
from ansible_collections.trading.hosts.plugins.module_utils._egress._sources import DEFAULT_SOURCES
from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError
from ansible_collections.trading.hosts.plugins.module_utils._facts import EgressFacts, Path, egress_facts, to_json
from ansible_collections.trading.hosts.plugins.modules import public_ip_info
from ansible_collections.trading.hosts.plugins.plugin_utils._facts_files import write_facts
from tests.simulator.client import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

DIRECT, BEHIND_PROXY, SECOND, V6 = "91.198.115.11", "91.198.115.12", "91.198.115.13", "2a01:4f8:c17::11"
NAT = {"127.0.0.1": DIRECT, "127.0.0.2": BEHIND_PROXY, "127.0.0.3": SECOND, "::1": V6}
HONEST = ("echo1", "echo2", "echo3")


@pytest.fixture(scope="module")
def running_simulator() -> Iterator[Simulator]:
    with Simulator.start(nat=NAT) as simulator:
        yield simulator


@pytest.fixture
def simulator(running_simulator: Simulator) -> Simulator:
    running_simulator.reset()
    running_simulator.set_nat(NAT)
    return running_simulator


def sources(simulator: Simulator, *names: str, family: int = 4, **changes: Any) -> list[dict[str, Any]]:
    shape = changes.get("shape", "plain")
    return [
        {
            "name": f"{name}-{family}",
            "url": simulator.ip_service_url(name, family=family, shape=None if shape == "plain" else shape),
            "network": f"Owner of {name}",
            "families": [f"ipv{family}"],
            "shape": "plain",
            "field": None,
            "kind": "echo",
            **changes,
        }
        for name in names
    ]


def ask(simulator: Simulator, **given: Any) -> Result:
    options = {name: option.get("default") for name, option in ARGUMENT_SPEC.items()}
    options.update(samples=1, sample_interval=0.0, timeout=5.0, ca_path=simulator.ca_file)
    options["sources"] = sources(simulator, *HONEST)
    return run({**options, **given}, host="bot1")


def test_both_families_are_learned_over_https(simulator: Simulator) -> None:
    both = sources(simulator, *HONEST) + sources(simulator, *HONEST, family=6)
    result = ask(simulator, sources=both, samples=2)
    found = {fact.family: (fact.status, fact.addresses, fact.stable) for fact in result.facts}
    assert found == {"ipv4": ("agreed", (DIRECT,), True), "ipv6": ("agreed", (V6,), True)}
    assert result.problem is None


def test_every_shape_is_read(simulator: Simulator) -> None:
    three = [
        *sources(simulator, "echo1"),
        *sources(simulator, "echo2", shape="json", field="ip"),
        *sources(simulator, "echo3", shape="trace"),
    ]
    (fact,) = ask(simulator, sources=three).facts
    assert (fact.status, fact.addresses) == ("agreed", (DIRECT,)), fact.sources


BAD_SOURCES = [
    ("two", "more than one address"),
    ("slow", "no whole answer came in time"),
    ("huge", "larger than 1000000 bytes"),
    ("endless", "no whole answer came in time"),
    ("redirecting", "redirected (HTTP 302)"),
    ("captive", "answered HTML"),
    ("private", "no public address"),
    ("mapped", "no public address"),
    ("empty", "answered nothing"),
    ("error", "answered HTTP 503"),
]


@pytest.mark.parametrize(("kind", "problem"), BAD_SOURCES)
def test_a_bad_source_has_no_say_and_is_named(simulator: Simulator, kind: str, problem: str) -> None:
    (fact,) = ask(simulator, sources=sources(simulator, *HONEST, kind), timeout=1.5).facts
    assert (fact.status, fact.addresses) == ("agreed", (DIRECT,))
    (row,) = [row for row in fact.sources if row.source == f"{kind}-4"]
    assert row.address is None
    assert row.problem is not None
    assert problem in row.problem


@pytest.mark.parametrize("kind", ["lying", "rotating"])
def test_one_liar_is_outvoted_and_shows(simulator: Simulator, kind: str) -> None:
    (fact,) = ask(simulator, sources=sources(simulator, *HONEST, kind), samples=2).facts
    assert (fact.status, fact.addresses, fact.stable) == ("agreed", (DIRECT,), False)


def test_two_liars_are_never_outvoted_silently(simulator: Simulator) -> None:
    simulator.set_echo("echo9", "lying")
    result = ask(simulator, sources=sources(simulator, *HONEST, "echo4", "echo5", "echo6", "echo9", "lying"))
    assert result.facts[0].status == "disputed"
    assert result.facts[0].addresses == ()
    assert result.problem is not None
    for name in (*HONEST, "echo9", "lying"):
        assert f"{name}-4 [Owner of {name}]" in result.problem


def test_a_redirects_target_is_never_contacted(simulator: Simulator) -> None:
    simulator.fault("echo1", "redirect", location=simulator.ip_service_url("echo12"))
    (fact,) = ask(simulator).facts
    assert fact.status == "no_quorum"
    assert simulator.requests(service="echo12") == []


def test_proxies_and_credentials_of_the_environment_are_ignored(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    (fact,) = ask(simulator).facts
    assert fact.status == "agreed"
    assert not any("authorization" in seen.headers for seen in simulator.requests())


def test_an_untrusted_certificate_is_silence(simulator: Simulator) -> None:
    result = ask(simulator, ca_path=None)
    assert result.facts[0].status == "no_quorum"
    assert "no trusted TLS connection" in str(result.problem)


def test_a_source_address_is_bound(simulator: Simulator) -> None:
    (fact,) = ask(simulator, source_address="127.0.0.3").facts
    assert (fact.addresses, fact.path.source_address) == ((SECOND,), "127.0.0.3")


def test_an_interface_is_bound(simulator: Simulator) -> None:
    (fact,) = ask(simulator, interface="lo").facts
    assert (fact.addresses, fact.path.source_address) == ((DIRECT,), "127.0.0.1")


# --- proxies ---


def _pump(one: socket.socket, other: socket.socket) -> None:
    ends = {one: other, other: one}
    while True:
        readable = select.select(list(ends), [], [], 20)[0]
        for end in readable:
            data = end.recv(65536)
            if not data:
                return
            ends[end].sendall(data)
        if not readable:
            return


class _Proxy(socketserver.BaseRequestHandler):
    """Leaves from 127.0.0.2, so that whoever came through it is seen from another address."""

    def leave(self, host: str, port: int) -> socket.socket:
        cast("_Server", self.server).asked.append(f"{host}:{port}")
        return socket.create_connection((host, port), timeout=20, source_address=("127.0.0.2", 0))


class HttpProxy(_Proxy):
    def handle(self) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            part = self.request.recv(4096)
            if not part:
                return
            head += part
        cast("_Server", self.server).heads.append(head.decode())
        method, target, _version = head.split(b"\r\n", 1)[0].decode().split()
        if method != "CONNECT":
            self.request.sendall(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")
            return
        host, _rest, port = target.rpartition(":")
        with self.leave(host, int(port)) as outside:
            self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _pump(self.request, outside)


class Socks5Proxy(_Proxy):
    def read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = self.request.recv(size - len(data))
            if not part:
                raise ConnectionError
            data += part
        return data

    def handle(self) -> None:
        _version, methods = self.read(2)
        self.read(methods)
        self.request.sendall(b"\x05\x00")
        _version, _command, _reserved, kind = self.read(4)
        host = socket.inet_ntoa(self.read(4)) if kind == 1 else self.read(self.read(1)[0]).decode()
        (port,) = struct.unpack("!H", self.read(2))
        with self.leave(host, port) as outside:
            self.request.sendall(b"\x05\x00\x00\x01" + socket.inet_aton("127.0.0.2") + b"\x00\x00")
            _pump(self.request, outside)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, handler: type[_Proxy]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.asked: list[str] = []
        self.heads: list[str] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error of the proxy."""


@contextlib.contextmanager
def proxy(handler: type[_Proxy]) -> Iterator[_Server]:
    with _Server(handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(10)


@pytest.mark.parametrize(
    ("handler", "scheme", "kind"),
    [(HttpProxy, "http", "http"), (Socks5Proxy, "socks5", "socks5"), (Socks5Proxy, "socks5h", "socks5")],
)
def test_a_proxys_address_is_learned_through_it(
    simulator: Simulator, handler: type[_Proxy], scheme: str, kind: str
) -> None:
    with proxy(handler) as server:
        url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
        result = ask(simulator, proxy=url, samples=2)
    (fact,) = result.facts
    assert (fact.status, fact.addresses, fact.path.proxy) == ("agreed", (BEHIND_PROXY,), kind), fact.sources
    assert len(server.asked) == 2 * len(HONEST)
    assert {seen.seen_as for seen in simulator.requests()} == {BEHIND_PROXY}


def test_a_proxys_password_stays_between_the_two(simulator: Simulator) -> None:
    with proxy(HttpProxy) as server:
        url = f"http://trader:canary-4711@127.0.0.1:{server.server_address[1]}"
        result = ask(simulator, proxy=url)
    assert result.facts[0].status == "agreed"
    assert "Proxy-Authorization: Basic " in server.heads[0]
    assert "canary-4711" not in repr(result)
    assert not any("proxy-authorization" in seen.headers for seen in simulator.requests())


def test_a_dead_proxy_is_no_way_out_and_never_the_direct_one(simulator: Simulator) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://trader:canary-4711@127.0.0.1:{closed.getsockname()[1]}"
        result = ask(simulator, proxy=url)
    assert (result.facts[0].status, result.facts[0].addresses) == ("no_route", ())
    assert "No majority for IPv4" in str(result.problem)
    assert "canary-4711" not in repr(result)
    assert simulator.requests() == []


# --- refusals ---

REFUSED = [
    ({"quorum": 2}, "quorum '2': is out of bounds; give at least 3 (fewer only with environment: custom)."),
    ({"samples": 0}, "samples '0': is out of bounds; give a number from 1 to 20."),
    ({"samples": 1000}, "samples '1000'"),
    ({"timeout": 0.0}, "timeout '0.0'"),
    ({"sample_interval": -1.0}, "sample_interval '-1.0'"),
    ({"sources": []}, "sources: is empty, and neither observations nor declared_addresses says anything"),
    ({"declared_addresses": ["192.168.1.10"]}, "declared_addresses[0] '192.168.1.10'"),
    ({"declared_addresses": ["91.198.115.0/24"]}, "is not one IP address"),
    (
        {"observations": [{"address": "fd00::1", "basis": "exchange_printed", "exchange": "okx"}]},
        "observations[0].address 'fd00::1'",
    ),
    (
        {"observations": [{"address": DIRECT, "basis": "exchange_printed", "exchange": " "}]},
        "observations[0].exchange: is empty",
    ),
    ({"proxy": "socks4://user:canary-4711@127.0.0.1:1"}, "proxy: is not a proxy's URL"),
    ({"ca_path": "/nowhere/ca.pem"}, "ca_path '/nowhere/ca.pem': is not a file on this host"),
    ({"source_address": "198.51.100.7"}, "source_address '198.51.100.7': is not an address of this host"),
    ({"interface": "none0"}, "interface 'none0': is no network interface of this host"),
]


@pytest.mark.parametrize(("given", "sentence"), REFUSED)
def test_a_bad_option_is_one_sentence_and_nobody_is_asked(
    simulator: Simulator, given: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InputError) as caught:
        ask(simulator, **given)
    assert sentence in str(caught.value)
    assert "canary-4711" not in str(caught.value)
    assert simulator.requests() == []


def test_without_sources_an_observation_is_enough(simulator: Simulator) -> None:
    seen = {"address": DIRECT, "basis": "exchange_printed", "exchange": "okx"}
    result = ask(simulator, sources=[], observations=[seen])
    (fact,) = result.facts
    assert (fact.status, fact.addresses, fact.basis) == ("agreed", (DIRECT,), "exchange_printed")
    assert result.problem is None
    assert simulator.requests() == []


def test_without_sources_a_declaration_is_returned_and_agrees_with_nobody(simulator: Simulator) -> None:
    result = ask(simulator, sources=[], declared_addresses=[DIRECT])
    (fact,) = result.facts
    assert (fact.status, fact.addresses, fact.basis) == ("no_quorum", (DIRECT,), "declared")
    assert result.problem is None


def test_a_conflict_with_the_exchange_is_a_problem_that_names_both(simulator: Simulator) -> None:
    seen = {"address": SECOND, "basis": "exchange_printed", "exchange": "okx"}
    result = ask(simulator, observations=[seen])
    assert (result.facts[0].status, result.facts[0].addresses) == ("disputed", (SECOND, DIRECT))
    assert f"{SECOND}: okx (exchange_printed) [okx]" in str(result.problem)


# --- the module ---


def module(capsys: pytest.CaptureFixture[str], **given: Any) -> dict[str, Any]:
    with patch_module_args(given), pytest.raises(SystemExit):
        public_ip_info.main()
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


def test_the_module_returns_facts_that_judges_can_read(
    simulator: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    result = module(capsys, sources=sources(simulator, *HONEST), samples=1, ca_path=simulator.ca_file)
    assert (result["changed"], result["ipv4"], result["ipv6"]) == (False, DIRECT, None)
    assert egress_facts(result["egress"][0], where="egress").addresses == (DIRECT,)


@pytest.mark.parametrize("check_mode", [False, True])
def test_no_majority_fails_and_still_returns_who_said_what(
    simulator: Simulator, capsys: pytest.CaptureFixture[str], check_mode: bool
) -> None:
    simulator.set_echo("echo3", "lying")
    given = {"sources": sources(simulator, *HONEST), "samples": 1, "ca_path": simulator.ca_file}
    result = module(capsys, **given, _ansible_check_mode=check_mode)
    assert result["failed"] is True
    assert "No majority for IPv4: the sources contradict each other" in result["msg"]
    assert result["egress"][0]["status"] == "disputed"
    assert result["ipv4"] is None

    result = module(capsys, **given, on_no_majority="report")
    assert not result.get("failed")
    assert result["egress"][0]["status"] == "disputed"


def test_a_proxys_url_is_not_in_the_modules_result(simulator: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    with proxy(HttpProxy) as server:
        url = f"http://trader:canary-4711@127.0.0.1:{server.server_address[1]}"
        given = {"sources": sources(simulator, *HONEST), "samples": 1, "ca_path": simulator.ca_file}
        result = module(capsys, **given, proxy=url)
    assert result["ipv4"] == BEHIND_PROXY
    assert "canary-4711" not in json.dumps(result)


# --- the controller's side ---


def fact(source_address: str | None, *, asked_at: datetime.datetime) -> dict[str, Any]:
    path = Path(user="root", family="ipv4", source_address=source_address, netns="1")
    return to_json(EgressFacts("bot1", "ipv4", path, "agreed", asked_at=to_text(asked_at), addresses=(DIRECT,)))


def test_a_hosts_file_keeps_young_facts_of_other_paths(tmp_path: pathlib.Path) -> None:
    now = utc_now()
    direct, bound, old = (
        fact(None, asked_at=now),
        fact("10.0.0.5", asked_at=now - datetime.timedelta(minutes=50)),
        fact("10.0.0.6", asked_at=now - datetime.timedelta(minutes=70)),
    )
    before = fact(None, asked_at=now - datetime.timedelta(minutes=1))
    file = write_facts(directory=str(tmp_path), host="bot1", kind="egress", document={"egress": [before, bound, old]})
    assert other_paths(pathlib.Path(file), egress=[direct]) == [bound]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 99}'])
def test_a_spoiled_file_is_replaced(tmp_path: pathlib.Path, text: str) -> None:
    file = tmp_path / "bot1.egress.json"
    file.write_text(text)
    assert other_paths(file, egress=[fact(None, asked_at=utc_now())]) == []
    assert other_paths(tmp_path / "absent.json", egress=[]) == []


# --- the documentation ---


def test_the_guide_names_every_default_source() -> None:
    guide = (pathlib.Path(__file__).parents[3] / "docs" / "public_ip.md").read_text()
    rows = [line for line in guide.splitlines() if line.startswith("| `")]
    for source in DEFAULT_SOURCES:
        assert any(f"`{source.name}`" in row and f"`{source.url}`" in row and source.network in row for row in rows), (
            source
        )


def _documented(options: dict[str, Any]) -> dict[str, Any]:
    return {
        name: (option.get("type", "str"), option.get("default"), _documented(option.get("suboptions", {})))
        for name, option in options.items()
    }


def _specified(spec: dict[str, Any]) -> dict[str, Any]:
    return {
        name: (option.get("type", "str"), option.get("default"), _specified(option.get("options", {})))
        for name, option in spec.items()
    }


def test_every_option_is_documented_as_it_is() -> None:
    documented = _documented(yaml.safe_load(io.StringIO(public_ip_info.DOCUMENTATION))["options"])
    shared = {"require_verified_host"}
    assert documented == {name: value for name, value in _specified(ARGUMENT_SPEC).items() if name not in shared}


def test_no_option_or_result_hides_behind_a_method_of_a_dictionary() -> None:
    def names(tree: Any) -> set[str]:
        if not isinstance(tree, dict):
            return set()
        return set(tree) | {
            name for value in tree.values() for name in names(value.get("contains") or value.get("options"))
        }

    returned = yaml.safe_load(public_ip_info.RETURN)
    assert not (names(returned) | names(ARGUMENT_SPEC)) & set(dir(dict))
