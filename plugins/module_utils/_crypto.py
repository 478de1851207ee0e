# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The library ``cryptography``, imported when the first private key is read or made. Private to this collection.

Only private keys need it, and it is large. The calls are those of its release 3.3 (Debian 11) and later.
"""

from __future__ import annotations

import functools
import types
import typing as t

from ._errors import MissingLibraryError


@functools.lru_cache(maxsize=1)
def crypto() -> t.Any:
    """Return what is needed of ``cryptography``; raises ``MissingLibraryError``."""
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
    except ImportError:
        raise MissingLibraryError(library="cryptography", package="python3-cryptography") from None
    return types.SimpleNamespace(
        UnsupportedAlgorithm=UnsupportedAlgorithm,
        ec=ec,
        ed25519=ed25519,
        padding=padding,
        rsa=rsa,
        serialization=serialization,
        sha256=hashes.SHA256,
        utils=utils,
    )
