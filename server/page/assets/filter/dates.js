// Dates in a filter, as the command line takes them: a string under a date key is a
// date, or how long ago that was.

import { outline } from "./tokens.js";

const dateKeys = new Set(["submitted", "started", "completed", "received"]);
const day = 86_400_000;
const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: day, w: 7 * day };

// DateError says that a string is no date, and which token it is.
export class DateError extends Error {
  constructor(message, hint, token) {
    super(message);
    this.hint = hint;
    this.token = token;
  }
}

// withDates returns a filter in which the strings under date keys are dates, and back,
// which turns an offset in that into one of the text that was written.
export function withDates(text, now = Date.now()) {
  const edits = outline(text).entries
    .filter(({ field, value }) => dateKeys.has(field) && value?.type === "string")
    .map(({ value }) => ({ token: value, replacement: `ISODate("${parseDate(value, now).toISOString()}")` }));
  let written = "";
  let from = 0;
  for (const { token, replacement } of edits) {
    written += text.slice(from, token.start) + replacement;
    from = token.end;
  }
  return { text: written + text.slice(from), back: (offset) => before(edits, offset) };
}

function before(edits, offset) {
  let shift = 0;
  for (const { token, replacement } of edits) {
    if (offset < token.start + shift) break;
    if (offset < token.start + shift + replacement.length) return token.start;
    shift += replacement.length - (token.end - token.start);
  }
  return offset - shift;
}

const hint = "write a date as 2026-11-22T10:00Z or 2026-11-22Z, or as time ago: -30m, -2h, -7d";

function parseDate(token, now) {
  const text = token.value;
  if (text.startsWith("-")) return new Date(now - ago(text, token));
  const iso = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?(Z|[+-]\d\d:\d\d)?$/.exec(text);
  if (!iso) throw new DateError(`"${text}" is no date`, hint, token);
  const [, date, time = "00:00", zone] = iso;
  if (!zone) throw new DateError(`the date "${text}" has no zone`, `add Z for UTC: ${text}Z`, token);
  const read = new Date(`${date}T${time}${zone}`);
  if (isNaN(read)) throw new DateError(`"${text}" is no date`, hint, token);
  return read;
}

// ago reads -1h30m, -7d.
function ago(text, token) {
  if (!/^-(\d+(\.\d+)?(ms|s|m|h|d|w))+$/.test(text)) throw new DateError(`"${text}" is no date`, hint, token);
  let ms = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g)) ms += number * units[unit];
  return ms;
}
