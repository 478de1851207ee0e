# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of the checkout is written by a program: ``python -m tests.generated`` writes it anew, in place."""

from __future__ import annotations

from tests.collection import CHECKOUT, make_importable

make_importable()

from tests.generated import (
    ccxt_endpoints,
    ccxt_needs,
    exchange_proofs,
    exchanges_guide,
    host_programs,
    key_forms,
    leak_rules,
    registry_schema,
    report_schemas,
)

if __name__ == "__main__":
    generators = (
        ccxt_endpoints,
        ccxt_needs,
        exchange_proofs,
        exchanges_guide,
        host_programs,
        key_forms,
        leak_rules,
        registry_schema,
        report_schemas,
    )
    for file, text in (each for generator in generators for each in generator.files()):
        if file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
            print(f"{file.relative_to(CHECKOUT)}: written anew")
