# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evidence for auditors: one report with who judged what, when and by which policy. Private to this collection.

Each bundle holds the digest of the one before it, so that none can be taken away or changed unseen. It can be signed
with an SSH key; ``ssh-keygen -Y verify`` checks that, and ``sha256sum`` the chain.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import typing as t
from pathlib import Path

from ...module_utils._errors import InputError, TradingHostsError
from ._schema import INSTANT, NAME, REPORT, Document, Schema, fits, object_of, or_null, safe

KIND = "trading.hosts evidence"
#: What ``ssh-keygen -Y verify -n`` must be given: a signature for another purpose does not hold here.
NAMESPACE = "evidence@trading.hosts"
_DIGEST = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
_TEXT = {"type": "string", "maxLength": NAME}

EVIDENCE: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Evidence of trading.hosts",
    **object_of(
        "What trading.hosts.report writes as format evidence",
        kind={"type": "string", "const": KIND},
        schema={"type": "integer", "const": 1},
        operator={**_TEXT, "minLength": 1, "description": "who had it judged, as that person says"},
        started_at={**INSTANT, "description": "when the run began to learn"},
        judged_at=INSTANT,
        ended_at={**INSTANT, "description": "when this was written"},
        policy_digest=_DIGEST,
        versions=object_of("What judged", collection=_TEXT, ansible_core=_TEXT, python=_TEXT),
        coverage={
            **or_null(REPORT["properties"]["fleet"]["properties"]["coverage"]),
            "description": "how much of the inventory was seen; null where the report is not about a whole inventory",
        },
        previous=or_null(
            object_of("The bundle before this one", digest={**_DIGEST, "description": "of that file"}, ended_at=INSTANT)
        ),
        report={key: value for key, value in REPORT.items() if not key.startswith("$")},
    ),
}


class Previous(t.NamedTuple):
    """The bundle before this one: the digest of its file, and when it was written."""

    digest: str
    ended_at: str


class Frame(t.NamedTuple):
    """What a bundle says beside the report. Instants are ISO 8601 in UTC."""

    operator: str
    started_at: str
    ended_at: str
    versions: t.Mapping[str, str]
    previous: Previous | None


def operator_of(text: str | None) -> str:
    """Return a person's name as one safe line; of what shows nothing, nothing is left."""
    return safe(text or "", NAME).strip()


def write(document: Document, *, frame: Frame) -> str:
    """Return the bundle. JSON's own escapes are its door, as for the report."""
    bundle = {
        "kind": KIND,
        "schema": 1,
        "operator": frame.operator,
        "started_at": frame.started_at,
        "judged_at": document["judged_at"],
        "ended_at": frame.ended_at,
        "policy_digest": document["policy_digest"],
        "versions": {**frame.versions, "collection": document["collection_version"]},
        "coverage": document["fleet"]["coverage"] if "fleet" in document else None,
        "previous": frame.previous._asdict() if frame.previous is not None else None,
        "report": document,
    }
    return json.dumps(bundle, ensure_ascii=True, allow_nan=False, indent=1) + "\n"


def digest(content: bytes) -> str:
    """Return a file's digest as bundles name it; ``sha256sum`` prints the same digits."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def read_previous(path: str, *, until: str) -> Previous:
    """Read the bundle before, which ended no later than ``until``; raises ``InputError`` for a file that is none."""
    mend = "give the last bundle, or leave the option out for the first one"
    try:
        file = Path(path).expanduser()
        content = file.read_bytes() if file.is_file() or not file.exists() else b""
        bundle = json.loads(content)
    except OSError as error:
        problem = f"cannot be read ({os.strerror(error.errno or 0)})"
        raise InputError(field="previous_evidence", value=path, problem=problem, mend=mend) from None
    except (ValueError, RecursionError):
        bundle = None
    if not fits(bundle, EVIDENCE):
        raise InputError(field="previous_evidence", value=path, problem="is no whole bundle of evidence", mend=mend)
    ended = str(bundle["ended_at"])
    if ended > until:
        problem = f"ended at {ended}, which is after this one ends ({until})"
        raise InputError(field="previous_evidence", value=path, problem=problem, mend=f"{mend}, and check the clock")
    return Previous(digest(content), ended)


def sign(content: bytes, *, key: str) -> bytes:
    """Return the signature of ``content`` by an SSH key: a private key's file, or a public one's of the agent.

    Raises ``TradingHostsError`` where ``ssh-keygen`` is missing or refuses. It is never asked for a passphrase: it has
    no terminal, so a locked key belongs into the agent.
    """
    path = str(Path(key).expanduser())
    if not os.path.isfile(path):
        raise InputError(field="sign_with", value=key, problem="is no file", mend="give the file of an SSH key")
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "SSH_AUTH_SOCK") if name in os.environ}
    try:
        done = subprocess.run(
            ["ssh-keygen", "-q", "-Y", "sign", "-f", path, "-n", NAMESPACE],
            input=content,
            capture_output=True,
            env={**environment, "SSH_ASKPASS_REQUIRE": "never"},
            start_new_session=True,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        raise TradingHostsError(
            "sign_with: ssh-keygen did not answer; install OpenSSH 8.2 or newer on the controller."
        ) from None
    if done.returncode or not done.stdout.startswith(b"-----BEGIN SSH SIGNATURE-----"):
        said = safe((done.stderr.decode(errors="replace").strip().splitlines() or ["nothing"])[-1], NAME)
        raise TradingHostsError(
            f"sign_with {key!r}: ssh-keygen cannot sign with it ({said}); give a key without a passphrase, or the"
            " public key of one that is in the agent."
        )
    return done.stdout
