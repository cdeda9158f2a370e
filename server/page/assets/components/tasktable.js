// The table of tasks. One row is in the order of the Tab key at a time; arrows go from
// row to row, Space ticks, Enter opens.

import { fill, h, link } from "../dom.js";
import { ago, clock, duration, instant, none, short, utc } from "../format.js";
import { to } from "../router.js";
import { badge, stateOf } from "./state.js";

// columns that an index orders by have a sort.
const columns = [
  { name: "State", cell: (r) => badge(stateOf(r), r.result_content?.ename ?? "") },
  { name: "Task", sort: "msg_id", cell: task, className: "task" },
  { name: "Label", sort: "label", cell: (r) => r.label || faint(none), className: "wide" },
  { name: "Queue", sort: "queue", cell: (r) => r.queue || faint(none), className: "wider" },
  { name: "Engine", sort: "engine_uuid", cell: engine, className: "wide" },
  { name: "Submitted", sort: "submitted", cell: (r) => when(instant(r.submitted)), className: "time" },
  { name: "Completed", sort: "completed", cell: (r) => when(instant(r.completed)), className: "time wider" },
  { name: "Took", cell: (r) => took(r), className: "number" },
];

// shown is what the table asks of each record.
export const shown = {
  _id: 0, msg_id: 1, label: 1, queue: 1, engine_uuid: 1, submitted: 1, started: 1, completed: 1,
  "result_content.status": 1, "result_content.ename": 1,
};

function faint(text) {
  return h("span", { class: "faint" }, text);
}

function task(record) {
  return h(
    "div", {},
    link(to("task", {}, record.msg_id), { class: "id", tabindex: "-1", title: record.msg_id }, idParts(record.msg_id)),
    h("span", { class: "above" }, record.label ?? ""),
  );
}

// idParts are the parts of an id of which the first is cut where there is little room:
// their ends tell ids apart.
function idParts(id) {
  const cut = Math.max(0, id.length - 9);
  return [h("span", { class: "begin" }, id.slice(0, cut)), h("span", {}, id.slice(cut))];
}

function engine(record) {
  return record.engine_uuid ? h("span", { class: "mono", title: record.engine_uuid }, short(record.engine_uuid, 14)) : faint(none);
}

function when(date) {
  if (!date) return faint(none);
  return h("time", { datetime: date.toISOString(), title: utc(date) }, h("span", { class: "long" }, clock(date)), h("span", { class: "brief" }, ago(date)));
}

// took is how long a task ran, or has been running.
export function took(record, now = Date.now()) {
  const started = instant(record.started);
  if (!started) return faint(none);
  const ended = instant(record.completed);
  return ended ? duration(ended - started) : h("span", { class: "faint" }, duration(now - started));
}

// taskTable makes the table. sortBy is called with a sort, open with a msg_id, ticked
// when the selection has changed.
export function taskTable({ sortBy, open, ticked }) {
  const head = h("tr");
  const body = h("tbody");
  const all = h("input", { type: "checkbox", "aria-label": "Tick all rows of this page", onchange: () => tickPage(all.checked) });
  const element = h("div", { class: "table-wrap" }, h("table", { class: "tasks" }, h("thead", {}, head), body));
  const selection = new Map();
  let records = [];
  let current = 0;
  let everything = false;

  function headings(sort) {
    const [, minus, key] = /^(-?)(.*)$/.exec(sort);
    const heading = ({ name, sort: by, className }) => {
      if (!by) return h("th", { scope: "col", class: className }, name);
      const order = by !== key ? "none" : minus ? "descending" : "ascending";
      const next = by === key && minus ? by : by === key ? `-${by}` : by === "submitted" || by === "completed" ? `-${by}` : by;
      return h(
        "th", { scope: "col", class: className, "aria-sort": order },
        h("button", { type: "button", class: "sort", onclick: () => sortBy(next) }, name, h("i", { class: order, "aria-hidden": "true" })),
      );
    };
    fill(head, h("th", { scope: "col", class: "tick" }, h("label", {}, all)), columns.map(heading));
  }

  function row(record, index, isNew) {
    const id = record.msg_id;
    const chosen = everything || selection.has(id);
    const box = h("input", {
      type: "checkbox", tabindex: "-1", "aria-label": `Tick ${id}`, disabled: everything, onchange: () => tick(index, box.checked),
    });
    box.checked = chosen;
    const cells = columns.map(({ cell, className }) => h("td", { class: className }, cell(record)));
    return h(
      "tr",
      {
        class: isNew ? "new" : "", "data-id": id, tabindex: index === current ? "0" : "-1", "aria-selected": String(chosen),
        onfocus: () => roam(index), onclick: (event) => click(event, id), onkeydown: (event) => press(event, index),
      },
      h("td", { class: "tick" }, h("label", {}, box)), cells,
    );
  }

  function draw(known) {
    const focused = body.contains(document.activeElement) ? document.activeElement.closest("tr")?.dataset.id : null;
    current = Math.min(current, Math.max(0, records.length - 1));
    fill(body, records.map((record, i) => row(record, i, known && !known.has(record.msg_id))));
    const marked = records.filter(({ msg_id }) => everything || selection.has(msg_id)).length;
    all.checked = records.length > 0 && marked === records.length;
    all.indeterminate = marked > 0 && marked < records.length;
    if (focused) rowOf(focused)?.focus({ preventScroll: true });
  }

  const rowOf = (id) => [...body.children].find((tr) => tr.dataset.id === id);

  function roam(index) {
    body.children[current]?.setAttribute("tabindex", "-1");
    current = index;
    body.children[current]?.setAttribute("tabindex", "0");
  }

  function move(by) {
    const next = Math.max(0, Math.min(records.length - 1, body.contains(document.activeElement) ? current + by : current));
    body.children[next]?.focus();
  }

  function click(event, id) {
    if (!event.target.closest("a, input, label, button") && !getSelection().toString()) open(id);
  }

  function press(event, index) {
    if (event.target.tagName !== "TR") return;
    const act = { Enter: () => open(records[index].msg_id), " ": () => toggle(index), ArrowDown: () => move(1), ArrowUp: () => move(-1) }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  function toggle(index) {
    if (records[index] && !everything) tick(index, !selection.has(records[index].msg_id));
  }

  function tick(index, on) {
    const { msg_id: id } = records[index];
    if (on) selection.set(id, records[index]);
    else selection.delete(id);
    changed();
  }

  function tickPage(on) {
    everything = false;
    for (const record of records) on ? selection.set(record.msg_id, record) : selection.delete(record.msg_id);
    changed();
  }

  function changed() {
    draw();
    ticked({ everything, msgIDs: [...selection.keys()] });
  }

  return {
    element,
    move,
    toggle: () => toggle(current),
    // show has the table show records in an order. What is new among those of the same
    // view is pointed out.
    show(found, sort, same) {
      const known = same && new Set(records.map(({ msg_id }) => msg_id));
      records = found;
      if (!same) current = 0;
      headings(sort);
      draw(known);
    },
    clear() {
      everything = false;
      selection.clear();
      changed();
    },
    selectEverything() {
      everything = true;
      changed();
    },
  };
}
