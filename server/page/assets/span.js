// A span of time that a view shows: the last hour, or one that stands in the URL.

import { h, link } from "./dom.js";
import { clock } from "./format.js";
import { to } from "./router.js";

const lasts = { "5m": 300, "15m": 900, "1h": 3600, "6h": 21_600, "1d": 86_400, "7d": 604_800 };

// spanOf reads the parameters: last, until when; or since and until. It returns
// seconds: {since, until, moving}.
export function spanOf(params, now = Date.now() / 1000) {
  const since = Date.parse(params.since) / 1000;
  const until = Date.parse(params.until) / 1000;
  if (since < until) return { since, until, moving: false };
  const length = lasts[params.last] ?? lasts["1h"];
  const end = isNaN(until) ? now : until;
  return { since: end - length, until: end, moving: isNaN(until) };
}

export const iso = (seconds) => new Date(seconds * 1000).toISOString();

// around is the parameters of a span in which something happened.
export function around(date) {
  return { last: "1h", until: new Date(Math.ceil(date / 60_000) * 60_000 + 300_000).toISOString() };
}

// spanChips are links to the spans that a view offers.
export function spanChips(name, params, offered) {
  const fixed = params.since || params.until;
  const chip = (last) => link(
    to(name, { last: last === "1h" ? "" : last }),
    { class: "chip", "aria-current": String(!fixed && (params.last || "1h") === last) }, last,
  );
  const { since, until } = spanOf(params);
  return h(
    "nav", { class: "chips small", "aria-label": "Span of time" },
    fixed && h("span", { class: "muted span" }, `${clock(new Date(since * 1000))} – ${clock(new Date(until * 1000))} UTC`),
    offered.map(chip),
  );
}
