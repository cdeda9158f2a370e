// The queues, and what is stopped.

import { api } from "../api.js";
import { askText } from "../components/dialog.js";
import { broken, card, empty, loading } from "../components/place.js";
import { failed, toast } from "../components/toast.js";
import { button, fill, h, link } from "../dom.js";
import { clock, instant, number, short } from "../format.js";
import { paced } from "../paced.js";
import { to } from "../router.js";

export function queues(root) {
  const place = h("div", {}, loading(6));
  fill(root, h("div", { class: "bar" }, h("h1", {}, "Queues")), place);
  const refresh = paced(load);

  async function load() {
    try {
      const status = await api.status();
      fill(place, intake(status.drained), queueCard(status.queues ?? []), engineCard(status.engines ?? []));
    } catch (problem) {
      fill(place, broken(problem, () => refresh.now()));
    }
  }

  // change does something, says so, and shows what it is like then.
  async function change(what, doing) {
    try {
      await doing();
      toast(what);
    } catch (problem) {
      failed("This did not work", problem);
    }
    refresh.now();
  }

  async function drain() {
    const reason = await askText({
      title: "Take no new tasks", text: "Submissions are refused with this reason until you resume. Those that are there go on.",
      label: "Reason", go: "Drain",
    });
    if (reason !== null) change("The hub takes no new tasks", () => api.drain(reason));
  }

  async function pause(queue) {
    const reason = await askText({
      title: `Pause ${named(queue)}`, text: "None of its tasks is handed out until you resume it. Those that run go on.",
      label: "Reason", go: "Pause",
    });
    if (reason !== null) change(`${named(queue)} is paused`, () => api.pause(queue, reason));
  }

  function intake(drained) {
    const stop = button("Drain", drain);
    const resume = button("Take tasks again", () => change("The hub takes tasks again", api.undrain), { class: "primary" });
    return h(
      "section", { class: `card intake ${drained ? "stopped" : ""}` },
      h("div", {}, h("h2", {}, drained ? "Drained" : "Taking tasks"), h("p", { class: "muted" }, drained ? stopped(drained) : "New tasks are accepted.")),
      drained ? resume : stop,
    );
  }

  function queueCard(list) {
    if (!list.length) return card("Queues", {}, empty("Nothing is waiting", "Queues appear here while they have unfinished tasks."));
    const most = Math.max(...list.map((one) => one.ready + one.waiting + one.running + one.foreign), 1);
    const row = (one) => h(
      "tr", { class: one.paused ? "paused" : "" },
      h("td", { class: "queue", title: one.queue }, link(to("tasks", { filter: one.queue ? `{completed: null, queue: ${JSON.stringify(one.queue)}}` : "{completed: null, queue: null}" }), {}, one.queue || "without a name"),
        one.paused && h("small", { class: "stop" }, stopped(one.paused))),
      h("td", { class: "number" }, count(one.running)), h("td", { class: "number" }, count(one.ready)),
      h("td", { class: "number" }, count(one.waiting)), h("td", { class: "number wide" }, count(one.foreign)),
      h("td", { class: "wide" }, depth(one, most)),
      h("td", { class: "end" }, one.paused
        ? button("Resume", () => change(`${named(one.queue)} goes on`, () => api.unpause(one.queue)))
        : button("Pause", () => pause(one.queue), { class: "quiet" })),
    );
    return card("Queues", { className: "flush" }, h("div", { class: "table-wrap" }, h("table", {},
      h("thead", {}, h("tr", {}, th("Queue"), th("Running", "number"), th("Ready", "number"), th("Waiting", "number", "For other tasks, or for their time"), th("Foreign", "number wide", "Pending, and another hub's"), th("", "wide"), th(""))),
      h("tbody", {}, list.map(row)),
    )));
  }

  return {
    title: "Queues",
    update: () => refresh.now(),
    changed: () => refresh.soon(),
    keys: { r: () => refresh.now() },
    stop: () => refresh.stop(),
  };
}

function engineCard(list) {
  if (!list.length) return null;
  const row = ({ engine, running }) => h("tr", {},
    h("td", {}, link(to("tasks", { state: "running", filter: `{engine_uuid: ${JSON.stringify(engine)}}` }), { class: "mono", title: engine }, short(engine, 34) || "unknown")),
    h("td", { class: "number" }, number(running)));
  return card("Engines at work", { className: "flush" }, h("div", { class: "table-wrap" }, h("table", {},
    h("thead", {}, h("tr", {}, th("Engine"), th("Running", "number"))), h("tbody", {}, list.map(row)))));
}

function th(name, className, title) {
  return h("th", { scope: "col", class: className, title }, name);
}

function count(n) {
  return n ? number(n) : h("span", { class: "faint" }, "0");
}

function named(queue) {
  return queue ? `The queue ${queue}` : "The queue without a name";
}

function stopped({ reason, since }) {
  return `${reason ? `${reason}, ` : ""}since ${clock(instant(since))} UTC`;
}

// depth draws how many tasks a queue has, by what they do.
function depth(one, most) {
  let x = 0;
  const part = (n, className) => {
    const width = (100 * n) / most;
    x += width;
    return n > 0 && h("rect", { class: className, x: String(x - width), width: String(width), height: "6" });
  };
  return h("svg", { class: "meter", viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" },
    part(one.running, "running"), part(one.ready, "ready"), part(one.waiting, "waiting"), part(one.foreign, "waiting"));
}
