# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTTP driver against servers on loopback that say byte for byte what they are told."""

from __future__ import annotations

import contextlib
import datetime
import gzip
import ipaddress
import socket
import ssl
import threading
import time
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from ansible_collections.trading.hosts.plugins.module_utils import _http, _transport
from ansible_collections.trading.hosts.plugins.module_utils._errors import HttpError, InputError, MissingLibraryError
from ansible_collections.trading.hosts.plugins.module_utils._http import BODY_LIMIT, RequestsHttp
from ansible_collections.trading.hosts.plugins.module_utils._message import Answer, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Talk = Callable[[socket.socket, bytes], None]

CANARY = "canary-7f3a9c"


class Server:
    """Answers each request with what `talk` does to the connection, and keeps what it was sent."""

    def __init__(self, talk: Talk, *, address: str = "127.0.0.1", certificate: Path | None = None) -> None:
        self._talk = talk
        self._tls: ssl.SSLContext | None = None
        if certificate is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.create_server((address, 0), family=family)
        self.port = self._listener.getsockname()[1]
        self.heads: list[bytes] = []
        self.peers: list[str] = []
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def url(self, path: str = "/", *, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, peer = self._listener.accept()
                self._open.append(connection)
                self.peers.append(peer[0])
                threading.Thread(target=self._handle, args=(connection,), daemon=True).start()

    def _handle(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            head = b""
            while True:
                part = connection.recv(65536)
                if not part:
                    break
                head += part
                if b"\r\n\r\n" in head:
                    self.heads.append(head)
                    self._talk(connection, head)
                    head = b""

    def hang_up(self) -> None:
        for connection in self._open:
            with contextlib.suppress(OSError):  # it is not connected any more
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            connection.close()


def says(answer: bytes) -> Talk:
    def talk(connection: socket.socket, _head: bytes) -> None:
        connection.sendall(answer)

    return talk


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(talk: Talk | bytes, **options: Any) -> Server:
        servers.append(Server(says(talk) if isinstance(talk, bytes) else talk, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def client() -> Iterator[Callable[..., RequestsHttp]]:
    clients: list[RequestsHttp] = []

    def make(**options: Any) -> RequestsHttp:
        clients.append(RequestsHttp(**{"timeout": 5.0, "allow_plain_loopback": True, **options}))
        return clients[-1]

    yield make
    for one in clients:
        one.close()


def reply(body: bytes, *, status: str = "200 OK", headers: str = "", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\n{headers}\r\n".encode() + body


def kind_of(http: RequestsHttp, url: str, **headers: str) -> str:
    with pytest.raises(HttpError) as refused:
        http.send(Request("GET", url, headers=headers))
    assert CANARY not in str(refused.value)
    assert CANARY not in repr(refused.value.__cause__)
    return refused.value.kind


def test_an_answer_is_whole_and_says_who_gave_it(serve: Any, client: Any) -> None:
    server = serve(reply(b'{"a":1}', headers="X-Some-Name: Value\r\n"))
    answer = client().send(Request("GET", server.url("/path?b=2&a=1"), headers={"X-Key": "k"}))
    assert answer == Answer(200, {"content-length": "7", "x-some-name": "Value"}, b'{"a":1}', "127.0.0.1")
    head = server.heads[0].decode()
    assert head.startswith("GET /path?b=2&a=1 HTTP/1.1\r\n")
    assert "User-Agent: trading.hosts/" in head
    assert "X-Key: k" in head


def test_many_questions_share_one_connection(serve: Any, client: Any) -> None:
    server = serve(reply(b"x"))
    http = client()
    for _turn in range(5):
        http.send(Request("GET", server.url()))
    assert len(server.heads) == 5
    assert len(server.peers) == 1


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_an_answer_and_its_target_hears_nothing(serve: Any, client: Any, status: str) -> None:
    target = serve(reply(b"never"))
    server = serve(reply(b"moved", status=status, headers=f"Location: {target.url('/x')}\r\n"))
    answer = client().send(Request("GET", server.url(), headers={"OK-ACCESS-PASSPHRASE": CANARY}))
    assert answer.status == int(status[:3])
    assert answer.body == b"moved"
    assert target.peers == []


def test_a_redirect_with_an_endless_body_is_bounded_too(serve: Any, client: Any) -> None:
    def endless(connection: socket.socket, _head: bytes) -> None:
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    assert kind_of(client(), serve(endless).url()) == "too_large"


def test_the_environment_and_netrc_are_ignored(
    serve: Any, client: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    trap = serve(reply(b"trap"))
    server = serve(reply(b"honest"))
    (tmp_path / ".netrc").write_text(f"machine 127.0.0.1 login {CANARY} password {CANARY}\n")
    (tmp_path / ".netrc").chmod(0o600)
    keys = tmp_path / "keys"
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, trap.url())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere")
    monkeypatch.setenv("SSLKEYLOGFILE", str(keys))
    assert client().send(Request("GET", server.url(), headers={"Authorization": "Bearer mine"})).body == b"honest"
    assert b"Authorization: Bearer mine" in server.heads[0]
    assert trap.peers == []
    assert not keys.exists()


def gzipped(body: bytes) -> bytes:
    return gzip.compress(body, compresslevel=9, mtime=0)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzipped(b"hello")),
        ("GZip", gzipped(b"hel") + gzipped(b"lo")),
        ("deflate", zlib.compress(b"hello")),
        ("identity", b"hello"),
    ],
)
def test_compressed_answers_are_read(serve: Any, client: Any, encoding: str, body: bytes) -> None:
    server = serve(reply(body, headers=f"Content-Encoding: {encoding}\r\n"))
    assert client().send(Request("GET", server.url())).body == b"hello"


BOMB = gzipped(bytes(200_000_000))

BAD_BODIES = {
    "announced too large": (reply(b"", length=BODY_LIMIT + 1), "too_large"),
    "really too large": (reply(b"x" * (BODY_LIMIT + 1)), "too_large"),
    "gzip bomb": (reply(BOMB, headers="Content-Encoding: gzip\r\n"), "too_large"),
    "many small gzips": (
        reply(gzipped(bytes(200_000)) * 30, headers="Content-Encoding: gzip\r\n"),
        "too_large",
    ),
    "gzip cut short": (reply(gzipped(b"hello" * 99)[:-9], headers="Content-Encoding: gzip\r\n"), "protocol"),
    "no gzip": (reply(b"hello", headers="Content-Encoding: gzip\r\n"), "protocol"),
    "unknown compression": (reply(b"hello", headers="Content-Encoding: br\r\n"), "protocol"),
    "no HTTP": (b"hello\r\n\r\n", "protocol"),
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_bad_bodies_are_refused(serve: Any, client: Any, name: str) -> None:
    answer, kind = BAD_BODIES[name]

    def talk(connection: socket.socket, _head: bytes) -> None:
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_WR)

    started = time.monotonic()
    found = kind_of(client(), serve(talk).url())
    assert found in ((kind, "reset") if name == "no HTTP" else (kind,))
    assert time.monotonic() - started < 4


def test_the_largest_body_is_still_taken(serve: Any, client: Any) -> None:
    server = serve(reply(gzipped(bytes(BODY_LIMIT)), headers="Content-Encoding: gzip\r\n"))
    assert len(client().send(Request("GET", server.url())).body) == BODY_LIMIT


def cut(connection: socket.socket, _head: bytes) -> None:
    connection.sendall(reply(b"half", length=8))
    connection.shutdown(socket.SHUT_RDWR)


def cut_chunks(connection: socket.socket, _head: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
    connection.shutdown(socket.SHUT_RDWR)


def hang_up(connection: socket.socket, _head: bytes) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def reset(connection: socket.socket, _head: bytes) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()


@pytest.mark.parametrize(
    ("talk", "kinds"),
    [(cut, ("protocol",)), (cut_chunks, ("protocol",)), (hang_up, ("reset",)), (reset, ("reset",))],
)
def test_broken_connections_are_told_apart(serve: Any, client: Any, talk: Talk, kinds: tuple[str, ...]) -> None:
    assert kind_of(client(), serve(talk).url()) in kinds


def silent(connection: socket.socket, _head: bytes) -> None:
    """Say nothing."""


def drip(connection: socket.socket, start: bytes) -> None:
    connection.sendall(start)
    stop = threading.Event()
    while not stop.wait(0.05):
        connection.sendall(b"x")


def slow_body(connection: socket.socket, _head: bytes) -> None:
    drip(connection, b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")


def slow_headers(connection: socket.socket, _head: bytes) -> None:
    drip(connection, b"HTTP/1.1 200 OK\r\nX-Slow: ")


@pytest.mark.parametrize("talk", [silent, slow_body, slow_headers])
def test_the_whole_question_has_one_deadline(serve: Any, client: Any, talk: Talk) -> None:
    started = time.monotonic()
    assert kind_of(client(timeout=0.6), serve(talk).url()) == "timeout"
    assert 0.4 < time.monotonic() - started < 2.5


def test_a_client_works_on_after_a_deadline(serve: Any, client: Any) -> None:
    slow, good = serve(silent), serve(reply(b"good"))
    http = client(timeout=0.5)
    assert kind_of(http, slow.url()) == "timeout"
    assert http.send(Request("GET", good.url())).body == b"good"


def test_nobody_listens(client: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert kind_of(client(), f"http://127.0.0.1:{port}/{CANARY}", key=CANARY) == "refused"


def test_a_name_without_address(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_arguments: Any, **_options: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert kind_of(client(), "https://exchange.example/") == "dns"


def test_plain_http_never_leaves_the_machine(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def elsewhere(host: str, port: int, *_arguments: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", elsewhere)
    assert kind_of(client(), "http://localhost:1/") == "protocol"


def test_plain_http_must_be_allowed(serve: Any, client: Any) -> None:
    server = serve(reply(b"x"))
    assert kind_of(client(allow_plain_loopback=False), server.url()) == "protocol"
    assert server.peers == []


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "file:///etc/passwd", "127.0.0.1"])
def test_only_http_is_spoken(client: Any, url: str) -> None:
    assert kind_of(client(), url) == "protocol"


def test_source_address_is_bound(serve: Any, client: Any) -> None:
    server = serve(reply(b"x"))
    client(source_address="127.0.0.9").send(Request("GET", server.url()))
    assert server.peers == ["127.0.0.9"]


@pytest.mark.parametrize(("family", "peer"), [("ipv4", "127.0.0.1"), ("ipv6", "::1")])
def test_the_family_is_chosen(serve: Any, client: Any, monkeypatch: pytest.MonkeyPatch, family: str, peer: str) -> None:
    server = serve(reply(b"x"), address=peer)
    both = [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", server.port, 0, 0)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port)),
    ]

    def resolve(_host: str, _port: int, wanted: int, *_arguments: Any) -> Any:
        return [one for one in both if wanted in (socket.AF_UNSPEC, one[0])]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    client(ip_family=family).send(Request("GET", server.url(host="localhost")))
    assert server.peers == [peer]


def test_a_family_that_hangs_does_not_take_the_time_of_the_other(
    serve: Any, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(reply(b"x"))
    full = socket.create_server(("127.0.0.1", 0), backlog=0)
    waiting = []
    for _turn in range(4):  # fill the queue: further connections get no answer
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(full.getsockname())
        waiting.append(one)

    def resolve(_host: str, _port: int, *_arguments: Any) -> Any:
        addresses = (full.getsockname(), ("127.0.0.1", server.port))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert client(timeout=2.0).send(Request("GET", server.url(host="localhost"))).body == b"x"
    for one in (*waiting, full):
        one.close()


def test_a_proxy_refuses_and_its_password_stays_inside(serve: Any, client: Any) -> None:
    proxy = serve(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
    http = client(proxy=f"http://user:{CANARY}@127.0.0.1:{proxy.port}")
    assert kind_of(http, "https://exchange.example/", key=CANARY) == "proxy"
    assert proxy.heads[0].startswith(b"CONNECT exchange.example:443 ")
    assert b"Proxy-Authorization: Basic " in proxy.heads[0]
    assert CANARY.encode() not in proxy.heads[0].split(b"\r\n\r\n")[0].split(b"Proxy-Authorization")[0]


@pytest.mark.parametrize("scheme", ["http", "socks5", "socks5h"])
def test_a_proxy_that_is_not_there(client: Any, scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    http = client(proxy=f"{scheme}://user:{CANARY}@127.0.0.1:{port}", timeout=3.0)
    assert kind_of(http, "https://192.0.2.1/") in ("proxy", "refused")


def test_a_plain_question_never_goes_through_a_proxy(serve: Any, client: Any) -> None:
    proxy = serve(reply(b"x"))
    assert kind_of(client(proxy=f"http://127.0.0.1:{proxy.port}"), "http://127.0.0.1:1/") == "protocol"
    assert proxy.peers == []


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"timeout": 0}, "timeout"),
        ({"timeout": 601}, "timeout"),
        ({"ip_family": "v4"}, "ip_family"),
        ({"source_address": "eth0"}, "source_address"),
        ({"source_address": "198.51.100.7"}, "source_address"),
        ({"source_address": "127.0.0.1", "ip_family": "ipv6"}, "source_address"),
        ({"proxy": f"ftp://u:{CANARY}@10.0.0.1:21"}, "proxy"),
        ({"proxy": f"u:{CANARY}@10.0.0.1"}, "proxy"),
        ({"proxy": f"http://u:{CANARY}@10.0.0.1"}, "proxy"),
        ({"proxy": f"http://u:{CANARY}@10.0.0.1:99999"}, "proxy"),
        ({"proxy": "http://10.0.0.1:1", "ip_family": "ipv4"}, "ip_family"),
        ({"ca_path": "/nowhere.pem"}, "ca_path"),
        ({"ca_path": __file__}, "ca_path"),
    ],
)
def test_options_that_cannot_be_used_are_named(options: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as refused:
        RequestsHttp(**options)
    assert refused.value.field == field
    assert CANARY not in str(refused.value)


def test_a_missing_library_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_http, "HAS_REQUESTS", False)
    with pytest.raises(MissingLibraryError, match="python3-requests"):
        RequestsHttp()
    monkeypatch.undo()
    monkeypatch.setattr(_transport, "HAS_SOCKS", False)
    with pytest.raises(MissingLibraryError, match="python3-socks"):
        RequestsHttp(proxy="socks5h://10.0.0.1:1080")


def test_tls_1_1_is_not_spoken_and_certificates_are_checked() -> None:
    context = _transport.tls_context(
        ca_path=None, default_ca=ssl.get_default_verify_paths().cafile or "", validate=False
    )
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert not context.keylog_filename
    strict = _transport.tls_context(ca_path=None, default_ca=str(DEFAULT_CA_BUNDLE_PATH), validate=True)
    assert strict.check_hostname
    assert strict.verify_mode == ssl.CERT_REQUIRED


@pytest.fixture
def certified(tmp_path: Path) -> Callable[[str], Path]:
    """Give a file with a certificate for an address, of its own authority, and the key of that."""

    def make(address: str) -> Path:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "server")])
        now = datetime.datetime.now(datetime.timezone.utc)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = tmp_path / "server.pem"
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
        return path

    return make


def tunnel_to(certificate: Path, answer: bytes) -> Talk:
    """Be a proxy, and the server behind it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def talk(connection: socket.socket, _head: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with context.wrap_socket(connection, server_side=True) as secure:
            if secure.recv(65536):
                secure.sendall(answer)

    return talk


# Sources of a host's own address are asked so: no name, a certificate for the address.
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_server_without_a_name_is_known_by_its_address(serve: Any, client: Any, certified: Any, address: str) -> None:
    certificate = certified(address)
    server = serve(reply(b"x"), address=address, certificate=certificate)
    url = f"https://{f'[{address}]' if ':' in address else address}:{server.port}/"
    http = client(ca_path=str(certificate))
    assert [http.send(Request("GET", url)).body for _turn in range(2)] == [b"x", b"x"]
    assert len(server.peers) == 1
    server.hang_up()
    assert http.send(Request("GET", url)).body == b"x"
    assert len(server.peers) == 2
    assert kind_of(client(), url) == "tls"
    assert client(validate_certs=False).send(Request("GET", url)).body == b"x"


def test_a_certificate_for_another_address_is_refused(serve: Any, client: Any, certified: Any) -> None:
    certificate = certified("127.0.0.2")
    server = serve(reply(b"x"), certificate=certificate)
    assert kind_of(client(ca_path=str(certificate)), f"https://127.0.0.1:{server.port}/") == "tls"
    assert server.heads == []


@pytest.mark.parametrize(("certificate_for", "accepted"), [("192.0.2.1", True), ("127.0.0.1", False)])
def test_a_server_without_a_name_is_known_behind_a_proxy_too(
    serve: Any, client: Any, certified: Any, certificate_for: str, accepted: bool
) -> None:
    certificate = certified(certificate_for)
    proxy = serve(tunnel_to(certificate, reply(b"x")))
    http = client(ca_path=str(certificate), proxy=f"http://127.0.0.1:{proxy.port}")
    if accepted:
        assert http.send(Request("GET", "https://192.0.2.1/")).body == b"x"
    else:
        assert kind_of(http, "https://192.0.2.1/") == "tls"
    assert proxy.heads[0].startswith(b"CONNECT 192.0.2.1:443 ")


def test_a_request_and_a_credential_show_no_secret() -> None:
    request = Request("GET", f"https://a.example/b?signature={CANARY}", headers={"KEY": CANARY}, body=CANARY.encode())
    assert repr(request) == "Request(GET https://a.example/b)"


@pytest.mark.parametrize(
    ("proxy", "kind"),
    [
        (None, "none"),
        (f"socks5h://u:{CANARY}@h:1", "socks5"),
        # urlsplit refuses these, and its error quotes user and password.
        (f"http://u:{CANARY}\u2100@h:1", "http"),
        (f"HTTPS://u:{CANARY}@[h:1", "http"),
    ],
)
def test_the_kind_of_a_proxy_is_told_without_its_text(proxy: str | None, kind: str) -> None:
    assert _http.proxy_kind(proxy) == kind
