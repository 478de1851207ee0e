# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports to write: a small one, a hostile one, and one as large as a firm's."""

from __future__ import annotations

import copy
import typing as t

from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import EXCHANGES
from ansible_collections.trading.hosts.plugins.module_utils._policy._finding import SEVERITIES, STATUSES

#: What strangers put into labels, messages and host names. Each is run through every writer.
HOSTILE: t.Mapping[str, str] = {
    "control characters": "a\x00b\x07c\x1bd\x7fe\x9bf\r\x0b\x0cg",
    "ANSI escapes": "\x1b[2J\x1b[31mall is well\x1b[0m\x1b]8;;https://evil.example\x07click\x1b]8;;\x07",
    "newlines": "one\ntwo\r\nthree\u2028four\u2029five\x85six",
    "a script": "</script><script>alert(1)</script><img src=x onerror=alert(1)>",
    "a comment in a script": "<!--<script>",
    "attributes": '" onmouseover="alert(1)" x=\'y',
    "an end of CDATA": "]]><!ENTITY x SYSTEM 'file:///etc/passwd'>&x;&lt;",
    "XML-illegal": "\ufffe\uffff\ud800\x01 &#0; &#x1F;",
    "a Markdown table": "| a | b |\n|---|---|\n| `c` | **d** |",
    "Markdown links": "[click](https://evil.example) ![x](https://evil.example/x.png) <https://evil.example> [r]: https://e.x",
    "bare links": "https://evil.example/a?b=c www.evil.example evil@evil.example ftp://evil.example",
    "mentions": "@everyone @octocat #1 !2 GH-1 /close",
    "Markdown blocks": "# head\n> quote\n- item\n1. item\n```\ncode\n```\n---\n    code",
    "Prometheus labels": 'x",host="other"} 1\ntrading_hosts_keys{verdict="fail"} 0\n# HELP x \\',
    "a trailing backslash": "ends with \\",
    "right to left": "abc\u202egnp.exe\u202c \u2066x\u2069 \u200f\u061c",
    "zero width": "pay\u200bpal\u200d\ufeff\u2060",
    "very long": "x" * 100_000,
    "very long words": "ab " * 40_000,
    "templating": "{{ lookup('pipe', 'id') }} {% raw %} ${HOME} #{x} {0} {1}",
    "CI commands": "::set-output name=x::y ##[error]z ::error::no %0A",
    "CI commands in a long word": "a." * 36 + ".a::error title=a::rotate all keys",
    "CI commands in long words": "abcdef::error::x" * 40,
    "CI commands of Azure": "##vso[task.setvariable variable=PATH]/tmp/x ##[group]x a##vso[x] ##VSO[x]",
    "CI commands of TeamCity": "##teamcity[buildStatus text='x']",
    "CI commands of colons": ":::::error :: ::error ::1::error:: ::1",
    "addresses": "::1 2001:db8::1 ::ffff:91.198.115.11",
    "a formula": "=cmd|' /C calc'!A0",
    "combining": "z\u0335\u0321\u0322\u0327\u0328" * 50,
    "emoji and scripts": "\U0001f600 \u05d0\u05d1\u05d2 \u0627\u0628 \u4e2d\u6587 \u00e9",
    "prototype": "__proto__ constructor hasOwnProperty",
    "nothing": "",
    "blanks": " \t \u00a0 \u3000",
}

DIGEST = "sha256:" + "5f" * 32
AT = "2026-11-22T07:14:00Z"
_EVIDENCE = (
    ("key-accepted", "fail", "critical", "proved", "OKX answered ip_refused (50110), seen from {address}"),
    ("withdrawal-forbidden", "fail", "critical", "observed", "the key can withdraw"),
    ("ip-restriction-required", "fail", "high", "observed", "the key works from every address"),
    ("key-age", "fail", "medium", "observed", "the key is 412 days old"),
    ("recovery-path", "unknown", "high", "none", "nobody says how trading goes on when the host is lost"),
    ("allowlist-covers-host", "unknown", "high", "none", "the exchange does not show the list"),
    ("key-on-master-account", "waived", "medium", "observed", "the key belongs to the master account"),
    ("allowlist-slots-left", "fail", "low", "observed", "the allowlist has room for none"),
)


