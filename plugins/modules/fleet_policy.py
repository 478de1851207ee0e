#!/usr/bin/python
# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: fleet_policy
short_description: Judge the exchange API keys of a whole inventory
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Judges every key that any host of the inventory declares, by the rules of M(trading.hosts.api_key_policy) and by
    those that need all hosts. They tell keys that several hosts use, entries of allowlists that no host uses, addresses
    that changed, passphrases that are used twice, hosts that are copies of each other, and keys that nobody answers
    for.
  - What counts is the inventory and never the play. With C(--limit), with C(serial), with hosts that are down or whose
    learning failed, every declared key is still in the report. One without facts of this run is C(key-not-observed),
    which is no pass.
  - Keys that are in the facts and that nobody declares are judged too, and fail C(key-owner-declared). So an inventory
    that declares no key at all can be judged, unless O(variables) is given.
  - Nobody is told to remove an entry from an allowlist unless every host that may use the key was seen.
  - Runs on the controller, without a connection to any host. The facts are files, as learners write them with their
    option C(facts_dir). So a job without SSH can judge what hosts reported.
  - It needs no secret. Where the inventory holds key ids or passphrases that can be read (a vault that is open), they
    are compared by marks under a key that is made for this run and forgotten with it.
  - Files that cannot be used (not whole, of another release, moved from another host) are named in RV(problems). They
    never hide another host.
  - Run it once, in a play of its own. How to read and use the report stands in C(docs/fleet.md) of the collection.
extends_documentation_fragment:
  - trading.hosts._attributes
  - trading.hosts._attributes.info_module
  - trading.hosts._attributes.controller
