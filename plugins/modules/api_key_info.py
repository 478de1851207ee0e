#!/usr/bin/python
# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: api_key_info
short_description: Ask exchanges what API keys are, from the host that uses them
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Asks each exchange about each key, with one signed read that changes nothing. It tells what the key may do, the
    addresses that it is restricted to, when it ends, its label and its account, as far as the exchange tells.
  - Run it on the host that uses the key, because the allowlist is about that host. An accepted call proves that the
    allowlist lets this host through. A refused call tells why, and often the address that the exchange saw.
  - A refusal is an answer (RV(api_keys[].access.status)), and the task does not fail. A mistake in the options
    fails before anything is sent.
  - The result holds no secret. M(trading.hosts.api_key_policy) judges it.
  - A probe must not lock out a bot. There is at most one refused call per key and run and no retry. After a
    refusal, the later keys of that exchange are V(held_back). Ask such a key in a task of its own, or mend the
    refused one first.
  - Hosts of one run of Ansible that share a key ask with it one after the other. Once an exchange has refused the key
    for its own sake, the other hosts do not ask with it (V(held_back)). After an exchange has asked for silence, no
    host that comes later asks there. Hosts run side by side, so some may be under way by then. Where they share
    one public address, C(throttle=1) on the task sends them one after the other.
  - Exchanges are asked side by side. The keys of one exchange are asked one after the other, over one connection for
    each of its hosts, and never faster than the exchange publishes (five requests in a second where nothing is
    published). After O(deadline) the task ends with the answers that are there.
  - Which key a placed credential (O(api_keys[].credential)) holds, only its host knows. So a bad one that lies on
    several hosts is asked once on each of them.
extends_documentation_fragment:
  - trading.hosts._attributes
  - trading.hosts._attributes.info_module
  - trading.hosts._attributes.actiongroup_exchange
  - trading.hosts._attributes.secret_transport
  - trading.hosts._exchange
  - trading.hosts._secret_transport
requirements:
  - requests on the host (Debian and Ubuntu package C(python3-requests))
  - cryptography on the host for private keys (Debian and Ubuntu package C(python3-cryptography))
  - PySocks on the host for a SOCKS5 proxy (Debian and Ubuntu package C(python3-socks))
  - root on the host (C(become)) for O(api_keys[].credential) and O(api_keys[].file)
