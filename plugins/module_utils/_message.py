# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said between this collection and others over HTTP: a request, its answer, and what carries them. Private.

Apart from the one HTTP driver (``_http.py``), which needs libraries that take longer to load than all exchanges do.
"""

from __future__ import annotations

import dataclasses
import typing as t

#: Seconds that one question may take where nobody says otherwise.
TIMEOUT = 10.0


@dataclasses.dataclass(frozen=True)
class Request:
    """One request. ``url`` is complete and holds no secret; ``headers`` may. Its ``repr`` shows method and URL only."""

    method: str
    url: str
    headers: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    body: bytes = b""

    def __repr__(self) -> str:
        return f"Request({self.method} {self.url.split('?')[0]})"


@dataclasses.dataclass(frozen=True)
class Answer:
    """One answer: ``body`` is decompressed and whole; ``headers`` have lower-case names."""

    status: int
    headers: t.Mapping[str, str]
    body: bytes
    host: str

    def text(self) -> str:
        """Return the body as UTF-8; raises ``UnicodeDecodeError`` (a ``ValueError``) where it is not."""
        return self.body.decode("utf-8")


class Http(t.Protocol):
    """What puts a request. Raises ``HttpError`` where no whole answer came."""

    def send(self, request: Request) -> Answer: ...
