# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way of a secret from the controller to a host. Private: not an interface for other collections.

Every module with a ``no_log`` option has an action plugin that derives from :class:`SecretAction`; a test walks all
argument specifications. The base refuses before anything is sent when the secret would reach a disk, a log, a process
list, a recorder or the wrong machine. Refused are, each with its cause and mend: a connection that cannot pipe the
module, ``ANSIBLE_DEBUG``, secrets in the controller's own command line, an SSH identity that is not checked, and sudo
that records input.

Whether sudo records input is asked on the host, inside the one SSH session that then carries the module: Ansible sends
the module only after the privileged shell has printed its success mark, and the question stands before that mark. So
it costs no round trip, and needs no cache.
"""

from __future__ import annotations

import contextlib
import gc
import json
import re
import shlex
import subprocess
import sys
import typing as t

from ansible import constants, context
from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ..module_utils._errors import InputError, TradingHostsError

_SHORTEST_SEARCHED = 6

_SSH = ("ssh", "smart")
_LOCAL = "local"

#: Printed by the guard instead of Ansible's success mark.
_RECORDS = "TRADING-HOSTS-SUDO-RECORDS-INPUT"
_CANNOT_TELL = "TRADING-HOSTS-SUDO-CANNOT-TELL"

#: Reads ``sudo -l``: exit 0 nothing records, 10 something does, 11 this is not what sudo prints. A setting for one
#: command or
#: one run-as user counts, and so does a tag on a rule: better a refusal than a record. Within the general settings
#: the last counts.
_AWK = r"""
/^Matching Defaults/ { part = 1; known = 1; next }
/^Runas and Command/ { part = 2; next }
/may run the following/ { part = 3; known = 1; next }
/is not allowed to run/ { known = 1 }
{
  count = split($0, word, /[ \t,:]+/)
  for (i = 1; i <= count; i++) {
    if (word[i] ~ /^(log_input|log_stdin)$/) { if (part == 1) { on = 1 } else { bad = 1 } }
    if (part == 1 && word[i] ~ /^!(log_input|log_stdin)$/) { on = 0 }
    if (word[i] ~ /^LOG_INPUT$/) { bad = 1 }
  }
}
END { if (!known) { exit 11 } if (on || bad) { exit 10 } }
"""


class Transport(t.NamedTuple):
    """How the secret travels, for rule ``ssh-host-verified``. ``problem`` says why the host is not verified."""

    connection: str
    verified_host: bool
    problem: str | None

    def told(self) -> dict[str, t.Any]:
        """Return it as the judge takes it."""
        return {
            "connection": self.connection,
            "verified_host": self.verified_host,
            "verified_host_problem": self.problem,
        }


class SecretAction(ActionBase):
    """Runs a module on the host with its secrets on standard input only.

    A subclass names the module and its argument specification, and may check the parameters in :meth:`check`.
    """

    module_name: t.ClassVar[str]
    argument_spec: t.ClassVar[t.Mapping[str, t.Any]]

    _requires_connection = True
    _supports_async = False

    def check(self, args: t.Mapping[str, t.Any]) -> None:
        """Raise :class:`TradingHostsError` for parameters that the module would refuse, before anything is sent."""

    def finish(self, result: dict[str, t.Any], *, task_vars: t.Mapping[str, t.Any]) -> None:
        """Use the module's result on the controller (``facts_dir``); nothing by default."""

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        task_vars = task_vars or {}
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        try:
            result.update(self._run(task_vars))
            self.finish(result, task_vars=task_vars)
        except TradingHostsError as error:
            # A result rather than an exception, so that failed_when and ignore_errors see it.
            return {**result, "failed": True, "msg": str(error)}
        return result

    def _run(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        self.check(self._task.args)
        check_shape(spec=self.argument_spec, given=self._task.args)
        secrets = find_secrets(spec=self.argument_spec, given=self._task.args)
        if not secrets:  # for example only ``state: absent``: nothing to protect
            return self._execute(task_vars)
        transport = self._check_transport(secrets)
        sudo = self._become_asks_sudo()
        result = self._send(task_vars, guarded=sudo)
        result["transport"] = {
            **transport.told(),
            "pipelining": True,
            "become_method": self._connection.become.name if self._become_applies() else None,
            "sudo_records_input": False if sudo else None,
        }
        return result

    def _check_transport(self, secrets: t.Collection[str]) -> Transport:
        if constants.DEFAULT_DEBUG:
            raise TradingHostsError(
                "ANSIBLE_DEBUG is on, and Ansible would print the secrets; unset it and use -vvv instead."
            )
        if in_command_line(secrets=secrets, words=_command_line()):
            raise TradingHostsError(
                "A secret of this task stands on ansible's command line, where the process list and the shell's "
                "history show it; treat it as seen by others, and give it by a vaulted file (-e @file), a lookup or a "
                "prompt."
            )
        settings = self._settings()
        self._check_pipelining(settings)
        self._check_become()
        return self._check_verified(settings, risk="get the secret")

    def _settings(self) -> dict[str, str]:
        return _effective_ssh(self._connection) if _transport_of(self._connection) in _SSH else {}

    def _check_verified(self, settings: t.Mapping[str, str], *, risk: str) -> Transport:
        transport = self._check_identity(settings)
        if transport.problem and self._required("require_verified_host"):
            raise TradingHostsError(
                f"The identity of this host is not checked: {transport.problem}; whoever answers at its address would "
                f"{risk}; put the host's key into known_hosts (or use an SSH CA) and leave checking on "
                "(require_verified_host: false goes on anyway)."
            )
        return transport

    def _required(self, option: str) -> bool:
        value = self._task.args.get(option, True)
        # What is not plainly a no is a yes.
        return not (value is False or str(value).strip().lower() in ("no", "false", "off", "0", "n", "f"))

    def _check_pipelining(self, settings: t.Mapping[str, str]) -> None:
        try:
            self._connection.set_option("pipelining", True)
            enabled = self._is_pipelining_enabled("new", False)
        except (AnsibleError, KeyError):  # the plugin has no such option
            enabled = False
        # Ansible does not see a terminal that ssh's own configuration asks for, and a terminal echoes what it is sent.
        if not enabled or settings.get("requesttty", "auto").lower() in ("yes", "true", "force"):
            raise TradingHostsError(self._why_not_pipelining())

    def _why_not_pipelining(self) -> str:
        refused = "so the secret would be written to a file on the host; nothing was sent"
        become = self._connection.become
        if constants.DEFAULT_KEEP_REMOTE_FILES:
            return f"ANSIBLE_KEEP_REMOTE_FILES is on, {refused}; unset it (keep_remote_files in ansible.cfg)."
        if become is not None and not become.pipelining:
            return (
                f"The become method {become.name} needs a terminal, {refused}; use become_method: sudo, or connect as "
                "root."
            )
        if _transport_of(self._connection) in _SSH:
            return (
                f"The SSH options ask for a terminal (-t, -tt or RequestTTY), {refused}; remove that from "
                "Ansible's SSH arguments and from ssh's configuration."
            )
        return (
            f"The connection {_transport_of(self._connection)} cannot pipe a module to the host, {refused}; use the "
            "connection ssh."
        )

    def _become_applies(self) -> bool:
        become = self._connection.become
        if become is None:
            return False
        target = self.get_become_option("become_user")
        user = self._get_remote_user()
        # The condition of ActionBase._low_level_execute_command.
        return bool(constants.BECOME_ALLOW_SAME_USER or target != user or not (target or user))

    def _become_asks_sudo(self) -> bool:
        return self._become_applies() and self._connection.become.name == "sudo"

    def _check_become(self) -> None:
        if self._become_applies() and not self._become_asks_sudo():
            raise TradingHostsError(
                f"The become method {self._connection.become.name} cannot be asked whether it records what it is "
                "sent; nothing was sent; "
                "use become_method: sudo, or connect as root."
            )
        kind = _transport_of(self._connection)
        if self._become_asks_sudo() and kind not in (*_SSH, _LOCAL):
            # The others send the module at once, where ssh and local wait for the success mark.
            raise TradingHostsError(
                f"The connection {kind} sends the secret before sudo can be asked whether it records what it is sent; "
                "nothing was sent; connect as root, without become, or use the connection ssh."
            )

    def _check_identity(self, settings: t.Mapping[str, str]) -> Transport:
        kind = _transport_of(self._connection)
        if kind == _LOCAL:
            return Transport(kind, verified_host=True, problem=None)
        if kind not in _SSH:
            problem: str | None = f"the connection {kind} has no host identity that could be checked"
        else:
            problem = identity_problem(settings=settings)
        return Transport(kind, verified_host=problem is None, problem=problem)

    def _send(self, task_vars: dict[str, t.Any], *, guarded: bool) -> dict[str, t.Any]:
        if not guarded:
            return self._execute(task_vars)
        with _guarded(self._connection.become):
            try:
                result = self._execute(task_vars)
            except AnsibleError as error:
                # A connection may turn the missing success mark into an error of its own.
                if refusal := _guard_refusal(str(error)):
                    raise TradingHostsError(refusal) from None
                raise
        if result.get("failed"):
            said = " ".join(str(result.get(part, "")) for part in ("module_stdout", "module_stderr", "msg"))
            if refusal := _guard_refusal(said):
                raise TradingHostsError(refusal)
        return result

    def _execute(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        return self._ask_module(self._task.args, task_vars)

    def _ask_module(self, args: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        # Ansible's own entry in the host's journal shows nested options escaped, where hiding by value fails. The
        # module cannot turn it off: what the controller says here counts.
        quiet = {**task_vars, "ansible_no_target_syslog": True}
        with _collector_off():
            result: dict[str, t.Any] = self._execute_module(
                module_name=self.module_name, module_args=args, task_vars=quiet
            )
        return result


@contextlib.contextmanager
def _collector_off() -> t.Iterator[None]:
    """Hold back Python's garbage collector while Ansible parses everything that it sends.

    The collector would walk the whole of ansible-core, which the worker has inherited, again and again: that takes
    longer than the parsing (measured by tests/bench).
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def check_shape(*, spec: t.Mapping[str, t.Any], given: t.Mapping[str, t.Any], where: str = "") -> None:
    """Refuse what would carry a secret past ``no_log``: an unknown option, and text where a mapping belongs.

    Ansible shows the value of an option that it does not know, and takes ``api_key=... secret=...`` in place of a
    mapping, in which :func:`find_secrets` would find nothing. Raises :class:`InputError`.
    """
    for name, value in given.items():
        if name not in spec:
            # A name may be a misplaced secret too: only what looks like an option is shown.
            shown = name if isinstance(name, str) and re.fullmatch(r"[a-z_]{1,30}", name) else None
            raise InputError(
                field=where or "This task", value=shown, problem="is no option here", mend=f"use {', '.join(spec)}"
            )
        option = spec[name]
        if "options" not in option or value is None:
            continue
        field = f"{where}.{name}" if where else name
        if option["type"] == "list":
            if not isinstance(value, list):
                raise InputError(field=field, problem="is not a list", mend="write a list of mappings")
            entries = [(f"{field}[{index}]", entry) for index, entry in enumerate(value)]
        else:
            entries = [(field, value)]
        for place, entry in entries:
            if not isinstance(entry, dict):
                raise InputError(field=place, problem="is not a mapping", mend=f"use {', '.join(option['options'])}")
            check_shape(spec=option["options"], given=entry, where=place)


def find_secrets(*, spec: t.Mapping[str, t.Any], given: t.Mapping[str, t.Any]) -> set[str]:
    """Return every value under a ``no_log`` option as text."""
    found: set[str] = set()
    for name, option in spec.items():
        value = given.get(name)
        if value is None:
            continue
        if option.get("no_log"):
            found |= set(_strings(value))
        elif "options" in option:
            for entry in value if isinstance(value, list) else [value]:
                if isinstance(entry, dict):
                    found |= find_secrets(spec=option["options"], given=entry)
    return found - {""}


def _strings(value: t.Any) -> t.Iterator[str]:
    if isinstance(value, dict):
        for entry in value.values():
            yield from _strings(entry)
    elif isinstance(value, (list, tuple)):
        for entry in value:
            yield from _strings(entry)
    elif isinstance(value, str):
        yield value
    elif not isinstance(value, bool) and value is not None:
        yield str(value)


def in_command_line(*, secrets: t.Collection[str], words: t.Sequence[str]) -> bool:
    """Whether a secret stands in one of the words, as it is or as JSON or a shell writes it.

    Very short ones are not searched for: every command line holds them.
    """
    return any(
        form in word
        for secret in secrets
        if len(secret) >= _SHORTEST_SEARCHED
        for form in (
            secret,
            json.dumps(secret)[1:-1],
            json.dumps(secret, ensure_ascii=False)[1:-1],
            shlex.quote(secret),
        )
        for word in words
    )


def _command_line() -> list[str]:
    """The controller's own arguments, files read by ``-e @file`` not included."""
    inline = [str(value) for value in context.CLIARGS.get("extra_vars", ()) or () if not str(value).startswith("@")]
    return [*sys.argv, *inline]


def _transport_of(connection: t.Any) -> str:
    return str(connection.transport)


def _effective_ssh(connection: t.Any) -> dict[str, str]:
    """Ask ssh itself what it would do (``ssh -G``), its configuration files included. Empty if it cannot tell."""
    words = [connection.get_option("ssh_executable"), "-G"]
    words += shlex.split(connection.get_option("ssh_args") or "")
    if connection.get_option("host_key_checking") is False:
        words += ["-o", "StrictHostKeyChecking=no"]
    for option, name in (("port", "Port"), ("remote_user", "User")):
        if (value := connection.get_option(option)) is not None:
            words += ["-o", f"{name}={value}"]
    for option in ("ssh_common_args", "ssh_extra_args"):
        words += shlex.split(connection.get_option(option) or "")
    words += ["--", str(connection.get_option("host"))]
    try:
        done = subprocess.run(
            words, capture_output=True, stdin=subprocess.DEVNULL, text=True, errors="replace", timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return {}
    if done.returncode != 0:
        return {}
    pairs = (line.partition(" ") for line in done.stdout.splitlines())
    return {key.lower(): value.strip() for key, _blank, value in pairs}


def identity_problem(*, settings: t.Mapping[str, str]) -> str | None:
    """Return why ssh with these settings (``ssh -G``'s) does not check who it talks to, or None if it does."""
    strict = settings.get("stricthostkeychecking", "").lower()
    if not strict:
        return "ssh -G did not tell whether host keys are checked"
    if strict not in ("true", "yes", "ask"):
        shown = "no" if strict == "false" else strict
        return (
            f"StrictHostKeyChecking is {shown} (host_key_checking in ansible.cfg, an ssh_args option or ssh's own "
            "configuration)"
        )
    files = settings.get("userknownhostsfile", "").split()
    if files and all(name in ("/dev/null", "none") for name in files):
        return f"UserKnownHostsFile is {files[0]}"
    if settings.get("nohostauthenticationforlocalhost", "no").lower() in ("yes", "true") and _is_loopback(
        settings.get("hostname", "")
    ):
        return "NoHostAuthenticationForLocalhost is on"
    return None


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def guard_command(*, sudo: str, as_root: bool) -> str:
    """Return shell text that ends the privileged shell unless sudo is known not to record input.

    As root it asks for the rules of the user that called sudo, which needs no password. It reads nothing from
    standard input.
    """
    whom = '-U "$SUDO_USER"' if as_root else ""
    return (
        f"LC_ALL=C {sudo} -n -l {whom} </dev/null 2>/dev/null | awk {shlex.quote(_AWK)}; "
        f"case $? in 0) ;; 10) echo {_RECORDS} >&2; exit 97 ;; *) echo {_CANNOT_TELL} >&2; exit 97 ;; esac; "
    )


@contextlib.contextmanager
def _guarded(become: t.Any) -> t.Iterator[None]:
    """Let a shell on the host run the guard before Ansible's success mark is printed, and so before anything is sent.

    For root that shell is the one that sudo starts. Another user may not ask for the caller's rules, so for that one
    it is the caller's own shell, which needs that sudo asks for no password.
    """
    sudo = shlex.quote(shlex.split(become.get_option("become_exe") or "sudo")[0])
    if become.get_option("become_user") in (None, "", "root"):
        method, guard = "_build_success_command", guard_command(sudo=sudo, as_root=True)
    else:
        method, guard = "build_become_command", guard_command(sudo=sudo, as_root=False)
    build = getattr(become, method)

    def build_with_guard(*given: t.Any, **named: t.Any) -> str:
        return f"/bin/sh -c {shlex.quote(guard + build(*given, **named))}"

    setattr(become, method, build_with_guard)
    try:
        yield
    finally:
        delattr(become, method)


def _guard_refusal(said: str) -> str | None:
    if _RECORDS in said:
        return (
            "sudo on this host records what it is sent (log_input), so the secret would be stored in its log in "
            "clear; nothing was sent; put 'Defaults:<the connecting user> !log_input' into sudoers, or connect as root."
        )
    if _CANNOT_TELL in said:
        return (
            "sudo on this host does not tell (sudo -l) whether it records what it is sent; nothing was sent; "
            "become root, or connect without become."
        )
    return None
