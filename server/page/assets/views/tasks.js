// The table of tasks, with its filter.

import { api } from "../api.js";
import { actionButtons } from "../components/actions.js";
import { filterBox } from "../components/filterbox.js";
import { broken, empty, loading } from "../components/place.js";
import { states } from "../components/state.js";
import { shown, taskTable } from "../components/tasktable.js";
import { counts } from "../counts.js";
import { button, fill, h, link } from "../dom.js";
import { withDates } from "../filter/dates.js";
import { look, misspelt } from "../filter/keys.js";
import { explain } from "../filter/problem.js";
import { compact, number, plural } from "../format.js";
import { paced } from "../paced.js";
import { go, to } from "../router.js";

const pageSize = 50;
const newestFirst = "-submitted";

// A table whose query took longer than this is not asked for again by itself.
const cheap = 400;

export function tasks(root) {
  let params = {};
  let query = null; // as it was sent
  let next = "";
  let tokens = [""]; // of the pages before, in this view
  let selected = { everything: false, msgIDs: [] };
  let took = 0;

  const box = filterBox({ submit: applyFilter });
  const chips = h("nav", { class: "chips", "aria-label": "State" });
  const table = taskTable({ sortBy: (sort) => view({ sort }), open: (id) => go(to("task", {}, id)), ticked });
  const place = h("div", { class: "place" }, loading(8));
  const pager = h("div", { class: "pager" });
  const bar = h("div", { class: "selection", role: "region", "aria-label": "Selection", hidden: true });
  const stale = button("Something has changed. Refresh", () => refresh.now(), { class: "stale", hidden: true });
  fill(root, h("h1", { class: "unseen" }, "Tasks"), box.element, chips, stale, h("div", { class: "card flush" }, place), pager, bar);

  // view goes to this view with other parameters, on the first page.
  function view(changes) {
    go(to("tasks", { ...params, page: "", n: "", ...changes }));
  }

  async function applyFilter(text) {
    if (/^[\w-]+$/.test(text)) return openByPrefix(text);
    if (text === (params.filter ?? "")) return refresh.now();
    view({ filter: text });
  }

  // openByPrefix takes a word for the beginning of a msg_id.
  async function openByPrefix(prefix) {
    try {
      const { msg_id: msgID } = await api.lookup(prefix);
      go(to("task", {}, msgID));
    } catch (problem) {
      box.wrong({ message: problem.message, hint: 'a filter is a document: {label: "fit"}; a word is the beginning of a msg_id' });
    }
  }

  let asking = new AbortController();
  const refresh = paced(() => load(true));

  async function load(same) {
    asking.abort(); // what nobody waits for any more
    asking = new AbortController();
    const { signal } = asking;
    if (!same) place.setAttribute("aria-busy", "true");
    const { filter = "", state, sort = newestFirst, page = "" } = params;
    const began = performance.now();
    let dated = { text: filter, back: (offset) => offset };
    try {
      if (!query || !page) dated = withDates(filter);
      if (!query || !page) query = { filter: dated.text || undefined, state, sort: sortDocument(sort), projection: JSON.stringify(shown), limit: pageSize };
      const found = await api.query({ ...query, page: page || undefined }, signal);
      if (signal.aborted) return;
      took = performance.now() - began;
      show(found, sort, same);
      hint(filter);
    } catch (problem) {
      if (!signal.aborted) wrong(problem, filter, dated);
    }
    if (!signal.aborted) place.setAttribute("aria-busy", "false");
  }

  function show(found, sort, same) {
    next = found.next ?? "";
    stale.hidden = true;
    box.wrong(null);
    table.show(found.records ?? [], sort, same);
    if (found.records?.length) {
      if (place.firstChild !== table.element) fill(place, table.element);
    } else fill(place, nothing());
    drawPager(found.records?.length ?? 0);
  }

  function nothing() {
    if (params.page) return empty("No more tasks", "This page is past the end.", link(to("tasks", { ...params, page: "", n: "" }), { class: "button" }, "First page"));
    if (!params.filter && !params.state) return empty("No tasks yet", "What clients submit appears here as it comes in.");
    return empty("No task matches", "Nothing is selected by this filter and state.", link(to("tasks", { sort: params.sort }), { class: "button" }, "Show all tasks"));
  }

  function wrong(problem, filter, dated) {
    if (problem.kind === "token") return view({}); // of a filter that meanwhile is another
    if (problem.token || problem.kind === "query" || problem.code) {
      box.wrong(explain(problem, filter, dated));
      drawPager(0);
      return fill(place, empty("The filter is wrong", "It is shown above where. Nothing was looked for."));
    }
    fill(place, broken(problem, () => load(false)));
    drawPager(0);
  }

  async function hint(filter) {
    if (!filter) return;
    await look().catch(() => {});
    if (filter !== (params.filter ?? "")) return;
    box.hint(misspelt(filter), ({ token, meant }) => filter.slice(0, token.start) + requoted(token, meant) + filter.slice(token.end));
  }

  function drawPager(length) {
    const n = Number(params.n ?? 1);
    const turned = (label, by, token, on, key) => button(label, () => go(to("tasks", { ...params, page: token, n: n + by > 1 ? n + by : "" })), { disabled: !on, "aria-keyshortcuts": key });
    tokens[n] = next;
    const before = n > 2 ? tokens[n - 2] : "";
    const known = n <= 2 || before !== undefined;
    pager.hidden = n === 1 && length === 0;
    fill(
      pager,
      h("span", { class: "muted" }, length ? `Page ${n} · ${plural(length, "task")}` : ""),
      length > 0 && countButton(),
      h("span", { class: "gap" }),
      n > 2 && link(to("tasks", { ...params, page: "", n: "" }), { class: "button" }, "First"),
      turned("Previous", -1, before, n > 1 && known, "p"),
      turned("Next", 1, next, next !== "", "n"),
    );
  }

  // countButton counts what the filter selects, which may take long: only if asked.
  function countButton() {
    if (!next && !params.page) return null;
    const told = button("Count all", async () => {
      told.disabled = true;
      told.textContent = "Counting…";
      try {
        const { count } = await api.count({ filter: query.filter, state: query.state });
        told.textContent = `${plural(count, "task")} in all`;
      } catch (problem) {
        told.textContent = problem.message;
      }
    }, { class: "inline" });
    return told;
  }

  function drawChips(latest) {
    const total = latest && latest.incomplete + latest.finished;
    const chip = (state, n) => link(
      to("tasks", { ...params, state, page: "", n: "" }),
      { class: `chip ${state || "all"}`, "aria-current": String((params.state ?? "") === state) },
      h("i", { "aria-hidden": "true" }), state || "all", h("b", { title: n == null ? "" : number(n) }, n == null ? "" : compact(n)),
    );
    fill(chips, chip("", total), states.map((state) => chip(state, latest?.[state])));
  }

  function choice() {
    if (!selected.everything) return { msg_ids: selected.msgIDs };
    return { filter: query.filter ?? "", state: query.state, all: !query.filter && !query.state };
  }

  function ticked(now) {
    selected = now;
    const n = now.msgIDs.length;
    bar.hidden = n === 0 && !now.everything;
    const said = now.everything ? "All that the filter selects" : `${number(n)} selected`;
    const rest = now.everything || !(next || params.page) ? null : button("Select all that match", () => table.selectEverything(), { class: "inline" });
    fill(bar, h("strong", { "aria-live": "polite" }, said), rest, h("span", { class: "gap" }), actionButtons(choice, done), button("Clear", () => table.clear(), { class: "quiet" }));
  }

  function done() {
    table.clear();
    counts.refresh();
    refresh.now();
  }

  const forget = counts.follow((latest) => drawChips(latest));
  drawChips(null);

  return {
    title: "Tasks",
    update(route) {
      const { filter = "", state, sort } = params;
      const now = route.params;
      const sameView = filter === (now.filter ?? "") && state === now.state && sort === now.sort;
      if (!sameView) {
        query = null;
        tokens = [""];
        table.clear();
      }
      params = now;
      box.set(params.filter ?? "");
      counts.follow(drawChips)();
      load(false);
      if (sameView) scrollTo({ top: 0 });
    },
    changed() {
      if (took > cheap) stale.hidden = false;
      else refresh.soon();
    },
    keys: {
      "/": () => box.focus(),
      j: () => table.move(1),
      k: () => table.move(-1),
      x: () => table.toggle(),
      n: () => pager.querySelector('[aria-keyshortcuts="n"]:enabled')?.click(),
      p: () => pager.querySelector('[aria-keyshortcuts="p"]:enabled')?.click(),
      r: () => refresh.now(),
      Escape: () => table.clear(),
    },
    stop() {
      forget();
      refresh.stop();
      asking.abort();
    },
  };
}

function sortDocument(sort) {
  const [, minus, key] = /^(-?)(.*)$/.exec(sort);
  return JSON.stringify({ [key]: minus ? -1 : 1 });
}

function requoted(token, key) {
  const quote = token.type === "string" ? token.text[0] : /^[\w$]+$/.test(key) ? "" : '"';
  return quote + key + quote;
}
