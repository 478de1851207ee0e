# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Takes the content of one credential for another, on the host. Private: no interface for other collections.

A credential's name is part of what is encrypted, so a renamed file does not open. The content is decrypted in memory
and placed under the other name like any other: nobody has to send it again.
"""

from __future__ import annotations

import dataclasses
import os
import typing as t

from .._errors import StoreError
from ._place import read_file
from ._request import Request
from ._systemd import SystemdStore


def with_copies(requests: t.Sequence[Request], *, directory: str, store: SystemdStore) -> list[Request]:
    """Return the requests, with their content where they take it from another credential of the directory.

    Raises :class:`StoreError` where that one is not there or does not decrypt.
    """
    return [
        request if request.copy_from is None else _with_content(request, directory=directory, store=store)
        for request in requests
    ]


def _with_content(request: Request, *, directory: str, store: SystemdStore) -> Request:
    source = str(request.copy_from)
    path = os.path.join(directory, source)
    read = read_file(path=path)
    if read is None:
        raise StoreError(
            f"{request.name} cannot be copied from {source}, which is not in {directory} on this host; name a "
            "credential that is there."
        )
    content = store.decrypt(name=source, path=path, encrypted=read[0])
    return dataclasses.replace(request, content=content)
