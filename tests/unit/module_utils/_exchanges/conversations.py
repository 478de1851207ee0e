# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole interviews with every exchange, and what their words may mean: written from the documents, not from the code.

`CONVERSATIONS` names every answer that an interview can take, in order. `RIGHTS` is the other reading of them: an
answer becomes a set of lines `path=value`, and each line gives certain rights, or none. `test_mutations.py` uses both.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from typing import TYPE_CHECKING, Any

from ansible_collections.trading.hosts.plugins.module_utils._exchanges._contract import Credential
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._nonce import Nonce
from tests.unit.module_utils._exchanges.test_answers import BITGET_UNIFIED, GOOD, TIMES

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "KEYcanary0123456789"
SECRET = "SECRETcanary0123456789AASECRETcanary0123456="
#: What belongs to other keys of the account; nothing of it may ever be told.
STRANGER = "STRANGERcanary"
CREDENTIAL = Credential(KEY, SECRET, "PHRASEcanary1!")
CREDENTIALS = {
    "coinbase": Credential("organizations/canary/apiKeys/1", base64.b64encode(b"c" * 32).decode()),
    "hyperliquid": Credential("0x" + "aa" * 20, ""),
}


@dataclasses.dataclass(frozen=True)
class Conversation:
    """Answers in the order of the questions, each with its HTTP status; `step` is the one that is mutated."""

    exchange: str
    answers: tuple[tuple[int, Any], ...]
    step: int
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    #: Tells it from others of the same exchange and step.
    about: str = ""
    introspects: bool = True

    @property
    def id(self) -> str:
        return "-".join(filter(None, (self.exchange, str(self.step + 1), self.about)))


def _own(exchange: str, **other: Any) -> dict[str, Any]:
    rows = {
        "bitmex": GOOD["bitmex"][0],
        "htx": GOOD["htx"]["data"][0],
        "woo": GOOD["woo"]["data"]["rows"][0],
        "gate": {
            "state": 1,
            "name": "bot",
            "perms": [{"name": "account", "read_only": True}, {"name": "spot", "read_only": False}],
            "key": "KEYcanary012*****",
            "created_at": 1753030929,
            "last_access": "1753030930",
        },
        "deribit": {
            "client_id": KEY,
            "client_secret": SECRET,
            "name": "bot",
            "max_scope": "account:read trade:read_write wallet:none",
            "ip_whitelist": ["1.2.3.4"],
            "timestamp": 1684763997626,
            "enabled": True,
        },
    }
    return {**rows[exchange], **other}