options:
  api_keys:
    description:
      - The keys to ask about.
      - Give O(api_keys[].api_key) and O(api_keys[].secret), or O(api_keys[].file), or O(api_keys[].credential) for one
        that is already placed, with O(api_keys[].api_key) beside it where that is a private key alone. Only
        O(api_keys[].exchange=other) needs neither. Hyperliquid is asked without a signature, and takes
        O(api_keys[].api_key) alone.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Your name for the key. Each one once.
        type: str
        required: true
      exchange:
        description:
          - V(binance), V(bingx), V(bitfinex), V(bitget), V(bitmart), V(bitmex), V(bitstamp), V(blofin), V(bybit),
            V(coinbase), V(cryptocom), V(deribit), V(gate), V(gemini), V(htx), V(hyperliquid), V(kraken),
            V(krakenfutures), V(kucoin), V(mexc), V(okx), V(phemex) or V(woo).
          - V(bitmart), V(bitstamp), V(cryptocom), V(mexc) and V(phemex) have no call by which a key tells about itself.
            There only whether the key is accepted is learned; the rest is for O(api_keys[].declared).
          - V(other) for an exchange that is not known here. It is never asked, and O(api_keys[].declared) is all
            there is. Name it with O(api_keys[].declared.ccxt_id).
        type: str
        required: true
      environment:
        description:
          - The exchange's environment that the key was made in. V(mainnet) is real money.
          - V(testnet) exists for Binance, BitMEX, Bybit, Crypto.com (its UAT), Deribit, Gate, Gemini (its sandbox),
            Hyperliquid, Phemex and WOO X, V(demo) for Binance, BingX, Bitget, BloFin, Bybit, Kraken Futures and OKX.
          - V(custom) asks O(api_keys[].base_url), for a simulator or a gateway of your own.
          - On Binance's test sites a key can only prove that it is accepted. They have no call by which it tells
            about itself.
        type: str
        default: mainnet
      region:
        description:
          - The exchange's regional site that the account belongs to. A key of one site is unknown on the others.
          - Bybit has V(global), V(nl), V(tr), V(kz), V(ge), V(ae), V(eu), V(id) and V(jp). OKX has V(global), V(us)
            and V(eea). Binance has V(global) and V(us). Gate and KuCoin have V(global) and V(eu). HTX has V(global),
            and V(aws) for its second host.
        type: str
        default: global
      api_key:
        description: The key, as the exchange shows it. For Hyperliquid the address of the agent (API wallet).
        type: str
      secret:
        description:
          - Its secret. Take it from a vault or a lookup, and never write it in a play.
          - A private key goes here in PEM form (PKCS#8 or PKCS#1), written as a YAML block that begins with C(|).
            Binance takes Ed25519 and RSA keys, Bybit and Bitget RSA keys, Deribit and HTX Ed25519 keys. Its public half
            is registered at the exchange. Coinbase gives out ECDSA keys, and Ed25519 keys in base64.
        type: str
      key_password:
        description: The password of an encrypted private key, given or placed.
        type: str
      passphrase:
        description:
          - The passphrase that was chosen when the key was made, for Bitget, BloFin, KuCoin and OKX. ccxt calls it
            C(password).
          - For BitMart the memo. ccxt calls it C(uid).
          - Only what can be told of it leaves the host (RV(api_keys[].passphrase)).
        type: str
      credential:
        description:
          - Use a credential that M(trading.hosts.credential) placed on this host, instead of a secret in the play.
          - It is decrypted in memory, behind the guard that keeps systemd from deleting the host's key.
          - The form of the document (JSON, ccxt, freqtrade) is told from the document itself.
          - A private key alone, as M(trading.hosts.key_pair) makes it, does as well. Give O(api_keys[].api_key) beside
            it, and O(api_keys[].passphrase) where the exchange has one.
        type: dict
        suboptions:
          name:
            description: Name of the credential.
            type: str
            required: true
          directory:
            description: Directory that it is in, on the host.
            type: path
            default: /etc/credstore.encrypted
          entry:
            description: The account in the document, where it holds several.
            type: str
          age_identity:
            description: The host's identity, which opens a credential of the store C(age).
            type: path
            default: /var/lib/trading-hosts/age/identity
      file:
        description:
          - Use a key that lies in clear in a program's own file on this host, as
            M(trading.hosts.exposed_credential_info) finds it.
          - Where the file cannot be used, or does not say itself that the key is one of O(api_keys[].exchange), the
            key is V(held_back) with the reason. No link is followed, at most 256 KiB are read, and nothing is written.
        type: dict
        suboptions:
          path:
            description: The file, from C(/) on.
            type: str
            required: true
          entry:
            description: The account in the file, where it holds several.
            type: str
      base_url:
        description:
          - Ask here instead of the exchange's own host. Only the scheme, a host and a port.
          - RV(api_keys[].official) is then V(false), because somebody else may be answering.
          - Plain C(http://) is only for a loopback address with O(api_keys[].environment=custom).
        type: str
      futures_base_url:
        description: The futures host that goes with O(api_keys[].base_url), for O(api_keys[].ask_futures_host).
        type: str
      ask_futures_host:
        description:
          - Binance has one answer (C(-2015)) for a wrong address, a deleted key and a missing permission. With
            V(true), its futures host is then asked once more, which tells the address that it saw.
          - That is a second refused call for this key.
        type: bool
        default: false
      ask_key_list:
        description:
          - Deribit shows a key's addresses only in its list of all keys of the account, which may hold the secret of
            each of them. With V(true), that list is asked for; this key's own row is kept without its secret, and
            everything else is dropped unread.
          - Without it the addresses of a Deribit key are not told.
        type: bool
        default: false
      nonce:
        description:
          - How the requests of this key are numbered, for V(bitfinex), V(gemini) and V(kraken), which need it.
          - These exchanges refuse a number below the last one of the key. A question with a wrong number would lock out
            the program that trades with the key. So a question is only put where that cannot happen, and everything
            else fails before anything is sent.
          - The best way is a key of its own for the audit, with O(api_keys[].nonce.shared=false).
        type: dict
        suboptions:
          shared:
            description:
              - Whether a program signs with this key too. V(false) is your word that none does.
              - V(true) works on Kraken with O(api_keys[].nonce.unit) and O(api_keys[].nonce.window), and on Gemini with
                O(api_keys[].nonce.time_based). On Bitfinex it is refused.
            type: bool
            default: true
          unit:
            description:
              - The unit of time in which that program counts. ccxt, and with it freqtrade, counts in V(ms).
              - On a key that is not shared this is V(ms) unless given. Bitfinex takes no V(ns).
            type: str
            choices: [s, ms, us, ns]
          window:
            description:
              - The nonce window of a key of Kraken, counted in O(api_keys[].nonce.unit), as its page shows it. At least
                10 seconds, so V(10000) for V(ms).
              - The number that is sent lies half of it below the earlier of two clocks, the host's and Kraken's.
            type: int
          time_based:
            description: Whether a key of Gemini was made with the setting C(Uses a time based nonce).
            type: bool
            default: false
      declared:
        description:
          - What you declare of the key. It is not compared here, but passed on to the judge. Nothing in it is a
            secret.
        type: dict
        suboptions:
          ccxt_id:
            description:
              - The exchange's name in ccxt, such as V(weex), with O(api_keys[].exchange=other). The judge then knows
                whether it needs a passphrase.
            type: str
          label:
            description: The key's name on the exchange, as the exchange shows it.
            type: str
          access:
            description: Whether the key may only read, or also act.
            type: str
            choices: [read, read_write]
          products:
            description:
              - What the key acts on with O(api_keys[].declared.access=read_write). Each product stands for one
                permission.
            type: list
            elements: str
            choices: [borrow, convert, copy, earn, futures, margin, options, spot, transfer]
          account:
            description: The account's id on the exchange that the key must belong to.
            type: str
          account_level:
            description: Whether the key must belong to the main account or to a sub-account.
            type: str
            choices: [main, sub]
          owner_kind:
            description: Whether the key is your own or bound to a vendor's application.
            type: str
            choices: [own, vendor]
          ip_restriction:
            description: Whether the key is restricted to addresses, where the exchange does not tell.
            type: bool
          allowlist:
            description: The addresses that you entered on the exchange, where the exchange does not show them.
            type: list
            elements: str
          created_on:
            description: The day the key was created, C(YYYY-MM-DD).
            type: str
          expires_on:
            description: The day the key ends, C(YYYY-MM-DD).
            type: str
          two_factor:
            description: The second factor of the account, as a named person saw it on a day.
            type: dict
            suboptions:
              kind:
                description: The kind of second factor.
                type: str
                required: true
                choices: [app, hardware, sms, none]
              attested_by:
                description: Who saw it.
                type: str
                required: true
              attested_on:
                description: The day it was seen, C(YYYY-MM-DD).
                type: str
                required: true
          restriction_events:
            description: When the account was restricted or its password changed.
            type: list
            elements: dict
            suboptions:
              what:
                description: What happened.
                type: str
                required: true
                choices: [account_restricted, password_changed]
              "on":
                description: The day it happened, C(YYYY-MM-DD).
                type: str
                required: true
          attested:
            description: Who vouches for a declared field, and on which day.
            type: dict
            suboptions:
              account:
                description: Who vouches for the account's id.
                type: dict
                suboptions:
                  by:
                    description: The person.
                    type: str
                    required: true
                  "on":
                    description: The day, C(YYYY-MM-DD).
                    type: str
                    required: true
              account_level:
                description: Who vouches for the account's level.
                type: dict
                suboptions:
                  by:
                    description: The person.
                    type: str
                    required: true
                  "on":
                    description: The day, C(YYYY-MM-DD).
                    type: str
                    required: true
              allowlist:
                description: Who vouches for the addresses.
                type: dict
                suboptions:
                  by:
                    description: The person.
                    type: str
                    required: true
                  "on":
                    description: The day, C(YYYY-MM-DD).
                    type: str
                    required: true
              benign_permissions:
                description: Who vouches for the harmless words.
                type: dict
                suboptions:
                  by:
                    description: The person.
                    type: str
                    required: true
                  "on":
                    description: The day, C(YYYY-MM-DD).
                    type: str
                    required: true
              created_on:
                description: Who vouches for the day of creation.
                type: dict
                suboptions:
                  by:
                    description: The person.
                    type: str
                    required: true
                  "on":
                    description: The day, C(YYYY-MM-DD).
                    type: str
                    required: true
              egress_address:
                description: Who vouches for whose address it is.
                type: dict
                suboptions:
                  by:
                    description: The person.
                    type: str
                    required: true
                  "on":
                    description: The day, C(YYYY-MM-DD).
                    type: str
                    required: true
              egress_paths:
                description: Who vouches for the ways out.
                type: dict
                suboptions:
                  by:
                    description: The person.
                    type: str
                    required: true
                  "on":
                    description: The day, C(YYYY-MM-DD).
                    type: str
                    required: true
              expires_on:
                description: Who vouches for the day it ends.
                type: dict
                suboptions:
                  by:
                    description: The person.
                    type: str
                    required: true
                  "on":
                    description: The day, C(YYYY-MM-DD).
                    type: str
                    required: true
              ip_restriction:
                description: Who vouches for the restriction to addresses.
                type: dict
                suboptions:
                  by:
                    description: The person.
                    type: str
                    required: true
                  "on":
                    description: The day, C(YYYY-MM-DD).
                    type: str
                    required: true
              label:
                description: Who vouches for the label.
                type: dict
                suboptions:
                  by:
                    description: The person.
                    type: str
                    required: true
                  "on":
                    description: The day, C(YYYY-MM-DD).
                    type: str
                    required: true
              owned_prefixes:
                description: Who vouches for the networks.
                type: dict
                suboptions:
                  by:
                    description: The person.
                    type: str
                    required: true
                  "on":
                    description: The day, C(YYYY-MM-DD).
                    type: str
                    required: true
              owner_kind:
                description: Who vouches for whose key it is.
                type: dict
                suboptions:
                  by:
                    description: The person.
                    type: str
                    required: true
                  "on":
                    description: The day, C(YYYY-MM-DD).
                    type: str
                    required: true
              permissions:
                description: Who vouches for the access and the products.
                type: dict
                suboptions:
                  by:
                    description: The person.
                    type: str
                    required: true
                  "on":
                    description: The day, C(YYYY-MM-DD).
                    type: str
                    required: true
              recovery:
                description: Who vouches that trading goes on that way, because they tried it.
                type: dict
                suboptions:
                  by:
                    description: The person.
                    type: str
                    required: true
                  "on":
                    description: The day, C(YYYY-MM-DD).
                    type: str
                    required: true
          recovery:
            description: How trading goes on when this host is lost.
            type: str
            choices: [escrow, recreate, standby_key]
          lifecycle:
            description:
              - Whether the key is still used. Of a key that is V(retired), or V(revoked) because it may be in other
                hands, the judge wants one thing only, that the exchange refuses it.
            type: str
            choices: [in_use, retired, revoked]
          benign_permissions:
            description: Words of the exchange that a named person looked up and found harmless.
            type: list
            elements: str
          owned_prefixes:
            description: Networks in CIDR form that belong to you alone.
            type: list
            elements: str
          egress_paths:
            description: The ways by which the key leaves this host. Without it, one way of any family and no proxy.
            type: list
            elements: dict
            suboptions:
              family:
                description: The address family.
                type: str
                choices: [ipv4, ipv6, any]
                default: any
              proxy:
                description: The kind of proxy.
                type: str
                choices: [none, http, socks5]
                default: none
              source_address:
                description: The address of this host that it leaves from.
                type: str
          service:
            description: The systemd service that uses the key.
            type: str
          egress_address:
            description:
              - Whether the address that the key is used from is yours alone, shared with strangers (behind a NAT), or
                that of a commercial proxy.
            type: str
            choices: [exclusive, shared, proxy]
          owner:
            description: The person who answers for the key.
            type: str
          purpose:
            description: What the key is for.
            type: str
          reviewed_on:
            description: The day on which its owner last looked whether it is still needed as it is, C(YYYY-MM-DD).
            type: str
          shared_with:
            description: Inventory names of other hosts that use this key too, on purpose.
            type: list
            elements: str
          standby_hosts:
            description: Inventory names of hosts whose addresses are on the allowlist in case this one is lost.
            type: list
            elements: str
          allowlist_reasons:
            description: Why an entry is on the allowlist that no host uses, and until which day.
            type: list
            elements: dict
            suboptions:
              entry:
                description: The entry, as it is on the allowlist.
                type: str
                required: true
              reason:
                description: What it is for.
                type: str
                required: true
              until:
                description: The last day on which the reason holds, C(YYYY-MM-DD).
                type: str
                required: true
          key_type:
            description: The kind of key that the credential must be encrypted with on the host.
            type: str
            choices: [any, host, tpm2, host+tpm2, age]
  deadline:
    description:
      - Seconds that all keys may take together, at most 3600. No answer that came in time is lost.
      - A key whose turn did not come is V(held_back), one whose answer did not come is V(unreachable).
      - An exchange that takes few requests needs its time. C(docs/exchanges.md) has the limits.
    type: float
    default: 120.0
  hold_back:
    description:
      - Names of O(api_keys) that are not asked; they come back as V(held_back).
      - The controller adds the keys that another host was refused with in the same run.
    type: list
    elements: str
    default: []
  mark_with:
    description:
      - Set by the action plugin of this module, not by people. Nothing is asked; instead each key whose
        O(api_keys[].credential) lies on the host comes back as a mark, by which the controller knows the same key on
        several hosts without seeing it.
    type: str
  ip_family:
    description:
      - Ask over this address family only. An allowlist with IPv4 entries says nothing about a host that leaves by
        IPv6.
      - Behind a O(proxy) it cannot be chosen.
    type: str
    choices: [any, ipv4, ipv6]
    default: any
  validate_certs:
    description:
      - Whether to check the certificates of those who answer.
      - With V(false) anybody on the way can answer, so RV(api_keys[].official) is V(false).
    type: bool
    default: true
seealso:
  - module: trading.hosts.public_ip_info
  - module: trading.hosts.credential
"""

EXAMPLES = r"""
---
- name: Ask about a key whose secret comes from a vault
  trading.hosts.api_key_info:
    api_keys:
      - name: spot-bot
        exchange: okx
        api_key: "{{ vault_okx_api_key }}"
        secret: "{{ vault_okx_secret }}"
        passphrase: "{{ vault_okx_passphrase }}"
        declared:
          label: spot-bot
          access: read_write
          products: [spot]
  register: learned

- name: Show why a key was refused, and the address to put on its allowlist
  ansible.builtin.debug:
    msg: "{{ item.access.status }}, seen as {{ item.access.seen_address }}: {{ item.access.next_step }}"
  loop: "{{ learned.api_keys }}"
  loop_control:
    label: "{{ item.name }}"

- name: Audit the keys that are placed on this host, without any secret, and keep the facts on the controller
  become: true
  trading.hosts.api_key_info:
    api_keys:
      - name: spot-bot
        exchange: okx
        credential:
          name: spot-bot.json
      - name: grid-bot
        exchange: bybit
        region: eu
        credential:
          name: grid-bot.json
    facts_dir: "{{ inventory_dir }}/facts"

- name: Declare a key of an exchange that is not known here
  trading.hosts.api_key_info:
    api_keys:
      - name: old-bot
        exchange: other
        declared:
          ccxt_id: bitvavo
          access: read
          ip_restriction: true
          created_on: "2026-10-01"
          attested:
            ip_restriction:
              by: Ada Example
              "on": "2026-11-01"
"""

RETURN = r"""
api_keys:
  description: What was learned, one entry for each of O(api_keys), in that order.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Your name for the key.
      type: str
      sample: spot-bot
    exchange:
      description: The exchange.
      type: str
      sample: okx
    environment:
      description: The environment that was asked.
      type: str
      sample: mainnet
    region:
      description: The region that was asked.
      type: str
      sample: global
    host:
      description: The host's name in the inventory.
      type: str
      sample: trader-1
    asked_at:
      description: When the question was put, by the host's clock.
      type: str
      sample: "2026-11-22T07:13:54Z"
    asked_host:
      description: The host that was asked. V(null) for V(other).
      type: str
      sample: www.okx.com
    exchange_families:
      description:
        - The address families in which the exchange's name resolves on this host, V(ipv4) and V(ipv6).
        - V(null) where it was not resolved, because a proxy does it or the name does not resolve.
      type: list
      elements: str
      sample: [ipv4]
    official:
      description:
        - Whether only the exchange itself can have answered. V(false) with O(api_keys[].base_url), O(ca_path) or
          O(validate_certs=false).
      type: bool
    key_type:
      description:
        - The type of the key, told from its secret. V(hmac), V(rsa), V(ed25519) or V(es256).
        - V(null) where no secret was at hand, or none is signed with.
      type: str
      sample: hmac
    credential:
      description: The placed credential that was used. V(null) where the secret was given.
      type: str
      sample: spot-bot.json
    file:
      description: The file in which the key lies in clear. V(null) for others.
      type: str
    path:
      description: The way by which the question left the host. What was learned holds for this way only.
      type: dict
      contains:
        user:
          description: The local user that asked.
          type: str
          sample: root
        family:
          description: The address family that was asked for.
          type: str
          sample: any
        proxy:
          description: The kind of proxy, V(none), V(http) or V(socks5).
          type: str
          sample: none
        source_address:
          description: The address that was bound.
          type: str
        netns:
          description: The inode of the network namespace.
          type: str
          sample: "4026531840"
    access:
      description: Whether the exchange accepted the signed read, and what it said if not.
      type: dict
      contains:
        status:
          description:
            - V(accepted), or why not.
            - V(ip_refused), V(invalid_key), V(expired), V(bad_signature), V(clock_skew), V(bad_passphrase),
              V(permission_denied) and V(wrong_environment) are what the exchange said.
            - V(ambiguous) leaves several causes open. V(rate_limited) and V(unreachable) say nothing about the key,
              and neither does V(held_back), which was not asked because a key of the same exchange was refused just
              before, or because the time was over (O(deadline)).
            - V(not_asked) is for V(other).
          type: str
          sample: ip_refused
        code:
          description: The exchange's own code.
          type: str
          sample: "50110"
        message:
          description: The exchange's own text, in one line, without secrets and key ids.
          type: str
          sample: Your IP 91.198.115.11 is not included in your API key's [removed] IP whitelist.
        seen_address:
          description: The address that the exchange saw, where it says so.
          type: str
          sample: 91.198.115.11
        next_step:
          description: What to do next.
          type: str
          sample: Add the address that the exchange sees this host from to the key's allowlist, or ask from a host
            that is on it.
        retry_after:
          description: Seconds that the exchange wants to be left alone. Nothing was waited for.
          type: int
          sample: 30
    observed:
      description: What the exchange told of the key. V(null) where it was not accepted.
      type: dict
      contains:
        masked_id:
          description: At most a quarter of the key.
          type: str
          sample: b684…8ad2
        account:
          description: The account that the key belongs to, with C(id), C(parent_id) and C(level) (V(main) or V(sub)).
          type: dict
        owner_kind:
          description: V(own), or V(vendor) for a key that is bound to a vendor's application.
          type: str
        label:
          description: The key's name on the exchange.
          type: str
          sample: spot-bot
        permissions:
          description:
            - What the key may do, in words that are the same for all exchanges.
            - A word that is not known here is kept as C(unknown:) and the exchange's word. Take it for the most
              dangerous.
          type: list
          elements: str
          sample: [read, spot_trade]
        raw_permissions:
          description: What the exchange said, word by word.
          type: list
          elements: str
          sample: [read_only, trade]
        allowlist:
          description:
            - The key's restriction to addresses. Its C(state) is V(entries), V(unrestricted), V(hidden)
              (restricted, but not told to what) or V(unknown). Its C(entries) are spelled as the exchange spells
              them.
          type: dict
          sample: {"state": "entries", "entries": ["91.198.115.11"]}
        created_at:
          description: When the key was created.
          type: str
          sample: "2026-10-01T12:00:00Z"
        expiry:
          description:
            - When it ends. Its C(state) is V(at), V(never) or V(unknown), and C(at) is the instant.
            - Its C(scope) is V(key), or V(trade) where only the right to trade ends (Binance).
          type: dict
          sample: {"state": "never", "at": null, "scope": "key"}
        last_used_at:
          description: When it was last used.
          type: str
        state:
          description: V(normal), V(locked) or V(frozen).
          type: str
        not_told:
          description: The fields that this exchange cannot tell.
          type: list
          elements: str
          sample: [created_at, expiry, last_used_at, owner_kind, state]
    passphrase:
      description: What can be told of the passphrase without telling it. V(null) where no secret was at hand.
      type: dict
      contains:
        given:
          description: Whether there is one.
          type: bool
        fits_format:
          description: Whether it fits the exchange's rule. V(null) where the exchange has none or it is not known.
          type: bool
        length:
          description: V(short) (under 12 characters), V(fair) (12 to 15) or V(long).
          type: str
        guessable:
          description: Whether it is a common word, a sequence or a repetition.
          type: bool
        equals_other_field:
          description: Whether it equals the label, the name, the exchange, the key or the secret.
          type: bool
    declared:
      description: What you declared, without what you left out.
      type: dict
facts_file:
  description: The file on the controller that the facts were written to.
  returned: with O(facts_dir)
  type: str
  sample: facts/trader-1.api_keys.json
transport:
  description: How the secrets reached the host.
  returned: when a secret was handed over
  type: dict
  contains:
    connection:
      description: The connection.
      type: str
      sample: ssh
    pipelining:
      description: Always V(true). Otherwise nothing would have been sent.
      type: bool
    verified_host:
      description: Whether the host's SSH identity was checked.
      type: bool
    verified_host_problem:
      description: Why not. V(null) where it was.
      type: str
    become_method:
      description: The become method. V(null) where none was needed.
      type: str
      sample: sudo
    sudo_records_input:
      description: Always V(false) with C(sudo), which would otherwise have been refused. V(null) without.
      type: bool
"""

import socket
import typing as t

from ansible_collections.trading.hosts.plugins.module_utils._exchanges._contract import Credential
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._in_clear import open_in_clear
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._learn import learn
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._marks import host_marks
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._options import ARGUMENT_SPEC, InClear, Placed
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._placed import open_placed
from ansible_collections.trading.hosts.plugins.module_utils._facts import to_json
from ansible_collections.trading.hosts.plugins.module_utils._module import AnsibleModule, run_module


def work(module: AnsibleModule) -> dict[str, t.Any]:
    def hide(credential: Credential) -> Credential:
        # Ansible hides what came in as an option; this came from the disk.
        module.no_log_values.update(credential.secrets())
        return credential

    def placed(wanted: Placed, field: str) -> Credential:
        return hide(open_placed(wanted, field))

    def in_clear(wanted: InClear, field: str) -> Credential:
        return hide(open_in_clear(wanted, field))

    if module.params["mark_with"]:
        secret = module.params["mark_with"]
        marks = host_marks(module.params, run_secret=secret, open_placed=placed, open_in_clear=in_clear)
        return {"changed": False, "marks": marks}
    facts = learn(module.params, host=socket.gethostname(), open_placed=placed, open_in_clear=in_clear)
    return {"changed": False, "api_keys": [to_json(fact) for fact in facts]}


def main() -> None:
    run_module(argument_spec=ARGUMENT_SPEC, work=work, holds_secrets=True)


if __name__ == "__main__":
    main()
