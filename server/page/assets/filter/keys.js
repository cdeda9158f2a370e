// The keys that records have, to complete and to point out a misspelling: those of
// the model, and those of some records that were looked at.

import { api } from "../api.js";
import { nearest } from "./spelling.js";
import { fieldsOf } from "./tokens.js";

// model are the keys of a record, and of what the hub notes on it.
const model = [
  "msg_id", "label", "queue", "submitted", "started", "completed", "received", "engine_uuid", "client_uuid",
  "result_content.status", "result_content.ename", "result_content.evalue", "resubmitted",
  "header", "header.msg_type", "header.username", "header.session", "metadata", "content", "content.code",
  "result_header", "result_metadata", "result_content", "execute_input", "execute_result", "error",
  "stdout", "stderr", "display_data", "hub.priority", "hub.ready", "hub.retries", "hub.attempts", "hub.resubmit_of",
  "hub.not_before", "hub.after",
];

// unsampled are keys that the sample does not show.
const unsampled = ["_id", "buffers", "result_buffers", "pyin", "pyout", "pyerr"];

const sampleSize = 40;
const deepest = 3;
const mostValues = 12;

const sample = { taken: 0, paths: new Set(), values: new Map() };

// look takes the sample: the newest records and the oldest, which an index gives.
export async function look() {
  if (Date.now() - sample.taken < 60_000) return;
  sample.taken = Date.now();
  const shown = { projection: "{buffers: 0, result_buffers: 0, stdout: 0, stderr: 0, display_data: 0}", limit: sampleSize };
  for (const direction of [-1, 1]) {
    const page = await api.query({ ...shown, sort: `{submitted: ${direction}}` });
    for (const record of page.records) add(record, "", 1);
  }
}

function add(document, prefix, depth) {
  for (const [key, value] of Object.entries(document)) {
    if (key.startsWith("$")) return; // extended JSON's: this is no document
    const path = prefix + key;
    sample.paths.add(path);
    if (typeof value === "string" && value.length <= 60) remember(path, value);
    if (depth < deepest && value && typeof value === "object" && !Array.isArray(value)) add(value, `${path}.`, depth + 1);
  }
}

function remember(path, value) {
  if (!sample.values.has(path)) sample.values.set(path, new Set());
  const values = sample.values.get(path);
  if (values.size < mostValues) values.add(value);
}

// knownKeys returns the paths that may be asked about, the most wanted first.
export function knownKeys() {
  return [...new Set([...model, ...sample.paths])];
}

// seenValues returns texts that records have under a path.
export function seenValues(path) {
  return [...(sample.values.get(path) ?? [])];
}

// misspelt returns the keys of a filter that none of the records looked at has:
// {token, key, meant}. It is a hint: to MongoDB a missing key is like null.
export function misspelt(text) {
  const known = new Set([...knownKeys(), ...unsampled]);
  if (!sample.paths.size) return [];
  const found = [];
  for (const { key: token } of fieldsOf(text)) {
    const key = token.value;
    const parent = key.slice(0, key.lastIndexOf(".") + 1);
    const top = key.split(".")[0];
    if (known.has(key) || unsampled.includes(top) || /\.\d/.test(key) || key.split(".").length > deepest) continue;
    const beside = [...known].filter((path) => path.startsWith(parent) && !path.slice(parent.length).includes("."));
    found.push({ token, key, meant: nearest(key, beside) });
  }
  return found;
}