def finding(**changes: t.Any) -> dict[str, t.Any]:
    subject = {"host": "bot1", "key": "grid", "service": "grid.service"}
    return {
        "rule": "key-accepted",
        "status": "fail",
        "severity": "critical",
        "basis": "proved",
        "subject": {**subject, **changes.pop("subject", {})},
        "evidence": "OKX answered ip_refused (50110), seen from 91.198.115.11",
        "remedy": {
            "do_now": "Add 91.198.115.11 to the key's allowlist, keep the rest.",
            "then": "Learn the key again.",
            "never": "Do not lift the IP restriction.",
            "where": "OKX > account menu > API > the key > Edit > IP address",
        },
        "paste": "91.198.115.11",
        "root": None,
        "waiver": None,
        "code": "ip_refused",
        "spared": None,
        **changes,
    }


def line(**changes: t.Any) -> dict[str, t.Any]:
    return {
        "key": "grid",
        "host": "bot1",
        "exchange": "okx",
        "service": "grid.service",
        "seen_from": ["91.198.115.11"],
        "verdict": "fail",
        **changes,
    }


def report(
    *, lines: list[dict[str, t.Any]], findings: list[dict[str, t.Any]], fleet: dict[str, t.Any] | None = None
) -> dict[str, t.Any]:
    """Return a report in the form that the judges write; its counts are those of what is in it."""
    return {
        "schema": 1,
        "collection_version": "1.0.0",
        "judged_at": AT,
        "gate": "audit",
        "fail_on": "high",
        "fail_on_unknown": "never",
        "policy_digest": DIGEST,
        "loosened": [],
        "hosts": len({each["host"] for each in lines}),
        "counts": {
            "by_status": {name: sum(each["status"] == name for each in findings) for name in STATUSES},
            "by_severity": {
                name: sum(each["severity"] == name and each["status"] == "fail" for each in findings)
                for name in SEVERITIES
            },
            "by_basis": {"observed": 29},
            "by_verdict": {
                name: sum(each["verdict"] == name for each in lines) for name in ("fail", "unknown", "pass")
            },
        },
        "lines": lines,
        "findings": findings,
        "blocking": [
            each for each in findings if each["status"] == "fail" and each["severity"] in ("critical", "high")
        ],
        **({"fleet": fleet} if fleet is not None else {}),
    }


def fleet(lines: t.Sequence[t.Mapping[str, t.Any]], *, text: str = "91.198.115.12") -> dict[str, t.Any]:
    """Return the part of a fleet, in which the last key was not seen."""
    last = lines[-1]
    hosts = {each["host"] for each in lines}
    return {
        "partial": True,
        "coverage": {
            "hosts_declared": len(hosts),
            "hosts_seen": len(hosts) - 1,
            "keys_declared": len(lines),
            "keys_seen": len(lines) - 1,
            "not_seen": [{"host": last["host"], "key": last["key"], "why": "there are no facts of its host"}],
        },
        "problems": [],
        "allowlists": [
            {
                "exchange": each["exchange"],
                "environment": "mainnet",
                "used_by": [{"host": each["host"], "key": each["key"]}],
                "state": "entries",
                "add": [text],
                "keep": [*each["seen_from"], "91.198.115.0/29"],
                "remove_later": ["91.198.115.99"] if index % 3 == 0 else [],
                "unconfirmed": [],
                "idle": [{"entry": "91.198.115.99", "since": "2026-11-20T02:00:00Z"}] if index % 3 == 0 else [],
                "whole": index % 3 == 0,
                "why_not_whole": [] if index % 3 == 0 else [f"{last['key']} on {last['host']}: it was not seen"],
                "line": f"91.198.115.0/29,{text}",
            }
            for index, each in enumerate(lines)
        ],
        "addresses": [],
        "baseline": None,
        "previous": None,
    }


