# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filter ``trading.hosts.restart_bar`` does."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError

from ...module_utils._clock import utc_now
from ...module_utils._errors import TradingHostsError
from .. import _restart_times


def restart_bar(freeze: t.Any, windows: t.Any = ()) -> str:
    try:
        return _restart_times.restart_bar(freeze, windows=windows, at=utc_now())
    except TradingHostsError as error:
        raise AnsibleFilterError(str(error)) from None
