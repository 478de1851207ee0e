# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands in for hummingbot's encryption (hummingbot/client/config/config_crypt.py): its names, and no cryptography."""

from __future__ import annotations

import hashlib

PASSWORD_VERIFICATION_WORD = "HummingBot"


class ETHKeyFileSecretManger:
    def __init__(self, password: str) -> None:
        self._password = password

    def encrypt_secret_value(self, name: str, value: str) -> str:
        return self._mixed(name, value.encode()).hex()

    def decrypt(self, name: str, text: str) -> str:
        return self._mixed(name, bytes.fromhex(text)).decode()

    def _mixed(self, name: str, value: bytes) -> bytes:
        stream = hashlib.shake_256(f"{self._password}{name}".encode()).digest(len(value))
        return bytes(left ^ right for left, right in zip(value, stream, strict=True))
