// What has changed, as the server tells it: /v1/events, read with fetch since an
// EventSource cannot send a token. Where that fails the page asks again and again.

import { request } from "./api.js";

const pollEvery = 5_000;
const longestRest = 30_000;

// watch calls changed with the events of each piece of the stream, or with none when
// it may be that something has changed, and told with "live", "polling" or "offline".
// It ends only, with "unknown", if the server wants a token and the user gives none.
// While nobody sees the page there is no stream: a browser has six connections to a
// server for all its tabs.
export async function watch({ changed, told }) {
  let last = "";
  for (let failures = 0; ; ) {
    const signal = await seen();
    const poll = setInterval(() => changed([]), pollEvery);
    try {
      const headers = { Accept: "text/event-stream", ...(last ? { "Last-Event-ID": last } : {}) };
      const response = await request("GET", "/v1/events", { headers, signal });
      clearInterval(poll);
      told("live");
      failures = 0;
      changed([]); // what happened meanwhile
      for await (const events of pieces(response.body)) {
        last = events.at(-1).id || last;
        changed(events);
      }
    } catch (problem) {
      if (problem.status === 401) {
        clearInterval(poll);
        return told("unknown");
      }
      if (problem.name === "AbortError") {
        clearInterval(poll);
        continue;
      }
      told(problem.status ? "polling" : "offline");
      failures++;
    }
    await rest(Math.min(longestRest, 1000 * 2 ** failures));
    clearInterval(poll);
  }
}

// away tells that the browser keeps the page for the case that the user comes back.
let away = false;
addEventListener("pagehide", () => (away = true));
addEventListener("pageshow", () => (away = false));

// seen waits until the page is seen, and returns a signal that it no longer is.
async function seen() {
  while (document.hidden || away) {
    await new Promise((resolve) => {
      addEventListener("pageshow", resolve, { once: true });
      document.addEventListener("visibilitychange", resolve, { once: true });
    });
  }
  const unseen = new AbortController();
  const { signal } = unseen;
  addEventListener("pagehide", () => unseen.abort(), { signal });
  document.addEventListener("visibilitychange", () => unseen.abort(), { signal });
  return signal;
}

function rest(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

// pieces yields the events that came together.
async function* pieces(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; ; ) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value.replaceAll("\r\n", "\n");
    const end = text.lastIndexOf("\n\n");
    if (end < 0) continue;
    const events = text.slice(0, end).split("\n\n").map(event).filter(Boolean);
    text = text.slice(end + 2);
    if (events.length) yield events;
  }
}

// event reads one event, or null for a comment that keeps the connection open.
function event(block) {
  const read = { id: "", type: "message", data: "" };
  for (const line of block.split("\n")) {
    const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line);
    if (name === "id") read.id = value;
    if (name === "event") read.type = value;
    if (name === "data") read.data += value;
  }
  if (!read.id && !read.data) return null;
  try {
    return { ...read, ...JSON.parse(read.data || "{}") };
  } catch {
    return read;
  }
}
