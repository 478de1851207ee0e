# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Ansible sends to a host for a module of this collection: the real thing, built by the installed ansible-core."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from functools import cache
from typing import NamedTuple

from ansible.executor.module_common import modify_module
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar
from ansible.utils.collection_loader import AnsibleCollectionConfig

from tests.collection import collections_directory


class Payload(NamedTuple):
    """Bytes that travel (compressed, as Ansible does it by default), bytes of the files inside, and the files."""

    sent: int
    unpacked: int
    files: frozenset[str]


@cache
def payload(module: str) -> Payload:
    """Return what is sent for ``trading.hosts.<module>`` without its options."""
    if AnsibleCollectionConfig.collection_finder is None:
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
    return Payload(
        sent=len(built.b_module_data),
        unpacked=sum(entry.file_size for entry in entries),
        files=frozenset(entry.filename for entry in entries),
    )
