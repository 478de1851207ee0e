#!/usr/bin/python
# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: api_key_policy
short_description: Judge what was learned of exchange API keys
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Holds facts of M(trading.hosts.api_key_info), M(trading.hosts.public_ip_info), M(trading.hosts.clock_info) and
    M(trading.hosts.credential_info) against rules, and says what is wrong, how bad it is, what that rests on, and how
    to mend it while positions stay managed.
  - Runs on the controller, without a connection to any host, and never changes anything. The facts hold no secret, so
    a job without SSH can judge what hosts reported.
  - What is not known never counts as pass. What a person only declared never passes a rule of high severity.
  - A refused key is one finding. Whatever could not be judged because of it points to that finding with
    RV(findings[].root).
  - The rules, the declarations, the waivers and the gates are described in C(docs/policy.md) of the collection.
extends_documentation_fragment:
  - trading.hosts._attributes
  - trading.hosts._attributes.info_module
  - trading.hosts._attributes.controller
options:
  api_keys:
    description:
      - RV(trading.hosts.api_key_info#module:api_keys), or the whole registered result. For up to about 500 keys. Give
        more as files with O(src).
      - At least one of O(api_keys), O(src), O(declared) and O(exposed) is required.
    type: raw
  egress:
    description:
      - RV(trading.hosts.public_ip_info#module:egress), or the whole registered result.
    type: raw
  clock:
    description:
      - RV(trading.hosts.clock_info#module:clocks), or the whole registered result. Without any, the rule
        C(clock-offset) says only whether an exchange refused the host's clock.
    type: raw
  credentials:
    description:
      - RV(trading.hosts.credential_info#module:credentials) of the host that the task runs for.
    type: raw
  machine:
    description:
      - RV(trading.hosts.credential_info#module:machine) of the host that the task runs for.
    type: raw
  transport:
    description:
      - RV(trading.hosts.api_key_info#module:transport) of the host that the task runs for.
    type: raw
  exposed:
    description:
      - The whole registered result of M(trading.hosts.exposed_credential_info) of the host that the task runs for, or a
        list of two of them, one of the host and one of an inventory (C(scope=inventory)).
      - Without any, the rules about secrets in clear do not apply.
    type: raw
  src:
    description:
      - Files of facts on the controller, or directories of them, as learners write with their option C(facts_dir).
    type: list
    elements: path
  declared:
    description:
      - Declarations that take the place of those in the facts. Each has C(name), C(host) (by default the host that the
        task runs for), C(exchange), and what the option C(declared) of M(trading.hosts.api_key_info) takes.
      - A key that is declared here and has no facts is reported as not known.
    type: raw
  declared_addresses:
    description:
      - Addresses that are yours by your own records. They count as one kind of evidence for the text to paste, never as
        a pass.
    type: list
    elements: str
    default: []
  confirm:
    description:
      - That a person has checked the observed addresses. The text to paste is then given on one kind of evidence.
      - A wrong address on an allowlist opens the key to a stranger.
    type: bool
    default: false
  policy:
    description:
      - Settings that differ from the shipped policy, by name. Every loosening is reported as C(policy-loosened).
      - C(severities) (rule to severity), C(forbidden_words), C(accepted_inseparable) (exchange to permission words),
        C(expiry_days_medium), C(expiry_days_high), C(expiry_days_critical), C(key_age_days), C(attestation_days),
        C(review_days), C(waiver_days), C(waiver_days_critical), C(max_fact_age) (seconds), C(credential_key_type),
        C(theft_of_disk), C(require_key_lists), C(known_keys) (exchange to masked ids), C(enforce_from) (rule to day,
        before which its findings stop nothing).
    type: raw
  waivers:
    description:
      - Exceptions. Each names one C(rule), one C(host) and C(key), a C(justification), who it is C(requested_by), who
        else it is C(approved_by), and the day that it C(expires).
    type: raw
  waivers_file:
    description:
      - A YAML file on the controller with a list of the same. A file of its own can have an owner of its own.
    type: path
  gate:
    description:
      - What is about to happen. It decides which findings block.
      - V(place) and V(first_start) block on failures from high on, and on unknowns of critical rules. V(replace) blocks
        on critical failures. V(restart) blocks only on what is proved fatal. V(running) blocks on nothing. V(audit)
        blocks on failures from high on.
    type: str
    choices: [place, first_start, replace, restart, running, audit]
    default: audit
  placed_keys:
    description:
      - Names of the keys that the host, for which the task runs, holds already. With O(gate=place) and
        O(gate=first_start) the gate V(replace) decides for them, so that a bot that runs is not held up by what is
        merely not known.
    type: list
    elements: str
    default: []
  fail_on:
    description:
      - Block on failures from this severity on, instead of what O(gate) says.
      - With V(never) the task does not fail. RV(blocked) then still says what the gate would have stopped.
    type: str
    choices: [critical, high, medium, low, info, never]
  fail_on_unknown:
    description:
      - Block on what is not known from this severity on, instead of what O(gate) says.
    type: str
    choices: [critical, high, medium, low, info, never]
  now:
    description:
      - The instant to judge at, such as C(2026-11-22T07:13:54Z). By default the controller's clock.
    type: str
  return_passed:
    description:
      - Return and report also what passed and what did not apply. It is only counted otherwise.
    type: bool
    default: false
  report_path:
    description:
      - File on the controller for the full report in JSON. It is written whole, with mode 0600.
      - It names hosts, keys, accounts and addresses, and holds no secret.
    type: path
seealso:
  - module: trading.hosts.api_key_info
  - module: trading.hosts.public_ip_info
  - module: trading.hosts.clock_info
  - module: trading.hosts.credential_info
  - module: trading.hosts.exposed_credential_info
  - module: trading.hosts.allowlist_check
"""

EXAMPLES = r"""
---
- name: Judge what was learned, and stop if a key must not be placed
  trading.hosts.api_key_policy:
    api_keys: "{{ learned.api_keys }}"
    egress: "{{ public_ip.egress }}"
    credentials: "{{ placed.credentials }}"
    machine: "{{ placed.machine }}"
    transport: "{{ learned.transport }}"
    gate: place
  register: judged

- name: Show the table
  ansible.builtin.debug:
    var: judged.table

- name: Audit what all hosts reported, from files
  trading.hosts.api_key_policy:
    src:
      - /var/lib/trading-hosts/facts
    waivers_file: policy/waivers.yml
    report_path: /var/lib/trading-hosts/report.json
    fail_on: never
  delegate_to: localhost
  run_once: true
  register: audit

- name: A policy of one's own
  trading.hosts.api_key_policy:
    api_keys: "{{ learned.api_keys }}"
    egress: "{{ public_ip.egress }}"
    policy:
      key_age_days: 90
      severities:
        key-on-master-account: high
      accepted_inseparable:
        okx: [margin_trade, borrow, futures_trade, options_trade, transfer_own]
"""

RETURN = r"""
findings:
  description:
    - What failed, what is not known and what was waived, the worst first. At most 500; RV(findings_omitted) counts the
      others, and O(report_path) holds them all.
  returned: when the facts could be read
  type: list
  elements: dict
  contains:
    rule:
      description: The rule's name.
      type: str
      sample: allowlist-covers-host
    status:
      description: V(fail), V(unknown), V(waived), V(pass) or V(not_applicable).
      type: str
      sample: fail
    severity:
      description: V(critical), V(high), V(medium), V(low) or V(info).
      type: str
      sample: high
    basis:
      description: What it rests on. V(proved), V(observed), V(attested), V(declared) or V(none).
      type: str
      sample: proved
    subject:
      description: The C(host), C(key) and C(service) that it is about. Each may be null.
      type: dict
      sample: {host: bot1, key: grid-bybit, service: grid.service}
    evidence:
      description: One line that says why.
      type: str
      sample: the list lacks 91.198.115.11
    remedy:
      description:
        - What to C(do_now), C(then) and C(never), and C(where) on the exchange's pages. Null where there is none.
      type: dict
      sample: {do_now: Add the address to the list., then: Learn the key again., never: null, where: null}
    paste:
      description: Text for the exchange's allowlist field, where two kinds of evidence agree on the address.
      type: str
      sample: 91.198.115.10,91.198.115.11
    root:
      description: The rule whose finding explains this one, or null.
      type: str
      sample: key-accepted
    waiver:
      description: Who requested and approved an exception, or null.
      type: str
    code:
      description: The class of a refusal, or null.
      type: str
      sample: ip_refused
    spared:
      description: Why a failure stops nothing although it stands, or null. See C(enforce_from) in O(policy).
      type: str
findings_omitted:
  description: How many findings are not in RV(findings).
  returned: when the facts could be read
  type: int
  sample: 0
counts:
  description:
    - How many findings there are, by status, by severity (of failures) and by basis (of passes), and keys by verdict.
  returned: when the facts could be read
  type: dict
  sample:
    by_status: {fail: 1, unknown: 0, waived: 0, pass: 34, not_applicable: 4}
    by_severity: {critical: 0, high: 1, medium: 0, low: 0, info: 0}
    by_basis: {proved: 4, observed: 29, attested: 1}
    by_verdict: {fail: 1, unknown: 0, pass: 0}
blocked:
  description: Whether something stands in the way of what is about to happen.
  returned: when the facts could be read
  type: bool
  sample: true
blocked_because:
  description: The worst findings and their mends in one line, or null.
  returned: when the facts could be read
  type: str
blocked_keys:
  description: Names of the keys that something blocks, by a finding of their own or of their host.
  returned: when the facts could be read
  type: list
  elements: str
  sample: [grid-bybit]
policy_digest:
  description: Digest of the effective policy.
  returned: when the facts could be read
  type: str
  sample: sha256:5f436424166f
loosened:
  description: Each way in which the policy is milder than the shipped one.
  returned: when the facts could be read
  type: list
  elements: str
summary:
  description: A few lines that say how it stands.
  returned: when the facts could be read
  type: list
  elements: str
  sample: ["1 keys on 1 hosts: 1 in order, 0 failed, 0 not known."]
table:
  description: A table of keys, hosts, addresses, verdicts and mends, line by line.
  returned: when the facts could be read
  type: list
  elements: str
"""
