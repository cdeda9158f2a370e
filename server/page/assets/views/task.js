// One task: its request, its life, what it gave out, and what came of it.

import { api } from "../api.js";
import { actionButtons, purge } from "../components/actions.js";
import { ansi } from "../components/ansi.js";
import { bufferList } from "../components/buffers.js";
import { json } from "../components/json.js";
import { attemptTable, attemptsOf, lifeBar, waited } from "../components/life.js";
import { display, stream } from "../components/output.js";
import { broken, card, empty, loading } from "../components/place.js";
import { badge, stateOf } from "../components/state.js";
import { took } from "../components/tasktable.js";
import { toast } from "../components/toast.js";
import { button, fill, h, link } from "../dom.js";
import { clock, duration, instant, short, utc } from "../format.js";
import { paced } from "../paced.js";
import { to } from "../router.js";

const asksEvery = 2_000;

export function task(root) {
  let id = "";
  let record = null;
  let stopped = false;
  const streams = { stdout: stream("stdout"), stderr: stream("stderr") };
  const chainPlace = h("div", { class: "chain-place" });
  const buffers = h("div", { class: "buffer-place" });
  const parts = h("div", { class: "task-parts" }, loading(8));
  fill(root, parts);

  const refresh = paced(load, 500);
  let timer = 0;

  async function load() {
    clearTimeout(timer);
    const asked = id;
    try {
      const view = await api.task(asked);
      if (asked !== id || stopped) return;
      const before = record;
      record = view.record;
      draw();
      if (!before || stateOf(before) !== stateOf(record)) drawBuffers();
      if (!before || before.resubmitted !== record.resubmitted) drawChain();
    } catch (problem) {
      if (asked === id) gone(problem);
      return;
    }
    // output and renewals are no changes of state, which is all that may be told
    if (record.completed == null) timer = setTimeout(() => refresh.soon(), asksEvery);
  }

  function gone(problem) {
    record = null;
    if (problem.status !== 404 && problem.status !== 410) return fill(parts, broken(problem, () => refresh.now()));
    fill(parts, empty("There is no such task", problem.message, link(to("tasks"), { class: "button" }, "All tasks")));
  }

  function done(action) {
    if (action === purge) history.length > 1 ? history.back() : (location.hash = to("tasks"));
    else refresh.now();
  }

  // Buffers and resubmissions cost requests of their own: they are asked for when they
  // may have changed.
  function drawBuffers() {
    fill(buffers, bufferList(id, "buffers", "Of the request"), bufferList(id, "result_buffers", "Of the result"));
  }

  async function drawChain() {
    if (!record.resubmitted && !record.hub?.resubmit_of) return fill(chainPlace);
    try {
      const { msg_ids: ids } = await api.chain(id);
      const item = (one) => h("li", {}, one === id ? h("strong", { class: "mono" }, short(one, 34), " (this one)") : link(to("task", {}, one), { class: "mono" }, short(one, 34)));
      fill(chainPlace, card("Resubmissions", { aside: h("span", { class: "muted" }, "the oldest first") }, h("ol", { class: "chain" }, ids.map(item))));
    } catch {
      fill(chainPlace); // it is an addition: the links of the record are shown without it
    }
  }

  function draw() {
    const state = stateOf(record);
    const open = new Set([...parts.querySelectorAll("details[open]")].map((one) => one.id));
    fill(
      parts,
      heading(state),
      card("Life", {}, lifeBar(record), facts(), attemptsOf(record).length > 0 && attemptTable(record)),
      failureCard(), outputCard(state), resultCard(), requestCard(),
      card("Buffers", { className: "buffer-card" }, buffers),
      chainPlace,
      h("details", { class: "card fold", id: "record" }, h("summary", {}, "The whole record"), json(record)),
    );
    for (const details of parts.querySelectorAll("details")) details.open = open.has(details.id);
  }

  function heading(state) {
    const copy = button("Copy id", () => navigator.clipboard.writeText(id).then(() => toast("Copied"), () => toast("The browser does not allow it", "bad")), { class: "inline" });
    return h(
      "div", { class: "task-head" },
      h("div", {}, badge(state, record.result_content?.ename ?? ""), h("h1", {}, record.label || short(id, 40)), h("p", { class: "mono muted id-line" }, h("span", {}, id), " ", copy)),
      h("div", { class: "actions", role: "group", "aria-label": "Actions" }, actionButtons(() => ({ msg_ids: [id] }), done, state)),
    );
  }

  function facts() {
    const notes = record.hub ?? {};
    const list = [
      ["Queue", record.queue],
      ["Engine", record.engine_uuid && link(to("tasks", { filter: `{engine_uuid: ${JSON.stringify(record.engine_uuid)}}` }), { class: "mono", title: record.engine_uuid }, short(record.engine_uuid, 24))],
      ["Client", record.client_uuid && link(to("tasks", { filter: `{client_uuid: ${JSON.stringify(record.client_uuid)}}` }), { class: "mono", title: record.client_uuid }, short(record.client_uuid, 24))],
      ["Submitted", fullTime(record.submitted)], ["Started", fullTime(record.started)], ["Completed", fullTime(record.completed)],
      ["Waited", duration(waited(record))], ["Took", record.started && took(record)],
      ["Priority", notes.priority != null && String(notes.priority)], ["Retries", notes.retries && String(notes.retries)],
      ["Time limit", notes.time_limit && duration(notes.time_limit)], ["Not before", fullTime(notes.not_before)],
      ["After", notes.after?.length > 0 && notes.after.map((one) => h("div", {}, link(to("task", {}, one), { class: "mono" }, short(one, 24))))],
      ["Resubmit of", notes.resubmit_of && link(to("task", {}, notes.resubmit_of), { class: "mono" }, short(notes.resubmit_of, 24))],
      ["Resubmitted as", record.resubmitted && link(to("task", {}, record.resubmitted), { class: "mono" }, short(record.resubmitted, 24))],
    ];
    return h("dl", { class: "facts" }, list.filter(([, value]) => value).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
  }

  function failureCard() {
    const content = record.result_content ?? {};
    if (content.status !== "error" && content.status !== "aborted") return null;
    const traceback = content.traceback ?? record.error?.traceback ?? [];
    const reason = content.reason ?? record.hub?.attempts?.at(-1)?.reason;
    return card(
      content.status === "error" ? "Error" : "Aborted", { className: "failed-card" },
      content.ename && h("p", { class: "error-line" }, h("b", {}, content.ename), content.evalue ? `: ${content.evalue}` : ""),
      content.status === "aborted" && h("p", {}, reason || "No reason was given."),
      traceback.length > 0 && h("pre", { class: "stream traceback", tabindex: "0", "aria-label": "Traceback" }, ansi([traceback].flat().join("\n"))),
    );
  }

  function outputCard(state) {
    const { stdout, stderr } = record;
    const shown = [record.display_data].flat().filter(Boolean);
    if (!stdout && !stderr && !shown.length) return state === "running" && card("Output", { aside: live() }, h("p", { class: "calm" }, "It has written nothing so far."));
    streams.stdout.show(stdout || "");
    streams.stderr.show(stderr || "");
    return card("Output", { aside: state === "running" && live() }, stdout && streams.stdout.element, stderr && streams.stderr.element, shown.map(display));
  }

  function resultCard() {
    const { traceback, ...content } = record.result_content ?? {};
    const outcome = record.execute_result ?? record.pyout;
    if (!record.result_content && !outcome) return null;
    return card("Result", {}, outcome && display(outcome), json(content), fold("result_header", "Header", record.result_header), fold("result_metadata", "Metadata", record.result_metadata));
  }

  function requestCard() {
    const { code, ...content } = record.content ?? {};
    return card(
      "Request", {},
      typeof code === "string" && h("pre", { class: "stream code", tabindex: "0", "aria-label": "Code" }, code),
      Object.keys(content).length > 0 && json(content),
      fold("header", "Header", record.header), fold("metadata", "Metadata", record.metadata),
    );
  }

  return {
    title: "Task",
    update(route) {
      id = route.id;
      record = null;
      refresh.now();
    },
    changed(events) {
      if (!events.length || events.some((one) => !one.msg_id || one.msg_id === id)) refresh.soon();
    },
    keys: { r: () => refresh.now() },
    stop() {
      stopped = true;
      clearTimeout(timer);
      refresh.stop();
    },
  };
}

function fullTime(value) {
  const date = instant(value);
  return date && h("time", { datetime: date.toISOString(), title: utc(date) }, `${clock(date)} UTC`);
}

function live() {
  return h("span", { class: "live-note" }, h("i", { "aria-hidden": "true" }), "while it runs");
}

function fold(id, title, value) {
  if (!value || !Object.keys(value).length) return null;
  return h("details", { id, class: "fold" }, h("summary", {}, title), json(value));
}
