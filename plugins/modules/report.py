#!/usr/bin/python
# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: report
short_description: Write a report on exchange API keys as a web page, for CI, for metrics or as evidence
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Reads a report of M(trading.hosts.fleet_policy) or M(trading.hosts.api_key_policy) and writes it in other formats.
  - Runs on the controller, without a connection to any host, and asks nobody.
  - All files are written or none. Each is replaced in one step, and two runs at once do not mix. The directories must
    exist.
  - Labels, messages and names that strangers may have written are escaped for each format.
  - How to use each format stands in C(docs/reports.md) of the collection.
extends_documentation_fragment:
  - trading.hosts._attributes
  - trading.hosts._attributes.controller
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details:
      - A report names hosts and addresses, and is too long to read as a difference.
  idempotent:
    support: full
    details:
      - A bundle of evidence is never replaced, so a second run is refused.
options:
  report_path:
    description:
      - The report, as O(trading.hosts.fleet_policy#module:report_path) or
        O(trading.hosts.api_key_policy#module:report_path) wrote it on the controller.
    type: path
    required: true
  files:
    description:
      - What to write, and where.
      - With O(redact=none) a file can be read by its owner only (mode 0600), with O(redact=public) by everybody (0644).
    type: list
    elements: dict
    required: true
    suboptions:
      format:
        description:
          - V(html) is one page that needs no server and no network. It has filters, a matrix of hosts by exchanges, and
            a page for each key.
          - V(text) is the table for a terminal.
          - V(json) is the report itself. Its JSON Schema is C(docs/schemas/report.schema.json).
          - V(sarif) is SARIF 2.1.0 for code scanning, V(junit) JUnit XML for test views.
          - V(markdown) is for job summaries and comments. It holds the 100 worst findings, and counts the others.
          - V(prometheus) is a textfile for the node exporter of Prometheus.
          - V(evidence) is a bundle for auditors. See O(operator), O(previous_evidence) and O(sign_with). It is never
            replaced, so give each run a name of its own. Its JSON Schema is C(docs/schemas/evidence.schema.json).
        type: str
        required: true
        choices: [evidence, html, json, junit, markdown, prometheus, sarif, text]
      path:
        description:
          - The file on the controller.
        type: path
        required: true
  redact:
    description:
      - With V(public) the files hold no address, no label, no account id and no name. Hosts and keys are numbered, and
        findings are told by their rules alone. C(prometheus) then has no series of single keys.
      - How many keys there are, on which exchanges, and what is wrong with them is told all the same.
    type: str
    choices: [none, public]
    default: none
  operator:
    description:
      - Who had the keys judged. Required for C(evidence).
    type: str
  started_at:
    description:
      - The instant at which this run began to learn, such as C(2026-11-22T07:13:54Z), for C(evidence). By default the
        instant of judgement.
    type: str
  previous_evidence:
    description:
      - The bundle of the run before this one. Its digest goes into the new one, so that none can be changed or taken
        away unseen. Leave it out for the first one.
    type: path
  sign_with:
    description:
      - An SSH key on the controller that signs the bundle, by C(ssh-keygen -Y sign). The signature lies beside it, as
        C(.sig).
      - The file of a private key without a passphrase, or that of a public key whose private one is in the agent.
    type: path
  now:
    description:
      - The instant at which C(evidence) is written. By default the controller's clock.
    type: str
seealso:
  - module: trading.hosts.fleet_policy
  - module: trading.hosts.api_key_policy
"""

EXAMPLES = r"""
---
- name: Show the last report in a browser, in CI and in metrics
  trading.hosts.report:
    report_path: /var/lib/trading-hosts/fleet.json
    files:
      - format: html
        path: /var/lib/trading-hosts/fleet.html
      - format: sarif
        path: /var/lib/trading-hosts/fleet.sarif
      - format: junit
        path: /var/lib/trading-hosts/fleet.xml
  delegate_to: localhost
  run_once: true

- name: Publish what strangers may read
  trading.hosts.report:
    report_path: /var/lib/trading-hosts/fleet.json
    redact: public
    files:
      - format: prometheus
        path: /var/lib/prometheus/node-exporter/trading_hosts.prom
  delegate_to: localhost
  run_once: true

- name: Keep evidence of this run, signed and chained to the last one
  trading.hosts.report:
    report_path: /var/lib/trading-hosts/fleet.json
    files:
      - format: evidence
        path: /var/lib/trading-hosts/evidence/2026-11-22.json
    operator: Ada
    started_at: "2026-11-22T07:13:54Z"
    previous_evidence: /var/lib/trading-hosts/evidence/2026-11-21.json
    sign_with: ~/.ssh/evidence
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
files:
  description: What was written, in the order of O(files). A signature follows its bundle.
  returned: success
  type: list
  elements: dict
  contains:
    format:
      description: The format, or V(signature).
      type: str
      sample: html
    path:
      description: The file.
      type: str
      sample: /var/lib/trading-hosts/fleet.html
    digest:
      description: The digest of the file's content.
      type: str
      sample: sha256:5f436424166ff16bb3daaf92bd1ef9978474b6d5b8f5ae39beae4bd0e09f4998
    changed:
      description: Whether it is another than before.
      type: bool
      sample: true
summary:
  description: A few lines that say how it stands, without names where O(redact=public).
  returned: success
  type: list
  elements: str
  sample: ["All 1 declared keys on 1 hosts were seen."]
"""