def small() -> dict[str, t.Any]:
    lines = [line(), line(key="hedge", exchange="bybit", verdict="unknown"), line(host="bot2", verdict="pass")]
    findings = [
        finding(),
        finding(
            rule="recovery-path",
            status="unknown",
            severity="high",
            basis="none",
            subject={"key": "hedge"},
            evidence="nobody says how trading goes on",
            remedy=None,
            paste=None,
            code=None,
        ),
        finding(
            rule="key-on-master-account",
            status="waived",
            severity="medium",
            waiver="requested by Ada, approved by Grace, to 2026-12-01",
        ),
        finding(
            rule="policy-loosened",
            severity="info",
            basis="declared",
            subject={"host": None, "key": None, "service": None},
            paste=None,
            spared="in the baseline of 2026-11-01T00:00:00Z",
        ),
        # About a host that has no key in the report.
        finding(
            rule="credential-exposed",
            severity="critical",
            basis="observed",
            subject={"host": "bot3", "key": "/srv/bot/config.json", "service": None},
            evidence="a secret of okx in clear, line 9, mode 0644, owner root",
            paste=None,
            code=None,
        ),
    ]
    return report(lines=lines, findings=findings, fleet=fleet(lines))


def hostile(text: str) -> dict[str, t.Any]:
    """Return the small report with ``text`` in every place where a stranger's may stand."""
    document = copy.deepcopy(small())
    host, key = f"h {text}", f"grid {text}"
    document["collection_version"] = text
    document["loosened"] = [text]
    for each in document["lines"]:
        each.update(host=host, key=f"{each['key']} {text}", exchange=text, service=text, seen_from=[text])
    for each in [*document["findings"], *document["blocking"]]:
        each["subject"] = {"host": host, "key": key, "service": text}
        each.update(evidence=text, paste=text, waiver=text if each["waiver"] else None)
        each["remedy"] = {"do_now": text, "then": text, "never": text, "where": text}
        each["spared"] = text if each["spared"] else None
    whole = document["fleet"]
    whole["problems"] = [text]
    whole["coverage"]["not_seen"] = [{"host": host, "key": key, "why": text}]
    for each in whole["allowlists"]:
        each.update(exchange=text, environment=text, used_by=[{"host": host, "key": key}], line=text)
        each.update({name: [text] for name in ("add", "keep", "remove_later", "unconfirmed", "why_not_whole")})
        each["idle"] = [{"entry": text, "since": None}]
    whole["addresses"] = [
        {
            "host": host,
            "family": "ipv4",
            "proxy": text,
            "source_address": text,
            "addresses": [text],
            "accepted": [text],
            "accepted_at": AT,
        }
    ]
    return document


def large(*, hosts: int = 1000, keys: int = 4) -> dict[str, t.Any]:
    """Return a fleet's report of many hosts with some keys each, on every exchange, most of them with findings."""
    exchanges = list(EXCHANGES)
    lines, findings = [], []
    for number in range(hosts):
        host = f"{('fra', 'ams', 'sgp', 'tyo')[number % 4]}-bot{number:04}"
        address = f"91.198.{number // 250}.{number % 250 + 1}"
        for index in range(keys):
            exchange = exchanges[(number * 3 + index * 5) % len(exchanges)]
            key = f"{('grid', 'hedge', 'maker', 'carry')[index % 4]}-{exchange}"
            kind = (number * 7 + index * 3) % 10
            some = _EVIDENCE[: 3 + kind] if kind < 2 else _EVIDENCE[4:6] if kind == 2 else _EVIDENCE[6:]
            verdict = "fail" if kind < 2 else "unknown" if kind == 2 else "pass"
            seen = [] if verdict == "unknown" and index == 3 else [address]
            lines.append(line(key=key, host=host, exchange=exchange, seen_from=seen, verdict=verdict))
            for rule, status, severity, basis, evidence in some:
                findings.append(
                    finding(
                        rule=rule,
                        status=status,
                        severity=severity,
                        basis=basis,
                        subject={"host": host, "key": key},
                        evidence=evidence.format(address=address),
                        paste=address if rule == "key-accepted" else None,
                        code=None,
                    )
                )
    return report(lines=lines, findings=findings, fleet=fleet(lines))
