/* Copyright (c) 2026, trading.hosts contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What hosts and exchanges wrote is put on the page as text only (node() makes text of every string).
 */
"use strict";
(() => {
  const [texts, remedies, keyRows, findingRows, listRows, titleRows, severityRows, seen, unseenRows] = JSON.parse(
    document.getElementById("data").textContent);
  const VERDICTS = ["fail", "unknown", "pass"];
  const WORDS = { fail: "failed", unknown: "not known", pass: "in order", waived: "waived" };
  const SIGNS = { fail: "\u2715", unknown: "?", pass: "\u2713" };
  const STEP = 40;
  const say = (place) => texts[place];
  const all = (places) => places.map(say);
  const joined = (...parts) => parts.join("\u0000");

  const severities = all(severityRows);
  const rank = new Map(severities.map((name, place) => [name, place]));
  const titles = new Map(titleRows.map(all));
  const unseen = new Map(unseenRows.map(all).map(([host, key, why]) => [joined(host, key), why]));

  const keys = keyRows.map(([key, host, exchange, service, verdict, from], id) => ({
    id, key: say(key), host: say(host), exchange: say(exchange), service: say(service), verdict: VERDICTS[verdict],
    from: all(from), findings: [], worst: severities.length, list: null,
  }));
  const byPlace = new Map(keys.map((one) => [joined(one.host, one.key), one]));
  const hosts = [];
  const byHost = new Map();
  const hostOf = (name) => {
    if (!byHost.has(name)) {
      byHost.set(name, { id: hosts.length, name, keys: [], findings: [] });
      hosts.push(byHost.get(name));
    }
    return byHost.get(name);
  };
  keys.forEach((one) => hostOf(one.host).keys.push(one));
  const findings = findingRows.map((row) => {
    const [rule, status, severity, basis, host, key, service, evidence, paste, root, waiver, code, spared] =
      row.slice(0, 13).map(say);
    const remedy = row[13] < 0 ? null : all(remedies[row[13]]);
    return { rule, status, severity, basis, host, key, service, evidence, paste, root, waiver, code, spared, remedy };
  });
  const ofPolicy = [];
  for (const one of findings) {
    const key = byPlace.get(joined(one.host, one.key));
    if (key) {
      key.findings.push(one);
      if (one.status === "fail") key.worst = Math.min(key.worst, rank.get(one.severity));
    } else if (one.host) {
      hostOf(one.host).findings.push(one);
    } else {
      ofPolicy.push(one);
    }
  }
  for (const row of listRows) {
    const [places, state, add, keep, later, unconfirmed, why, idle, whole, line] = row;
    const list = {
      places: places.map(all), state: say(state), add: all(add), keep: all(keep), later: all(later),
      unconfirmed: all(unconfirmed), why: all(why), idle: idle.map(all), whole: whole === 1, line: say(line),
    };
    for (const [host, key] of list.places) {
      const one = byPlace.get(joined(host, key));
      if (one) one.list = list;
    }
  }
  /* What is about a host and none of its keys: in short, and what the filters ask. */
  const weighs = (one) => !one.spared && ((one.status === "fail" && rank.get(one.severity) <= rank.get("medium")) ||
    (one.status === "unknown" && rank.get(one.severity) <= rank.get("high")));
  for (const host of hosts) {
    const heavy = host.findings.filter(weighs);
    host.heavy = heavy.length;
    host.verdict = heavy.some((one) => one.status === "fail") ? "fail" : heavy.length ? "unknown" : "";
    host.worst = Math.min(severities.length, ...heavy.filter((one) => one.status === "fail").map((one) => rank.get(one.severity)));
    host.hay = host.name.toLowerCase();
    const verdicts = [host.verdict || "pass", ...host.keys.map((one) => one.verdict)];
    host.order = Math.min(...verdicts.map((verdict) => VERDICTS.indexOf(verdict))) * 10 +
      Math.min(host.worst, ...host.keys.map((one) => one.worst));
  }
  const worstFirst = [...hosts].sort((a, b) => a.order - b.order);
  for (const one of keys) one.hay = [one.key, one.host, one.exchange, one.service, ...one.from].join("\n").toLowerCase();
  const exchanges = [...new Set(keys.map((one) => one.exchange))].sort();

  /* Elements. A child that is a string becomes text. */
  function node(tag, properties, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(properties || {})) {
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (value !== null && value !== undefined) made.setAttribute(name, value);
    }
    made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
    return made;
  }
  const foreign = (text, tag = "span") => node(tag, { class: "foreign", dir: "auto" }, text);
  const link = (to, ...children) => node("a", { href: to }, ...children);
  const keyLink = (one) => link(`#key-${one.id}`, foreign(one.key));
  const hostLink = (one) => link(`#host-${one.id}`, foreign(one.name));
  const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
  const view = document.getElementById("view");

  /* What is shown, and how much of it: long lists grow as one scrolls. */
  const state = { words: "", verdict: "", exchange: "", severity: "", tab: "hosts" };
  let watcher = null;
  let growing = null;
  function grow(parent, items, make) {
    if (watcher) watcher.disconnect();
    let done = 0;
    const end = node(parent.tagName === "TBODY" ? "tr" : "li", { "aria-hidden": "true", class: "end" });
    const add = (count) => {
      end.remove();
      parent.append(...items.slice(done, done + count).map(make));
      done = Math.min(items.length, done + count);
      if (done < items.length) parent.append(end);
    };
    growing = () => add(items.length);
    add(STEP);
    watcher = new IntersectionObserver((seenNow) => {
      if (seenNow.some((each) => each.isIntersecting) && done < items.length) {
        add(STEP);
        watcher.unobserve(end);
        if (done < items.length) watcher.observe(end);
      }
    }, { rootMargin: "600px" });
    if (done < items.length) watcher.observe(end);
  }
  window.addEventListener("beforeprint", () => growing && growing());

  const fits = (one) =>
    (!state.verdict || one.verdict === state.verdict) &&
    (!state.exchange || one.exchange === state.exchange) &&
    (!state.severity || one.worst <= rank.get(state.severity)) &&
    state.words.split(/\s+/).every((word) => one.hay.includes(word));

  function tile(verdict) {
    const count = keys.filter((one) => one.verdict === verdict).length;
    const press = () => {
      state.verdict = state.verdict === verdict ? "" : verdict;
      tiles.forEach((each) => each.setAttribute("aria-pressed", String(each.dataset.verdict === state.verdict)));
      refresh();
    };
    return node("button", { type: "button", class: `tile ${verdict}`, "data-verdict": verdict, "aria-pressed": "false",
      onclick: press }, node("b", {}, String(count)), node("span", {}, `${SIGNS[verdict]} ${WORDS[verdict]}`));
  }
  function select(label, field, choices) {
    return node("select", { "aria-label": label, onchange: (event) => { state[field] = event.target.value; refresh(); } },
      node("option", { value: "" }, label), choices.map(([value, text]) => node("option", { value }, text)));
  }
  const tiles = VERDICTS.map(tile);
  const [hostsSeen, hostsAll, keysSeen, keysAll] = seen;
  const coverage = keysAll
    ? node("div", { class: "tile" }, node("b", {}, `${hostsSeen} / ${hostsAll}`),
      node("span", {}, `hosts seen, ${keysSeen} of ${plural(keysAll, "key")}`))
    : node("div", { class: "tile" }, node("b", {}, String(hosts.length)),
      node("span", {}, `hosts, ${plural(keys.length, "key")}`));
  const tabs = [["hosts", "Hosts"], ["findings", "Findings"]].map(([name, text]) => node("button", {
    type: "button", "aria-pressed": String(state.tab === name), "data-tab": name,
    onclick: () => {
      state.tab = name;
      tabs.forEach((each) => each.setAttribute("aria-pressed", String(each.dataset.tab === name)));
      refresh();
    } }, text));
  const count = node("p", { class: "quiet", role: "status" });
  const results = node("div", {});
  const overview = node("div", {},
    node("div", { class: "tiles", role: "group", "aria-label": "Keys by verdict" }, tiles, coverage),
    node("div", { class: "bar" },
      node("input", { type: "search", placeholder: "Host, key, address \u2026", "aria-label": "Search", autocomplete: "off",
        spellcheck: "false", oninput: (event) => { state.words = event.target.value.trim().toLowerCase(); refresh(); } }),
      select("All exchanges", "exchange", exchanges.map((name) => [name, name])),
      select("Any severity", "severity", severities.slice(0, 4).map((name, place) =>
        [name, place ? `${name} and worse` : name])),
      node("div", { class: "tabs", role: "group", "aria-label": "View" }, tabs)),
    count, results);

  function refresh() {
    const shown = keys.filter(fits);
    const also = new Set(state.exchange ? [] : hosts.filter((host) => host.verdict && fits(host)));
    if (state.tab === "hosts") matrix(shown, also); else byRule(shown, also);
  }

  /* A long name loses its middle: keys of one file differ at its end. */
  const TAIL = 14;
  function short(name) {
    const all_ = [...name];
    if (all_.length <= 2 * TAIL) return [node("span", { dir: "auto" }, name)];
    return [node("span", { dir: "auto" }, all_.slice(0, -TAIL).join("")),
      node("span", { class: "tail", dir: "auto" }, all_.slice(-TAIL).join(""))];
  }

  function chip(one) {
    const says = `${one.key}: ${WORDS[one.verdict]}`;
    return node("a", { class: `chip ${one.verdict}`, href: `#key-${one.id}`, title: says, "aria-label": says },
      node("i", { "aria-hidden": "true" }, SIGNS[one.verdict]), node("b", {}, short(one.key)));
  }

  function hostChip(host) {
    return node("a", { class: `chip ${host.verdict}`, href: `#host-${host.id}`,
      "aria-label": `${host.name}: ${plural(host.heavy, "finding")}` },
    node("i", { "aria-hidden": "true" }, SIGNS[host.verdict]), node("span", {}, plural(host.heavy, "finding")));
  }

  function matrix(shown, also) {
    const cells = new Map();
    const none = new Map();
    for (const one of shown) {
      if (!cells.has(one.host)) cells.set(one.host, new Map());
      const row = cells.get(one.host);
      if (!row.has(one.exchange)) row.set(one.exchange, []);
      row.get(one.exchange).push(one);
    }
    const columns = exchanges.filter((name) => shown.some((one) => one.exchange === name));
    const rows = worstFirst.filter((host) => cells.has(host.name) || also.has(host));
    const itself = rows.some((host) => host.verdict);
    count.textContent = `${plural(shown.length, "key")} on ${plural(rows.length, "host")}`;
    if (!rows.length) {
      results.replaceChildren(node("div", { class: "sheet empty" }, keys.length ? "Nothing matches." : "There are no keys."));
      return;
    }
    const body = node("tbody", {});
    results.replaceChildren(node("div", { class: "sheet scroll" }, node("table", {},
      node("thead", {}, node("tr", {}, node("th", { scope: "col" }, "Host"),
        itself ? node("th", { scope: "col" }, "the host itself") : null,
        columns.map((name) => node("th", { scope: "col" }, foreign(name))))), body)));
    grow(body, rows, (host) => node("tr", {}, node("th", { scope: "row" }, hostLink(host)),
      itself ? node("td", { "data-exchange": "the host" }, host.verdict ? hostChip(host) : null) : null,
      columns.map((name) => node("td", { "data-exchange": name },
        ((cells.get(host.name) || none).get(name) || []).map(chip)))));
  }

  function byRule(shown, also) {
    const wanted = new Set(shown);
    const narrowed = state.words || state.verdict || state.exchange || state.severity;
    const groups = new Map();
    let total = 0;
    for (const one of findings) {
      const key = byPlace.get(joined(one.host, one.key));
      if (key ? !wanted.has(key) : narrowed && !also.has(byHost.get(one.host))) continue;
      if (state.severity && rank.get(one.severity) > rank.get(state.severity)) continue;
      total += 1;
      if (!groups.has(one.rule)) groups.set(one.rule, []);
      groups.get(one.rule).push(one);
    }
    count.textContent = plural(total, "finding");
    const worth = (group) => Math.min(...group.map((one) => (one.status === "fail" ? 0 : 10) + rank.get(one.severity)));
    const order = [...groups].map(([rule, group]) => ({ rule, group, worth: worth(group) }));
    order.sort((a, b) => a.worth - b.worth || b.group.length - a.group.length);
    results.replaceChildren(order.length ? node("div", { class: "sheet" }, order.map(ruleGroup))
      : node("div", { class: "sheet empty" }, "Nothing found."));
  }

  function ruleGroup({ rule, group }) {
    const parts = ["fail", "unknown", "waived"].map((status) => {
      const some = group.filter((one) => one.status === status).length;
      return some ? `${some} ${WORDS[status]}` : "";
    }).filter(Boolean);
    const list = node("ul", { class: "rows" });
    const more = node("button", { type: "button", class: "more" }, "Show more");
    let done = 0;
    const add = () => {
      list.append(...group.slice(done, done + STEP).map((one) => node("li", {}, about(one), ": ", foreign(one.evidence))));
      done += STEP;
      more.hidden = done >= group.length;
    };
    more.addEventListener("click", add);
    const box = node("details", {}, node("summary", {}, pill(group[0]), node("span", { class: "title" },
      node("span", { class: "quiet" }, "Wanted: "), node("strong", {}, titles.get(rule) || rule)),
    node("code", {}, rule), node("span", { class: "count" }, parts.join(", "))), list, more);
    box.addEventListener("toggle", () => { if (box.open && !done) add(); });
    return box;
  }

  const tone = (one) => (one.status === "fail" ? (one.spared ? "" : "fail") : one.status === "unknown" ? "unknown" : "");
  const pill = (one) => node("span", { class: `pill ${tone(one)} ${one.severity}` },
    one.status === "fail" ? one.severity : `${WORDS[one.status]}, ${one.severity}`);
  function about(one) {
    const key = byPlace.get(joined(one.host, one.key));
    const host = byHost.get(one.host);
    const where = host ? hostLink(host) : "the policy";
    if (key) return [keyLink(key), " on ", where];
    return one.key ? [foreign(one.key), " on ", where] : [where];
  }

  /* The page of one key, and of one host. */
  const row = (name, ...value) => [node("dt", {}, name), node("dd", {}, ...value)];
  const paste = (text) => node("code", { class: "paste foreign" }, text);
  function card(one) {
    const [now, then, never, where] = one.remedy || [];
    const known = byPlace.get(joined(one.host, one.key));
    const ofKey = (known || {}).service;
    const facts = [
      one.key && !known && row("About", foreign(one.key)),
      one.service && one.service !== ofKey && row("Service", foreign(one.service)), now && row("Do now", foreign(now)),
      then && row("Then", foreign(then)), never && row("Never", foreign(never)), where && row("Where", foreign(where)),
      one.paste && row("Paste", paste(one.paste)), one.root && row("Follows from", node("code", {}, one.root)),
      one.waiver && row("Waived", foreign(one.waiver)), one.spared && row("Stops nothing", foreign(one.spared)),
    ].filter(Boolean);
    return node("section", { class: `card ${tone(one)}` },
      node("header", {}, pill(one), foreign(one.evidence, "h3")),
      node("p", { class: "quiet" }, `Wanted: ${titles.get(one.rule) || one.rule} `, node("code", {}, one.rule),
        one.basis === "none" ? "" : ` ${one.basis}`),
      facts.length ? node("dl", {}, ...facts) : null);
  }
  function allowlist(one) {
    const list = one.list;
    const others = list.places.filter(([host, key]) => host !== one.host || key !== one.key);
    const lines = (entries) => entries.map((entry) => node("div", {}, foreign(entry, "code")));
    const since = new Map(list.idle);
    const later = list.later.map((entry) => node("div", {}, foreign(entry, "code"),
      since.get(entry) ? ` not used since ${since.get(entry)}` : ""));
    const facts = [
      list.add.length && row("Add", lines(list.add)), list.keep.length && row("Keep", lines(list.keep)),
      list.later.length && row("Remove later", later),
      list.unconfirmed.length && row("Not confirmed", lines(list.unconfirmed)),
      !list.whole && list.why.length && row("Remove nothing yet", list.why.map((why) => node("div", {}, foreign(why)))),
      others.length && row("Also used by", others.map(([host, key]) => {
        const other = byPlace.get(joined(host, key));
        return node("div", {}, other ? [keyLink(other), " on ", hostLink(byHost.get(host))] : foreign(`${key} on ${host}`));
      })),
      list.line && row("Paste", paste(list.line)),
    ].filter(Boolean);
    const heading = { entries: "Allowlist", hidden: "Allowlist (the exchange does not show it)",
      unrestricted: "Allowlist: none, the key works from everywhere" }[list.state] || "Allowlist: not known";
    return node("section", { class: "card" }, node("h3", {}, heading), facts.length ? node("dl", {}, ...facts) : null);
  }
  const back = () => node("a", { class: "back", href: "#" }, "\u2190 All hosts");
  function keyPage(one) {
    const why = unseen.get(joined(one.host, one.key));
    return node("article", { class: "page" }, back(), foreign(one.key, "h2"),
      node("p", { class: one.verdict }, `${SIGNS[one.verdict]} ${WORDS[one.verdict]}`),
      node("dl", { class: "facts" }, row("Host", hostLink(byHost.get(one.host))), row("Exchange", foreign(one.exchange)),
        one.service ? row("Service", foreign(one.service)) : null,
        row("Seen from", one.from.length ? one.from.map((each) => [foreign(each, "code"), " "]).flat() : "not known"),
        why ? row("Not seen in this run", foreign(why)) : null),
      one.findings.length ? one.findings.map(card) : node("p", { class: "quiet" }, "Nothing was found."),
      one.list ? allowlist(one) : null);
  }
  function hostPage(host) {
    return node("article", { class: "page" }, back(), foreign(host.name, "h2"),
      node("p", {}, plural(host.keys.length, "key")), node("p", {}, host.keys.map(chip)),
      host.findings.map(card));
  }

  /* The address says what is shown, so that back and bookmarks work. */
  let scrolled = 0;
  function go() {
    const [kind, id] = location.hash.slice(1).split("-");
    const one = kind === "key" ? keys[Number(id)] : kind === "host" ? hosts[Number(id)] : undefined;
    if (one) {
      if (overview.isConnected) scrolled = window.scrollY;
      view.replaceChildren(kind === "key" ? keyPage(one) : hostPage(one));
      document.title = `${kind === "key" ? one.key : one.name} - Exchange API keys`;
      window.scrollTo(0, 0);
      view.focus({ preventScroll: true });
    } else if (!overview.isConnected) {
      view.replaceChildren(overview);
      document.title = "Exchange API keys";
      window.scrollTo(0, scrolled);
    }
  }
  if (ofPolicy.length) overview.append(node("div", { class: "page" }, ofPolicy.map(card)));
  refresh();
  window.addEventListener("hashchange", go);
  go();
})();
