// The life of a task: when it waited, who had it, and how that ended, as a bar.

import { h, link } from "../dom.js";
import { clock, duration, instant, none, short, utc } from "../format.js";
import { to } from "../router.js";
import { outcomeState } from "./lanes.js";
import { badge, stateOf } from "./state.js";

// attemptsOf returns the attempts of a task: those that its hub noted and, if it runs,
// the present one; for other hubs' records, what their times tell.
export function attemptsOf(record) {
  const notes = record.hub;
  const ended = (notes?.attempts ?? []).map((one) => ({
    engine: one.engine, outcome: one.outcome, reason: one.reason, from: instant(one.claimed), to: instant(one.ended),
  }));
  if (notes?.lease) ended.push({ engine: notes.lease.engine, from: instant(notes.lease.claimed), to: null, until: instant(notes.lease.until) });
  if (!notes && record.started) {
    ended.push({ engine: record.engine_uuid, from: instant(record.started), to: instant(record.completed), outcome: record.result_content?.status });
  }
  return ended;
}

// lifeBar draws the time from submission to now, or the end.
export function lifeBar(record, now = new Date()) {
  const begin = instant(record.submitted);
  const end = instant(record.completed) ?? now;
  const attempts = attemptsOf(record);
  if (!begin || end <= begin) return null;
  const x = (date) => (100 * Math.min(1, Math.max(0, (date - begin) / (end - begin)))).toFixed(3);
  const part = ({ from, to, outcome, engine }) => {
    const left = x(from);
    const width = Math.max(0.6, x(to ?? end) - left);
    const rect = h("rect", { class: outcomeState(outcome), x: left, width: String(width), height: "10", rx: "1" });
    return h("g", {}, rect, titled(`${outcome ?? "running"} on ${engine}`));
  };
  const label = (name, date) => h("div", {}, h("span", { class: "muted" }, name), h("time", { title: utc(date) }, date ? clock(date) : none));
  const claimed = attempts[0]?.from;
  const between = claimed && x(claimed) > 14 && x(claimed) < 86 && label("first claimed", claimed);
  if (between) between.style.left = `${x(claimed)}%`;
  return h(
    "div", { class: "life" },
    h("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", role: "img", "aria-label": "From submitted to completed" },
      h("rect", { class: "wait", width: "100", height: "10", rx: "1" }), attempts.filter(({ from }) => from).map(part)),
    h("div", { class: "life-times" },
      label("submitted", begin), between, label(record.completed ? "completed" : "now", end)),
  );
}

function titled(text) {
  const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
  title.textContent = text;
  return title;
}

// attemptTable lists the attempts.
export function attemptTable(record) {
  const row = (one, i) => h("tr", {},
    h("td", { class: "number" }, String(i + 1)),
    h("td", {}, badge(outcomeState(one.outcome), ["returned", "lost", "timed out", "cancelled"].includes(one.outcome) ? one.outcome : "")),
    h("td", {}, one.engine ? link(to("tasks", { filter: `{engine_uuid: ${JSON.stringify(one.engine)}}` }), { class: "mono", title: one.engine }, short(one.engine, 22)) : none),
    h("td", { class: "time" }, clock(one.from)),
    h("td", { class: "number" }, one.from ? duration((one.to ?? new Date()) - one.from) : none),
    h("td", { class: "wide" }, one.reason || (one.until ? `the lease holds until ${clock(one.until)} UTC` : "")));
  const heading = (name, className) => h("th", { scope: "col", class: className }, name);
  return h("div", { class: "table-wrap" }, h("table", {},
    h("thead", {}, h("tr", {}, heading("", "number"), heading("Outcome"), heading("Engine"), heading("Claimed"), heading("Took", "number"), heading("", "wide"))),
    h("tbody", {}, attemptsOf(record).map(row))));
}

// waited is how long a task waited for its first engine, in milliseconds, or null.
export function waited(record) {
  const [first] = attemptsOf(record);
  const until = first?.from ?? instant(record.completed);
  const from = instant(record.submitted);
  if (!from) return null;
  return (until ?? (stateOf(record) === "pending" ? new Date() : from)) - from;
}
