// What is wrong with a filter, and where in it.

import { nearest } from "./spelling.js";
import { tokenAt, tokens } from "./tokens.js";

const keyOperators = [
  "$all", "$bitsAllClear", "$bitsAllSet", "$bitsAnyClear", "$bitsAnySet", "$elemMatch", "$eq", "$exists", "$ge", "$glob",
  "$gt", "$gte", "$in", "$le", "$lt", "$lte", "$mod", "$ne", "$nin", "$not", "$options", "$regex", "$size", "$type",
];
const topOperators = ["$and", "$comment", "$nor", "$or"];

// explain turns the server's Problem, or a DateError, into {message, hint, code, start,
// end}. sent is what withDates made of the text.
export function explain(error, text, sent) {
  if (error.token) return { message: error.message, hint: error.hint, start: error.token.start, end: error.token.end };
  const syntax = /line (\d+), column (\d+): ([^]*?)(?: \(code \d+ \w+\))?$/.exec(error.message);
  if (syntax) return inText(syntax, text, sent);
  const token = error.path ? tokenAt(text, error.path) : null;
  return { message: error.message, hint: operatorHint(error, token), code: error.code, start: token?.start, end: token?.end };
}

function inText([, line, column, said], text, sent) {
  const [message, hint = ""] = said.split("; ");
  const start = sent.back(offsetOf(sent.text, Number(line), Number(column)));
  const token = tokens(text).find((piece) => piece.end > start);
  return { message, hint, start, end: token ? Math.max(token.end, start + 1) : start + 1 };
}

function offsetOf(text, line, column) {
  let offset = 0;
  for (let n = 1; n < line; n++) offset = text.indexOf("\n", offset) + 1;
  return offset + [...text.slice(offset)].slice(0, column - 1).join("").length;
}

function operatorHint(error, token) {
  if (!token?.value.startsWith("$")) return "";
  if (/unknown top level operator/.test(error.message)) {
    if (keyOperators.includes(token.value)) return `${token.value} stands under a key: {key: {${token.value}: …}}`;
    return meant(token.value, topOperators);
  }
  if (/unknown operator/.test(error.message)) {
    if (topOperators.includes(token.value)) return `${token.value} stands in place of a key: {${token.value}: …}`;
    return meant(token.value, keyOperators);
  }
  return "";
}

function meant(name, known) {
  const found = nearest(name, known);
  return found ? `did you mean ${found}?` : `known here are: ${known.join(" ")}`;
}

// both joins filters, of which some may be empty, into one that asks for all of them.
export function both(...filters) {
  const said = filters.filter((filter) => filter.trim() !== "");
  return said.length < 2 ? said[0] ?? "" : `{$and: [${said.join(", ")}]}`;
}
