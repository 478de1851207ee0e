# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The forms of keys, as the scanner and the leak rules have them, are those of the exchanges' own files."""

from __future__ import annotations

from tests.generated import key_forms


def test_what_is_generated_is_current() -> None:
    for file, text in key_forms.files():
        assert file.read_text(encoding="utf-8") == text, f"{file.name}: run make generated"
