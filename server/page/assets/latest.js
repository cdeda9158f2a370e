// What there was last, for a view whose span of time has nothing in it.

import { api } from "./api.js";
import { link } from "./dom.js";
import { ago, instant } from "./format.js";
import { to } from "./router.js";
import { around } from "./span.js";

// newest returns the latest time that a task has under a key, or null.
export async function newest(key) {
  const page = await api.query({ filter: `{${key}: {$ne: null}}`, sort: `{${key}: -1}`, limit: 1, keys: [key] }).catch(() => null);
  return instant(page?.records?.[0]?.[key]);
}

// showLatest leads to the span of time around a date, if there is one.
export function showLatest(name, date) {
  return date && link(to(name, around(date)), { class: "button" }, `Show the latest, ${ago(date)}`);
}
