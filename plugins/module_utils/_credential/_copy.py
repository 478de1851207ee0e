# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Takes the content of one credential for another, on the host. Private: no interface for other collections.

A credential's name is part of what is encrypted, so a renamed file does not open. The content is decrypted in memory
and placed under the other name like any other: nobody has to send it again.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import StoreError
from ._held import forms_of
from ._place import Placer
from ._request import Request


def with_copies(requests: t.Sequence[Request], *, placer: Placer) -> list[Request]:
    """Return the requests, with their content where they take it from another credential of the directory.

    Raises :class:`StoreError` where that one is not there, does not decrypt or is in another format.
    """
    return [request if request.copy_from is None else _with_content(request, placer=placer) for request in requests]


def _with_content(request: Request, *, placer: Placer) -> Request:
    content = placer.content(str(request.copy_from))
    if content is None:
        raise StoreError(
            f"{request.name} cannot be copied from {request.copy_from}, which is not in {placer.directory} on this "
            "host; name a credential that is there."
        )
    if request.around is not None:
        if not content.lstrip().startswith(b"-----BEGIN "):
            raise StoreError(
                f"{request.name} cannot be made with {request.copy_from}, which holds no private key; name a "
                "credential that the module key_pair made."
            )
        content = request.around(content.decode("utf-8", "replace"))
    if request.form is not None and request.form not in forms_of(content=content):
        raise StoreError(
            f"{request.name} cannot be copied from {request.copy_from}, which is not in the format {request.form}, so "
            "what reads it would find no key; give its values again in that format, or use the format that it has."
        )
    return dataclasses.replace(request, content=content)
