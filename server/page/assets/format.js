// Values as people read them.

// none stands where there is no value.
export const none = "–";

const whole = new Intl.NumberFormat("en");

// number writes 1234567 as 1,234,567.
export function number(n) {
  return whole.format(n);
}

// plural counts things: "1 task", "2 tasks".
export function plural(n, thing) {
  return `${number(n)} ${thing}${n === 1 ? "" : "s"}`;
}

const compactly = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

// compact writes 1234567 as 1.2M, where there is little room.
export function compact(n) {
  return n < 10_000 ? whole.format(n) : compactly.format(n);
}

// instant reads a time of the API, RFC 3339 or extended JSON, as a Date, or null.
export function instant(value) {
  let date = value?.$date ?? value;
  if (date?.$numberLong) date = Number(date.$numberLong);
  if (typeof date !== "string" && typeof date !== "number") return null;
  const read = new Date(date);
  return isNaN(read) || read.getUTCFullYear() < 2 ? null : read;
}

// utc writes a date in full: 2026-11-22 00:51:18.123Z.
export function utc(date) {
  return date ? date.toISOString().replace("T", " ") : none;
}

// clock writes a date to the second, without the day if that is today.
export function clock(date, now = new Date()) {
  if (!date) return none;
  const [day, time] = date.toISOString().split("T");
  return day === now.toISOString().slice(0, 10) ? time.slice(0, 8) : `${day} ${time.slice(0, 8)}`;
}

// duration writes milliseconds with two units at most: 340ms, 12.4s, 3m 5s, 2h 7m, 4d 2h.
export function duration(ms) {
  if (ms == null || isNaN(ms)) return none;
  const seconds = ms / 1000;
  if (ms < 1000) return `${Math.round(ms)}ms`;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(2) : seconds.toFixed(1)}s`;
  const rounded = Math.round(seconds);
  if (rounded < 3600) return pair(rounded, 60, "m", 1, "s");
  if (rounded < 86_400) return pair(rounded, 3600, "h", 60, "m");
  return pair(rounded, 86_400, "d", 3600, "h");
}

function pair(seconds, large, largeUnit, small, smallUnit) {
  const rest = Math.floor((seconds % large) / small);
  return `${Math.floor(seconds / large)}${largeUnit}${rest ? ` ${rest}${smallUnit}` : ""}`;
}

// ago writes how long ago a date was: "12s ago".
export function ago(date, now = Date.now()) {
  if (!date) return none;
  const ms = now - date;
  if (ms < 0) return `in ${duration(-ms)}`;
  if (ms < 1000) return "just now";
  return `${duration(Math.floor(ms / 1000) * 1000).split(" ")[0].replace(/\.\d+/, "")} ago`;
}

// bytes writes a size: 12 B, 3.4 KiB.
export function bytes(n) {
  const units = ["B", "KiB", "MiB", "GiB"];
  let unit = 0;
  for (; n >= 1024 && unit < units.length - 1; unit++) n /= 1024;
  return `${unit && n < 100 ? n.toFixed(1) : Math.round(n)} ${units[unit]}`;
}

// short cuts an id in its middle, since its ends tell ids apart.
export function short(id, most = 20) {
  if (!id || id.length <= most) return id ?? "";
  const tail = Math.floor((most - 1) / 2);
  return `${id.slice(0, most - 1 - tail)}…${id.slice(-tail)}`;
}
