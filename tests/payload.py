# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Ansible sends to a host for a module of this collection: the real thing, built by the installed ansible-core."""

from __future__ import annotations

import base64
import io
import json
import re
import subprocess
import sys
import zipfile
from functools import cache
from typing import NamedTuple

from ansible.executor.module_common import modify_module
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar

from tests.collection import CHECKOUT, collections_directory


class Payload(NamedTuple):
    """Bytes that travel (compressed, as Ansible does it by default), bytes of the files inside, and the files."""

    sent: int
    unpacked: int
    files: frozenset[str]


@cache
def payload(module: str) -> Payload:
    """Return what is sent for ``trading.hosts.<module>`` without its options.

    A process of its own builds it: what a test run has loaded and traced gets in Ansible's way.
    """
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.payload", module],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    sent, unpacked, files = json.loads(done.stdout)
    return Payload(sent=sent, unpacked=unpacked, files=frozenset(files))


def _build(module: str) -> tuple[int, int, list[str]]:
    init_plugin_loader([str(collections_directory())])
    built = modify_module(
        module_name=f"trading.hosts.{module}",
        module_path=str(collections_directory() / "ansible_collections/trading/hosts/plugins/modules" / f"{module}.py"),
        module_args={},
        templar=Templar(loader=DataLoader()),
        task_vars={"ansible_python_interpreter": "/usr/bin/python3"},
        module_compression="ZIP_DEFLATED",
    )
    inside = max(re.findall(rb"[\"']([A-Za-z0-9+/=\n]+)[\"']", built.b_module_data), key=len)
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(inside))) as archive:
        entries = archive.infolist()
    return len(built.b_module_data), sum(one.file_size for one in entries), [one.filename for one in entries]


if __name__ == "__main__":
    print(json.dumps(_build(sys.argv[1])))
