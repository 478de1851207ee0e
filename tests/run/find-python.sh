#!/bin/sh
# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Usage: find-python.sh VERSION...
# Prints the path of the first of these Python versions (such as 3.13) that really runs here and can make a
# virtual environment; fails when there is none. A name on PATH proves nothing: pyenv's shims exist for every
# version and most of them refuse to run, and Debian packages Python without ensurepip.
set -u

for version; do
    for candidate in \
        "$(command -v "python$version")" \
        "/usr/bin/python$version" \
        "/usr/local/bin/python$version" \
        "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/python \
        "$HOME/.local/share/uv/python/cpython-$version".*/bin/"python$version"; do
        [ -x "$candidate" ] || continue
        # A shim answers with the interpreter behind it.
        "$candidate" -c "
import ensurepip, ssl, sys, venv
if '%d.%d' % sys.version_info[:2] != '$version' or sys.version_info.releaselevel != 'final':
    sys.exit(1)
print(sys.executable)
" 2>/dev/null || continue
        exit 0
    done
done
exit 1
