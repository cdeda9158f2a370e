// The state of a task, which follows from its record as package taskdb has it.

import { h } from "../dom.js";

export const states = ["pending", "running", "ok", "failed", "aborted"];

const ofStatus = { ok: "ok", error: "failed", aborted: "aborted" };

export function stateOf(record) {
  if (record.completed != null) return ofStatus[record.result_content?.status] ?? "finished";
  return record.engine_uuid != null || record.started != null ? "running" : "pending";
}

// badge shows a state by a mark, a colour and its name.
export function badge(state, more = "") {
  return h("span", { class: `badge ${state}` }, h("i", { "aria-hidden": "true" }), h("b", {}, state), more && h("span", {}, more));
}
