# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module with a secret option shares. Private: it can change at any time."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  require_verified_host:
    description:
      - Refuse to hand a secret to a host whose SSH identity is not checked.
      - Not checked means that host key checking is off, that new host keys are taken without asking, or that known
        hosts are
        thrown away; in C(ansible.cfg), in any SSH option of Ansible or in SSH's own configuration, which is asked
        with C(ssh -G).
      - V(false) goes on anyway and is reported in RV(transport.verified_host). Whoever answers at the host's address
        then gets
        the secret.
    type: bool
    default: true
notes:
  - The secrets travel on standard input only. The task turns pipelining on for itself, whatever the configuration
    says, and
    fails before anything is sent where that is not possible. That is the case with the become methods C(su), C(doas)
    and
    C(machinectl), with a forced terminal (C(-tt) or C(RequestTTY)), with E(ANSIBLE_KEEP_REMOTE_FILES), and with
    connections that
    cannot pipe a module.
  - It also fails before anything is sent under E(ANSIBLE_DEBUG), when a secret stands on ansible's own command line,
    and when
    C(sudo) on the host records what it is sent (C(log_input)). That is asked within the same SSH session.
  - Keep the secrets in a vaulted file, or get them by a lookup. ansible-core itself can print a secret that is
    written in clear in a
    play, in the excerpt that it shows with an error.
"""
