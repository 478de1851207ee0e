#!/bin/sh
# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Usage: make-venv.sh DIRECTORY PYTHON REQUIREMENT...
# Makes a virtual environment of PYTHON in DIRECTORY with the requirements (names with versions, or paths of
# requirement files), unless it is there already. Several may ask at once: one makes it, the others wait.
set -eu

directory=$1 python=$2
shift 2
mkdir -p "$(dirname "$directory")"
exec 9>"$directory.lock"
flock 9

# What the environment was made of, so that a change of any of it makes a new one.
made_of=$(
    "$python" --version
    echo "$@"
    for requirement; do [ ! -f "$requirement" ] || cat "$requirement"; done
)
stamp=$directory/made-of.txt
[ "$(cat "$stamp" 2>/dev/null)" = "$made_of" ] && [ -x "$directory/bin/python" ] && exit 0

echo "Making $directory with $("$python" --version) and: $*"
"$python" -m venv --clear "$directory"
for requirement; do
    shift
    [ ! -f "$requirement" ] || set -- "$@" -r
    set -- "$@" "$requirement"
done
"$directory/bin/python" -m pip install -qq --disable-pip-version-check "$@"
echo "$made_of" >"$stamp"
