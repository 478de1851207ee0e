# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keys that a module asks about. It stands here, because a module's own text travels to every host. Private."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
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
      tell_other_keys:
        description:
          - BitMEX, Gate, HTX and WOO X list all keys of an account to any key of it that may read them, and so does
            Deribit with O(api_keys[].ask_key_list). With V(true), a masked id, the permissions and the day of creation
            of each other key are kept (RV(api_keys[].observed.other_keys)); everything else is dropped at once.
          - M(trading.hosts.fleet_policy) then tells keys that nobody declares (C(unknown-key-on-account)). One key of
            each account is enough.
          - Other exchanges do not tell, and nothing more is asked there.
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
            description: When the account was restricted, its password changed, or the key lay in clear.
            type: list
            elements: dict
            suboptions:
              what:
                description: What happened.
                type: str
                required: true
                choices: [account_restricted, exposed, password_changed]
              "on":
                description: The day it happened, C(YYYY-MM-DD).
                type: str
                required: true
              rotate_by:
                description: The day until which another key must have taken its place, C(YYYY-MM-DD).
                type: str
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
"""
