# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running a program without leaking what it is fed. Private: not an interface for other collections."""

from __future__ import annotations

import dataclasses
import subprocess
import typing as t

from .._errors import StoreError

#: Nothing of the caller's environment reaches the program: ``SYSTEMD_CREDENTIAL_SECRET`` there would name another
#: host key
#: than the one that the guard looked at, and ``SYSTEMD_LOG_LEVEL=debug`` would tell more than wanted.
CLEAN_ENVIRONMENT: t.Mapping[str, str] = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C",
    "SYSTEMD_COLORS": "0",
}
TIMEOUT = 120.0  # seconds; a TPM can take its time


@dataclasses.dataclass(frozen=True)
class Completed:
    """What a program did. ``stdout`` may be a secret: the ``repr`` shows neither stream."""

    rc: int
    stdout: bytes = dataclasses.field(repr=False)
    stderr: bytes = dataclasses.field(repr=False)


class Runner(t.Protocol):
    """Runs ``argv`` with ``stdin`` and waits for its end. Raises :class:`StoreError` if it cannot be run."""

    def __call__(self, *, argv: t.Sequence[str], stdin: bytes = b"") -> Completed: ...


class ProgramMissingError(StoreError):
    """The program is not installed."""


def run(*, argv: t.Sequence[str], stdin: bytes = b"", environment: t.Mapping[str, str] | None = None) -> Completed:
    """Run a program; secrets go in by ``stdin`` and come out by ``stdout``, never by ``argv`` or the environment."""
    if environment is None:
        environment = CLEAN_ENVIRONMENT
    try:
        with _Program(argv, environment) as program:
            try:
                stdout, stderr = program.communicate(stdin, timeout=TIMEOUT)
            except BaseException:
                program.kill()
                raise
    except FileNotFoundError:
        raise ProgramMissingError(f"{argv[0]} is not installed on this host.") from None
    except OSError as error:
        raise StoreError(f"{argv[0]} cannot be run: {error.strerror or type(error).__name__}.") from None
    except subprocess.TimeoutExpired:
        # The original exception holds the program's output.
        raise StoreError(f"{argv[0]} did not end within {TIMEOUT:.0f} seconds.") from None
    return Completed(rc=program.returncode, stdout=stdout, stderr=stderr)


class _Program(subprocess.Popen[bytes]):
    """A program with pipes at all three ends.

    Not AnsibleModule's ``run_command``: the shared packages also run without Ansible, on the host by itself.
    """

    def __init__(self, argv: t.Sequence[str], environment: t.Mapping[str, str]) -> None:
        pipe = subprocess.PIPE
        super().__init__(argv, stdin=pipe, stdout=pipe, stderr=pipe, env=dict(environment), cwd="/")