options:
  src:
    description:
      - Files of facts on the controller, or directories of them, as learners write with their option C(facts_dir).
      - A file keeps the name that the learner gave it. Files of hosts that the inventory does not have are not judged.
    type: list
    elements: path
    required: true
  variables:
    description:
      - Names of the variables in which hosts declare their keys, each a list as
        O(trading.hosts.api_key_info#module:api_keys) takes it. Each key is judged by its C(declared) there, not by the
        one in the facts.
    type: list
    elements: str
    default: [exchange_credentials_api_keys]
  compare_secrets:
    description:
      - Read the C(api_key) and C(passphrase) of each key from the inventory, as far as that can be done here, and
        compare them. Without it, keys are told apart by what exchanges and hosts tell of their ids, and
        C(passphrase-not-reused) is not known.
      - Templates are resolved for that, so lookups run.
    type: bool
    default: true
  learned_since:
    description:
      - The instant at which this run began to learn, by the controller's clock, such as
        C(2026-11-22T07:13:54Z). Facts that are older belong to an earlier run, and do not count as seen.
        By default the age of facts alone decides (C(max_fact_age)).
    type: str
  previous:
    description:
      - The last report of this inventory (O(report_path)), from which it is known at which addresses keys worked and
        since when entries are unused. It may be the file that O(report_path) writes. In the first run it need not
        exist.
      - Without it C(egress-address-changed) does not apply.
    type: path
  baseline:
    description:
      - A report of this inventory whose failures are known. They are still reported, and do not block unless they have
        become worse or name another thing (a permission, a key, a host). Only what is new blocks.
      - Failures of rules that cannot be waived always block.
    type: path
  declared_addresses:
    description:
      - Addresses that are yours by your own records. They count as one kind of evidence for the text to paste, never as
        a pass.
    type: list
    elements: str
    default: []
  confirm:
    description:
      - That a person has checked the observed addresses. The text to paste is then given on one kind of evidence, and
        for addresses that changed.
      - A wrong address on an allowlist opens the key to a stranger.
    type: bool
    default: false
  policy:
    description:
      - Settings that differ from the shipped policy, as O(trading.hosts.api_key_policy#module:policy).
    type: raw
  waivers_file:
    description:
      - A YAML file on the controller with a list of exceptions, as O(trading.hosts.api_key_policy#module:waivers) takes
        them. A file of its own can have an owner of its own.
    type: path
  fail_on:
    description:
      - Block on failures from this severity on. V(high) unless given.
      - With V(never) the task does not fail. RV(blocked) then still says what would have.
      - A run that saw none of the declared keys is blocked whatever else holds.
    type: str
    choices: [critical, high, medium, low, info, never]
  fail_on_unknown:
    description:
      - Block on what is not known from this severity on. V(never) unless given. With V(high), a key that was not seen
        blocks.
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
      - File on the controller for the full report in JSON. It is written whole or not at all, with mode 0600.
      - It names hosts, keys, accounts and addresses, and holds no secret.
    type: path
seealso:
  - module: trading.hosts.api_key_policy
  - module: trading.hosts.api_key_info
  - module: trading.hosts.public_ip_info
  - module: trading.hosts.credential_info
  - module: trading.hosts.exposed_credential_info
"""

EXAMPLES = r"""
---
- name: Judge the whole inventory by what its hosts reported
  hosts: all
  gather_facts: false
  tasks:
    - name: Judge
      trading.hosts.fleet_policy:
        src:
          - /var/lib/trading-hosts/facts
        previous: /var/lib/trading-hosts/fleet.json
        report_path: /var/lib/trading-hosts/fleet.json
        waivers_file: policy/waivers.yml
        fail_on: never
      delegate_to: localhost
      run_once: true
      register: fleet

    - name: Show how it stands
      ansible.builtin.debug:
        msg: "{{ fleet.summary + fleet.table }}"
      run_once: true

    - name: Show what to change on which allowlist
      ansible.builtin.debug:
        var: fleet.allowlists
      run_once: true

- name: Judge in CI, where only what is new fails, and a host that was not seen fails too
  hosts: all
  gather_facts: false
  tasks:
    - name: Judge
      trading.hosts.fleet_policy:
        src:
          - facts
        baseline: policy/baseline.json
        waivers_file: policy/waivers.yml
        compare_secrets: false
        fail_on_unknown: high
        report_path: fleet.json
      delegate_to: localhost
      run_once: true
"""

RETURN = r"""
partial:
  description: Whether a declared key was not seen in this run.
  returned: when the facts could be read
  type: bool
  sample: true
coverage:
  description: How much of the inventory was seen. A host is seen when each of its keys is.
  returned: when the facts could be read
  type: dict
  contains:
    hosts_declared:
      description: How many hosts declare keys.
      type: int
      sample: 3
    hosts_seen:
      description: How many of them were seen.
      type: int
      sample: 2
    keys_declared:
      description: How many keys are declared.
      type: int
      sample: 4
    keys_seen:
      description: How many of them were seen.
      type: int
      sample: 3
    not_seen:
      description: The C(host) and C(key) of those that were not, and C(why). At most 500.
      type: list
      elements: dict
      sample: [{host: bot3, key: grid, why: there are no facts of its host}]
problems:
  description: Sentences about files that could not be used.
  returned: when the facts could be read
  type: list
  elements: str
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
      description:
        - Why a failure blocks nothing although it stands, or null. It is in the O(baseline), or O(policy) has a later
          day in C(enforce_from).
      type: str
findings_omitted:
  description: How many findings are not in RV(findings).
  returned: when the facts could be read
  type: int
  sample: 0
allowlists:
  description:
    - What to do with the allowlists of keys, where there is anything to add, to confirm or to let go of. At most 100.
      O(report_path) holds those of all keys.
  returned: when the facts could be read
  type: list
  elements: dict
  contains:
    exchange:
      description: The exchange.
      type: str
      sample: bybit
    environment:
      description: The exchange's environment.
      type: str
      sample: mainnet
    used_by:
      description: The C(host) and C(key) of each host that uses this key.
      type: list
      elements: dict
      sample: [{host: bot1, key: grid}]
    state:
      description: What is known of the list. V(entries), V(hidden), V(unrestricted) or V(unknown).
      type: str
      sample: entries
    add:
      description: Addresses to add, each on two kinds of evidence.
      type: list
      elements: str
      sample: ["91.198.115.12"]
    keep:
      description: Entries to keep.
      type: list
      elements: str
      sample: ["91.198.115.11"]
    remove_later:
      description: Entries that no host uses. Empty unless RV(allowlists[].whole).
      type: list
      elements: str
      sample: ["91.198.115.10"]
    unconfirmed:
      description: Addresses that hosts are seen from, and for which nothing may be pasted yet.
      type: list
      elements: str
    idle:
      description:
        - Each C(entry) that no host was seen to use, and C(since) when, as far as reports tell.
      type: list
      elements: dict
      sample: [{entry: 91.198.115.10, since: "2026-11-20T02:00:00Z"}]
    whole:
      description: Whether every host that may use the key was seen.
      type: bool
      sample: true
    why_not_whole:
      description: Who was not seen, and why.
      type: list
      elements: str
    line:
      description: The text to paste, which still holds what is to be removed later. Null where the list is not known.
      type: str
      sample: 91.198.115.11,91.198.115.12,91.198.115.10
allowlists_omitted:
  description: How many are not in RV(allowlists).
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
  description: Whether something blocks, by O(fail_on), O(fail_on_unknown), or because nothing was seen.
  returned: when the facts could be read
  type: bool
  sample: true
blocked_because:
  description: The worst findings and their mends in one line, or null.
  returned: when the facts could be read
  type: str
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
  description: A few lines that say how it stands. The first one says how much of the inventory was seen.
  returned: when the facts could be read
  type: list
  elements: str
  sample: ["All 1 declared keys on 1 hosts were seen.", "1 keys on 1 hosts: 1 in order, 0 failed, 0 not known."]
table:
  description: A table of keys, hosts, addresses, verdicts and mends, line by line.
  returned: when the facts could be read
  type: list
  elements: str
"""
