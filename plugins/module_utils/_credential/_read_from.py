# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a credential holds already that takes its keys from programs' own files. Private: no interface for others."""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import StoreError
from ._files import NULL_KEY
from ._held import loses_keys
from ._place import Placer
from ._reader import read_file
from ._request import Request


def with_held(requests: t.Sequence[Request], *, placer: Placer) -> list[Request]:
    """Return the requests, and where a credential holds all of a file's keys already, with what it holds.

    So a file that others of its keys have left does not count as one that takes them back.
    """
    return [_with_held(request, placer=placer) if request.grows else request for request in requests]


def _with_held(request: Request, *, placer: Placer) -> Request:
    path = placer.path(request.name)
    read = read_file(path=path)
    if read is None or placer.store.key_type(encrypted=read[0]) == NULL_KEY:
        return request
    try:
        held = placer.store.decrypt(name=request.name, path=path, encrypted=read[0])
    except StoreError:
        return request  # what does not open, the placer says
    return request if loses_keys(old=request.content or b"", new=held) else dataclasses.replace(request, content=held)
