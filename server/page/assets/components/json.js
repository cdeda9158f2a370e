// Documents as indented text with coloured keys.

import { h } from "../dom.js";

// document shows a value of extended JSON. Dates stand without their wrapping.
export function json(value) {
  return h("pre", { class: "json", tabindex: "0" }, written(value, ""));
}

function written(value, indent) {
  if (Array.isArray(value)) return list(value, indent, "[", "]", (item, deeper) => written(item, deeper));
  if (value === null || typeof value !== "object") return scalar(value);
  if (typeof value.$date === "string") return h("span", { class: "j-date" }, value.$date);
  const entry = ([key, item], deeper) => [h("span", { class: "j-key" }, JSON.stringify(key)), ": ", written(item, deeper)];
  return list(Object.entries(value), indent, "{", "}", entry);
}

function list(items, indent, open, close, item) {
  if (!items.length) return open + close;
  const deeper = `${indent}  `;
  return [open, items.map((one, i) => [i ? ",\n" : "\n", deeper, item(one, deeper)]), `\n${indent}${close}`];
}

function scalar(value) {
  const kind = typeof value === "string" ? "j-text" : "j-value";
  return h("span", { class: kind }, JSON.stringify(value));
}