BINGX_BOXES = {
    "ipRestrict": True,
    "createTime": 1684763997626,
    "permitsUniversalTransfer": True,
    "enableReading": True,
    "enableFutures": True,
    "enableSpotAndMarginTrading": False,
}
KUCOIN_UNIFIED = {
    "code": "200000",
    "data": {"remark": "bot", "permission": "General,Unified", "isMaster": True, "uid": 7, "createdAt": 1728443843000},
}
BALANCE = {"balances": [{"asset": "BTC", "free": "1"}], "canTrade": True, "canWithdraw": True}
BINGX_BALANCE = {"code": 0, "msg": "", "data": {"balance": {"asset": "USDT", "balance": "1"}}}
BINANCE_NO = {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action, request ip: 91.198.115.11"}
BITGET_MOVED = {"code": "40085", "msg": "You are in Unified Account mode", "data": None}
KUCOIN_MOVED = {"code": "112010", "msg": "not for this account"}
KRAKEN_CLOCK = {"error": [], "result": {"unixtime": 1795331634, "rfc1123": "Sun, 22 Nov 26 07:13:54 +0000"}}
AGENTS = [
    {"address": "0x" + "cc" * 20, "name": STRANGER, "validUntil": 1736927066501},
    {"address": "0x" + "aa" * 20, "name": "grid", "validUntil": 1836927066501},
]
_BITMEX = [_own("bitmex", id=STRANGER, name=STRANGER, secret=STRANGER, permissions=["withdraw"]), _own("bitmex")]
_GATE = [
    _own("gate", name=STRANGER, key="52fd0035f665*****", perms=[{"name": "withdrawal", "read_only": False}]),
    _own("gate"),
]
_HTX = {
    "code": 200,
    "data": [_own("htx", accessKey=STRANGER, note=STRANGER, permission="withdraw", ipAddresses="9.9.9.9"), _own("htx")],
}
_WOO = {
    "success": True,
    "data": {
        "rows": [
            _own("woo", apiKey=STRANGER, accountName=STRANGER, permissions=["WITHDRAWAL"], allowedIPs=["9.9.9.9"]),
            _own("woo"),
        ]
    },
}
_DERIBIT = {
    "jsonrpc": "2.0",
    "result": [
        _own(
            "deribit",
            client_id="other",
            client_secret=STRANGER,
            name=STRANGER,
            max_scope="wallet:read_write",
            ip_whitelist=["9.9.9.9"],
        ),
        _own("deribit"),
    ],
}
_LISTS = {"bitmex": _BITMEX, "woo": _WOO}
_SINGLE = tuple(
    Conversation(name, ((200, _LISTS.get(name, GOOD[name])),), 0, {"tell_other_keys": True} if name in _LISTS else {})
    for name in GOOD
    if name not in ("bingx", "deribit", "gate", "htx", "hyperliquid")
)


def _all(name: str, *answers: Any, **options: Any) -> tuple[Conversation, ...]:
    """Return the interview once for each of its steps."""
    whole = tuple(one if isinstance(one, tuple) else (200, one) for one in answers)
    return tuple(Conversation(name, whole, step, options) for step in range(len(whole)))


CONVERSATIONS: tuple[Conversation, ...] = (
    *_SINGLE,
    *_all("bingx", GOOD["bingx"], BINGX_BOXES),
    *_all("deribit", GOOD["deribit"], _DERIBIT, ask_key_list=True, tell_other_keys=True),
    *_all("gate", GOOD["gate"], _GATE, tell_other_keys=True),
    *_all("htx", {"code": 200, "data": 4711}, _HTX, tell_other_keys=True),
    *_all("hyperliquid", GOOD["hyperliquid"], AGENTS),
    Conversation(
        "okx", ((200, {**GOOD["okx"], "data": [{**GOOD["okx"]["data"][0], "type": "1"}]}),), 0, about="sub-account"
    ),
    _all("bitget", (400, BITGET_MOVED), BITGET_UNIFIED)[1],
    _all("kucoin", KUCOIN_MOVED, KUCOIN_UNIFIED)[1],
    _all("coinbase", (401, {"error": "Unauthorized"}), TIMES["coinbase"])[1],
    dataclasses.replace(
        _all("kraken", KRAKEN_CLOCK, GOOD["kraken"], nonce=Nonce("ms", lag=5.0, shared=True))[0], about="clock first"
    ),
    _all("binance", (400, BINANCE_NO), (400, BINANCE_NO), ask_futures_host=True)[1],
    Conversation("binance", ((200, BALANCE),), 0, about="test site", introspects=False),
    Conversation("bingx", ((200, BINGX_BALANCE),), 0, about="demo site", introspects=False),
)

# --- the other reading ---

ALL = ("spot_trade", "margin_trade", "futures_trade", "options_trade")
#: By exchange: what a line may be, as a full match, and the rights that it gives. The first one that fits counts.
RIGHTS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "binance": (
        ("enable(Reading|FixReadOnly)=true", ("read",)),
        ("enableSpotAndMarginTrading=true", ("spot_trade", "margin_trade")),
        ("enableFixApiTrade=true", ("spot_trade",)),
        ("enableMargin=true", ("borrow", "transfer_own")),
        ("enableFutures=true", ("futures_trade",)),
        ("enableVanillaOptions=true", ("options_trade",)),
        ("enablePortfolioMarginTrading=true", ("futures_trade", "margin_trade")),
        ("permitsUniversalTransfer=true", ("transfer_own",)),
        ("enableInternalTransfer=true", ("transfer_sub",)),
        ("enableWithdrawals=true", ("withdraw",)),
    ),
    "bingx": (
        (r"permissions\[\]=1|enableSpotAndMarginTrading=true", ("spot_trade", "margin_trade")),
        (r"permissions\[\]=2|enableReading=true", ("read",)),
        (r"permissions\[\]=3|enableFutures=true", ("futures_trade",)),
        (r"permissions\[\]=4|permitsUniversalTransfer=true", ("transfer_own",)),
        (r"permissions\[\]=5", ("withdraw",)),
        (r"permissions\[\]=7", ("transfer_sub",)),
    ),
    "bitfinex": (
        (".*:read", ("read",)),
        ("orders:write", ("spot_trade", "margin_trade")),
        ("positions:write", ("futures_trade",)),
        ("funding:write", ("earn",)),
        ("wallets:write", ("transfer_own",)),
        ("withdraw:write", ("withdraw",)),
    ),
    "bitget": (
        ("always", ("read",)),
        (r"data\.(permissions|authorities)\[\]=(readonly|(co|cp|st|sm|tt|wt|ch)or|taxr|p2pr|pllr)", ("read",)),
        (r"data\.(permissions|authorities)\[\]=(trade|stow)", ("spot_trade",)),
        (r"data\.(permissions|authorities)\[\]=(coow|cpow)", ("futures_trade",)),
        (r"data\.(permissions|authorities)\[\]=smow", ("margin_trade",)),
        (r"data\.(permissions|authorities)\[\]=(ttow|copy_futures_(position|order))", ("copy_trade",)),
        (r"data\.(permissions|authorities)\[\]=pllw", ("borrow",)),
        (r"data\.(permissions|authorities)\[\]=(wtow|transfer)", ("transfer_own",)),
        (r"data\.(permissions|authorities)\[\]=(wwow|withdraw)", ("withdraw",)),
        (r"data\.(permissions|authorities)\[\]=chow", ("manage_keys",)),
        (r"data\.(permissions|authorities)\[\]=p2p", ("spend",)),
        (r"data\.(permissions|authorities)\[\]=taxw", ("benign",)),
        (r"data\.(permissions|authorities)\[\]=uta_trade", ("spot_trade", "margin_trade", "futures_trade")),
        (r"(?i:data\.permType=read[-_ ](and[-_ ])?write)", ()),
    ),
    "bitmex": (
        ("always", ("read",)),
        (r"permissions\[\]=order", ("spot_trade", "futures_trade")),
        (r"permissions\[\]=withdraw", ("withdraw",)),
    ),
    "blofin": ((r"data\.readOnly=1", ("read",)),),
    "bybit": (
        ("always", ("read",)),
        (r"result\.permissions\.Spot\[\]=SpotTrade", ("spot_trade", "margin_trade")),
        (r"result\.permissions\.ContractTrade\[\]=(Order|Position)", ("futures_trade",)),
        (r"result\.permissions\.Derivatives\[\]=DerivativesTrade", ("futures_trade",)),
        (r"result\.permissions\.Options\[\]=OptionsTrade", ("options_trade",)),
        (r"result\.permissions\.CopyTrading\[\]=CopyTrading", ("copy_trade",)),
        (r"result\.permissions\.Exchange\[\]=ExchangeHistory", ("convert",)),
        (r"result\.permissions\.Earn\[\]=Earn", ("earn",)),
        (r"result\.permissions\.Wallet\[\]=AccountTransfer", ("transfer_own",)),
        (r"result\.permissions\.Wallet\[\]=SubMemberTransfer(List)?", ("transfer_sub",)),
        (r"result\.permissions\.Wallet\[\]=Withdraw", ("withdraw",)),
        (r"result\.permissions\.(FiatP2P|FiatConvertBroker|FiatGlobalPay|FiatBitPay|BitCard)\[\]=.*", ("spend",)),
        (r"result\.permissions\.(ByXPost|Affiliate)\[\]=.*", ("benign",)),
    ),
    "coinbase": (
        ("can_view=true", ("read",)),
        ("can_trade=true", ("spot_trade", "futures_trade")),
        ("can_transfer=true", ("withdraw", "transfer_out", "transfer_own")),
    ),
    "deribit": (
        ("a scope=(account|trade|wallet|block_trade|block_rfq):read", ("read",)),
        ("a scope=account:read_write", ("read", "manage_keys")),
        ("a scope=(trade|block_trade|block_rfq):read_write", ("read", "spot_trade", "futures_trade", "options_trade")),
        ("a scope=wallet:read_write", ("read", "withdraw", "transfer_own", "transfer_sub")),
        ("a scope=(connection|mainaccount|(session|expires|ip):.*|.*:none)", ()),
    ),
    "gate": (
        # A group that is not known by name reads at least.
        ("a group", ("read",)),
        ("perm=wallet:read_write", ("read", "transfer_own", "transfer_sub")),
        ("perm=spot:read_write", ("read", "spot_trade", "margin_trade")),
        ("perm=(margin|unified):read_write", ("read", "margin_trade", "borrow")),
        ("perm=loan:read_write", ("read", "borrow")),
        ("perm=(futures|delivery):read_write", ("read", "futures_trade")),
        ("perm=options:read_write", ("read", "options_trade")),
        ("perm=earn:read_write", ("read", "earn")),
        ("perm=copy:read_write", ("read", "copy_trade")),
        ("perm=withdraw(al)?:read_write", ("read", "withdraw")),
    ),
    "gemini": (
        ("isAuditor=true", ("read",)),
        ("isTrader=true", ("read", "spot_trade")),
        ("isFundManager=true", ("read", "transfer_own", "withdraw")),
    ),
    "htx": (
        ("permission,=readOnly", ("read",)),
        ("permission,=trade", ("spot_trade", "margin_trade", "futures_trade", "transfer_own")),
        ("permission,=withdraw", ("withdraw",)),
    ),
    "hyperliquid": (
        ("role=agent", ("read", "spot_trade", "futures_trade")),
        (
            "role=user",
            (
                "read",
                "spot_trade",
                "futures_trade",
                "withdraw",
                "manage_keys",
                "transfer_own",
                "transfer_out",
                "transfer_sub",
            ),
        ),
    ),
    "kraken": (
        (r"result\.permissions\[\]=query-(funds|open-trades|closed-trades|ledger)", ("read",)),
        (r"result\.permissions\[\]=(modify|close)-trades", ("spot_trade", "margin_trade")),
        (r"result\.permissions\[\]=(add-funds|create-ws-token)", ("benign",)),
        (r"result\.permissions\[\]=withdraw-funds", ("withdraw",)),
    ),
    "krakenfutures": (),
    "kucoin": (
        (r"data\.permission,=General", ("read",)),
        (r"data\.permission,=Spot", ("spot_trade",)),
        (r"data\.permission,=Trade", ("spot_trade", "margin_trade")),
        (r"data\.permission,=Margin", ("margin_trade", "borrow")),
        (r"data\.permission,=Futures", ("futures_trade",)),
        (r"data\.permission,=Unified", ("spot_trade", "margin_trade", "futures_trade")),
        (r"data\.permission,=Earn", ("earn",)),
        (r"data\.permission,=InnerTransfer", ("transfer_own", "transfer_sub")),
        (r"data\.permission,=Transfer", ("transfer_own", "withdraw")),
    ),
    "okx": (
        (r"data\[\]\.perm,=read_only", ("read",)),
        (r"data\[\]\.perm,=trade", (*ALL, "transfer_own")),
        (r"data\[\]\.perm,=withdraw", ("withdraw",)),
    ),
    "woo": (
        (r"permissions\[\]=READ", ("read",)),
        (r"permissions\[\]=TRADE", ("spot_trade", "margin_trade", "futures_trade")),
        (r"permissions\[\]=WITHDRAWAL", ("withdraw",)),
    ),
}
#: Lines that name a permission, whether or not it is known; one that is not known must be told by its name.
WORDS = {
    "binance": r"(?!ipRestrict=)[^.\[\]]+=true",
    "bingx": r"permissions\[\]=.*|(enable|permit|can)[^.\[\]]*=true",
    "bitfinex": ".*:write",
    "bitget": r"data\.(permissions|authorities)\[\]=.*|data\.permType=.*",
    "bitmex": r"permissions\[\]=.*",
    "bybit": r"result\.permissions\.[^.\[\]]*\[\]=.*",
    "coinbase": r"can_[^.\[\]]*=true",
    "deribit": "a scope=.*",
    "gate": "perm=.*:read_write",
    "gemini": r"[^.\[\]]+=true",
    "htx": "permission,=.+",
    "hyperliquid": "role=.*",
    "kraken": r"result\.permissions\[\]=.*",
    "krakenfutures": r"permissions\..*",
    "kucoin": r"data\.permission,=.+",
    "okx": r"data\[\]\.perm,=.+",
    "woo": r"permissions\[\]=.*",
}
#: Where a permission of another name would stand: the step, and the path of the list, text or object.
NEW_WORD: dict[str, tuple[int, tuple[Any, ...]]] = {
    "binance": (0, ()),
    "bingx": (0, ("permissions",)),
    "bitfinex": (0, ()),
    "bitget": (0, ("data", "authorities")),
    "bitmex": (0, (1, "permissions")),
    "bybit": (0, ("result", "permissions", "Wallet")),
    "coinbase": (0, ()),
    "deribit": (0, ("result", "scope")),
    "gate": (1, (1, "perms")),
    "gemini": (0, ()),
    "htx": (1, ("data", 1, "permission")),
    "hyperliquid": (0, ("role",)),
    "kraken": (0, ("result", "permissions")),
    "krakenfutures": (0, ("permissions",)),
    "kucoin": (0, ("data", "permission")),
    "okx": (0, ("data", 0, "perm")),
    "woo": (0, ("data", "rows", 1, "permissions")),
}
#: A line after which the key can only read, whatever else is told.
READ_ONLY = {
    "bitget": r"(?i:data\.permType=read([-_ ]?only)?)",
    "bybit": r"result\.readOnly=1",
}
#: Lines that hold the addresses; elsewhere no address may ever be told.
ADDRESSES = {
    "bingx": r"ipAddresses\[\]=(.*)",
    "bitget": r"data\.ips,=(.*)",
    "bitmex": r"(?:cidr|cidrs\[\])=(.*)",
    "blofin": r"data\.ips\[\]=(.*)",
    "bybit": r"result\.ips\[\]=(.*)",
    "deribit": r"ip_whitelist\[\]=(.*)",
    "gate": r"ip_whitelist\[\]=(.*)",
    "htx": r"ipAddresses,=(.*)",
    "kraken": r"result\.ip_allowlist\[\]=(.*)",
    "krakenfutures": r"allowedCidrBlocks\[\]=(.*)",
    "kucoin": r"data\.ipWhitelist,=(.*)",
    "okx": r"data\[\]\.ip,=(.*)",
    "woo": r"allowedIPs\[\]=(.*)",
}
HIDES = {"binance": "ipRestrict=true", "bingx": "ipRestrict=true"}
NEVER_ENDS = {
    "binance": "ipRestrict=true",
    "bybit": r"result\.expiredAt=1970-01-01.*",
    "htx": "validDays=-1",
    "kraken": r"result\.valid_until=0+",
}
ENDS = {
    "binance": r"tradingAuthorityExpirationTime=-?\d+",
    "blofin": r"data\.expireTime=.+",
    "bybit": r"result\.expiredAt=.+",
    "htx": r"validDays=\d+|status=expired",
    "hyperliquid": r"agent\.validUntil=-?\d+",
    "kraken": r"result\.valid_until=\d+",
}
SUB_ACCOUNT = {
    "bitget": r"data\.parentId=.+",
    "blofin": r"data\.parentUid=.+",
    "bybit": r"result\.isMaster=false",
    "kucoin": r"data\.isMaster=false",
    "okx": r"data\[\]\.type=[1-9][0-9]*|no type, and another main account",
}


