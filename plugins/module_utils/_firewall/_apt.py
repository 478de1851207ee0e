# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which servers apt asks for packages. Private: not an interface for other collections."""

from __future__ import annotations

import contextlib
import glob
import re
import typing as t
from urllib.parse import SplitResult, urlsplit

from .._credential._run import ProgramMissingError, run
from ._system import read_text

_SOURCES = "/etc/apt/sources.list"
#: As apt has them where a URL names none.
_PORTS = {"http": 80, "https": 443, "mirror": 80, "mirror+http": 80, "mirror+https": 443, "socks5h": 1080}
#: Names a file with a mirror on each line, as Debian's images for clouds do.
_LIST_FILE = "mirror+file"
#: ``deb [options] uri suite ...`` of one line, and ``URIs:`` of deb822.
_ONE_LINE = re.compile(r"^\s*deb(?:-src)?\s+(?:\[[^\]]*\]\s+)?(\S+)", re.MULTILINE)
_LISTED = re.compile(r"^(https?://\S+)", re.MULTILINE)
#: As ``apt-config dump`` has it, for all hosts or for the one behind the name.
_PROXY = re.compile(r'^Acquire::https?::Proxy(?:::[^\s"]+)? "([^\s"]+)"', re.MULTILINE | re.IGNORECASE)
_DEB822 = re.compile(r"^URIs:((?:[ \t]*\S+)+(?:\n[ \t]+\S.*)*)", re.MULTILINE | re.IGNORECASE)


def apt_says() -> list[str]:
    """Return the texts of this host's apt sources, of the lists that these name, and of its whole configuration."""
    sources = [path for kind in ("", ".d/*.list", ".d/*.sources") for path in sorted(glob.glob(f"{_SOURCES}{kind}"))]
    texts = [read_text(path) or "" for path in sources]
    texts += [read_text(path) or "" for path in mirror_lists(texts)]
    try:
        configured = run(argv=["apt-config", "dump"])
    except ProgramMissingError:  # another family's host
        return texts
    return [*texts, configured.stdout.decode(errors="replace")]


def mirror_lists(texts: t.Iterable[str]) -> list[str]:
    """Return the files with lists of mirrors that apt sources name, each once."""
    found = [parts.path for text in texts for parts in _uris(text) if parts.scheme == _LIST_FILE]
    return list(dict.fromkeys(found))


def apt_mirrors(texts: t.Iterable[str]) -> list[str]:
    """Return the servers that apt's sources, lists and configuration name, with their ports, each once."""
    found = []
    for text in texts:
        for parts in _uris(text):
            try:
                port = parts.port or _PORTS.get(parts.scheme)
            except ValueError:
                continue
            if parts.hostname and port and parts.scheme in _PORTS:
                found.append(f"[{parts.hostname}]:{port}" if ":" in parts.hostname else f"{parts.hostname}:{port}")
    return list(dict.fromkeys(found))


def _uris(text: str) -> t.Iterator[SplitResult]:
    bare = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
    found = [*_ONE_LINE.findall(bare), *_LISTED.findall(bare), *_PROXY.findall(bare)]
    for uri in [*found, *(uri for block in _DEB822.findall(bare) for uri in block.split())]:
        with contextlib.suppress(ValueError):
            yield urlsplit(uri)
