// What may be written next in a filter.

import { knownKeys, seenValues } from "./keys.js";
import { outline, tokens } from "./tokens.js";

const operators = [
  ["$eq", "equals"], ["$ne", "does not equal"], ["$gt", "greater, later"], ["$gte", "greater or equal"],
  ["$lt", "less, earlier"], ["$lte", "less or equal"], ["$in", "one of a list"], ["$nin", "none of a list"],
  ["$exists", "has the key"], ["$glob", "text like fit-*"], ["$regex", "text like a pattern"], ["$not", "not so"],
  ["$type", "of a type"], ["$size", "list of that length"], ["$all", "list with all of"],
  ["$elemMatch", "list with an element"], ["$mod", "remainder"],
];
const combinations = [["$or", "one of several"], ["$and", "all of several"], ["$nor", "none of several"]];

const values = {
  "result_content.status": ['"ok"', '"error"', '"aborted"'],
  queue: ['"task"', '"mux"'],
};
const dates = ['"-15m"', '"-1h"', '"-1d"', '"-7d"'];
const dateKeys = ["submitted", "started", "completed", "received"];
const most = 9;

// complete returns what may stand at the caret: {from, to, options}, where an option
// has the text to put in, what it is called, and a note. There may be none.
export function complete(text, caret) {
  const before = text.slice(0, caret);
  const typed = typedBefore(before);
  const from = typed ? typed.start : caret;
  const frame = outline(before.slice(0, from)).open.at(-1);
  const word = typed ? typed.value.toLowerCase() : "";
  const candidates = frame ? within(frame) : before.trim() === typed?.text || !before.trim() ? beginning() : [];
  const options = candidates
    .filter(({ name, text: whole }) => name.toLowerCase().includes(word) && whole !== typed?.text)
    .sort((a, b) => rank(a, word) - rank(b, word))
    .slice(0, most);
  return { from, to: caret, options };
}

function rank({ name }, word) {
  return word && !name.replace(/^"/, "").toLowerCase().startsWith(word) ? 1 : 0;
}

// typedBefore is the word or string that the caret stands at the end of.
function typedBefore(before) {
  const last = tokens(before).at(-1);
  return last && last.end === before.length && (last.type === "word" || last.type === "string") ? last : null;
}

function beginning() {
  return keyOptions("{");
}

function within(frame) {
  if (frame.kind === "{" && !frame.colon) {
    if (!frame.field) return keyOptions("");
    return operators.map(([name, note]) => ({ name, note, text: `${name}: ` }));
  }
  return valuesOf(frame.kind === "{" ? frame.entry?.field : frame.field, frame.entry?.key?.value);
}

function keyOptions(opening) {
  const keys = knownKeys().map((key) => ({ name: key, note: "", text: `${opening}${quoted(key)}: ` }));
  return [...keys, ...combinations.map(([name, note]) => ({ name, note, text: `${opening}${name}: [{` }))];
}

function quoted(key) {
  return /^[\w$]+$/.test(key) ? key : `"${key}"`;
}

function valuesOf(field, operator) {
  const some = operator === "$exists" ? ["true", "false"]
    : dateKeys.includes(field) ? [...dates, "null"]
    : [...(values[field] ?? []), ...seenValues(field).map((value) => JSON.stringify(value)), "null"];
  return [...new Set(some)].map((name) => ({ name, note: "", text: name }));
}