class Line(str):
    """A line as it is."""

    __slots__ = ()


def lines(name: str, answers: list[Any]) -> set[str]:
    """Return all that the answers say of the calling key, as lines."""
    found = {"always"}
    # Kraken's clock, where that is asked first, says nothing of the key.
    for data in answers[-1:] if name == "kraken" else answers:
        for part in _own_parts(name, data):
            found.update(_lines(part, ""))
    if name == "deribit":
        found |= {
            f"a scope={word}"
            for line in tuple(found)
            for path, _sep, text in (line.partition("="),)
            if path in ("result.scope", "max_scope")
            for word in text.split()
        }
    if name == "okx" and not found & {line for line in found if re.match(r"data\[\]\.type=(?!null$).", line)}:
        found.add("no type, and another main account")
    return found


def _own_parts(name: str, data: Any) -> list[Any]:
    """Return the parts of an answer that are about the calling key: of a list of keys, its own row."""
    if name == "bitfinex":
        rows = [row for row in data if isinstance(row, list) and len(row) == 3] if isinstance(data, list) else []
        return [Line(f"{row[0]}:{right}") for row in rows for at, right in ((1, "read"), (2, "write")) if row[at] == 1]
    lists: dict[str, Callable[[], Any]] = {
        "bitmex": lambda: data,
        "deribit": lambda: data["result"],
        "gate": lambda: [data] if isinstance(data, dict) and "user_id" not in data else data,
        "htx": lambda: data["data"],
        "hyperliquid": lambda: data if isinstance(data, list) else None,
        "woo": lambda: data["data"]["rows"],
    }
    try:
        listed = lists[name]() if name in lists else None
    except (KeyError, TypeError, IndexError):
        return []
    if not isinstance(listed, list):
        return [data]
    own = [row for row in listed if isinstance(row, dict) and _is_own(name, row)]
    if name == "hyperliquid":
        return [{"agent": row} for row in own]
    return [*own, *(line for row in own for line in _groups(row))] if name == "gate" else own


