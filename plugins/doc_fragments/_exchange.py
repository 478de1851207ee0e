# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module that asks the world from a host shares. Private: it can change at any time."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  proxy:
    description:
      - Ask through this proxy, such as C(http://user:password@10.0.0.1:3128) or C(socks5h://10.0.0.1:1080). It is
        treated as a secret.
      - The address that is seen is then the proxy's. The environment's proxy settings are never used.
    type: str
  source_address:
    description:
      - Ask from this address of the host.
    type: str
  ca_path:
    description:
      - File on the host with the certificates of the authorities to trust, instead of the system's.
      - Whoever holds one of these authorities can then answer in the place of those who are asked.
    type: path
  timeout:
    description:
      - Seconds that one question may take, from the first packet to the last byte. More than 0.
    type: float
    default: 10.0
  facts_dir:
    description:
      - Directory on the controller to write what was learned to, one file for each host, for
        M(trading.hosts.api_key_policy) to read. The files hold no secret.
    type: path
"""