def _groups(row: dict[str, Any]) -> list[Line]:
    groups = [group for group in row["perms"] if isinstance(group, dict)] if isinstance(row.get("perms"), list) else []
    return [
        Line("a group" if group.get("read_only") is True else f"perm={group['name']}:read_write")
        for group in groups
        if "name" in group
    ] + ([Line("a group")] if groups else [])


def _is_own(name: str, row: dict[str, Any]) -> bool:
    field = {
        "bitmex": "id",
        "deribit": "client_id",
        "gate": "key",
        "htx": "accessKey",
        "hyperliquid": "address",
        "woo": "apiKey",
    }
    shown = row.get(field[name])
    if not isinstance(shown, str):
        return False
    if name == "hyperliquid":
        return shown.lower() == CREDENTIALS[name].api_key.lower()
    if name == "gate":
        masked = re.fullmatch(r"([0-9A-Za-z]{8,})\*+", shown)
        return shown == KEY or (masked is not None and KEY.startswith(masked.group(1)))
    return shown == KEY


def _lines(data: Any, path: str) -> list[str]:
    """Return a line for each value; not by recursion, which ends before the deepest answers do."""
    lines: list[str] = []
    waiting = [(data, path)]
    while waiting:
        value, at = waiting.pop()
        if isinstance(value, Line):
            lines.append(value)
        elif isinstance(value, dict) and value:
            # A name must not look like a path.
            named = [(re.sub(r"[.=\[\]]", "_", name), part) for name, part in value.items()]
            waiting += [(part, f"{at}.{name}" if at else name) for name, part in reversed(named)]
        elif isinstance(value, list) and value:
            waiting += [(part, f"{at}[]") for part in reversed(value)]
        elif isinstance(value, str):
            lines += [f"{at}={value}", *(f"{at},={piece.strip()}" for piece in re.split("[,\r\n]", value))]
        else:
            lines.append(f"{at}={json.dumps(value)}")
    return lines
