// Who ran what when.

import { api } from "../api.js";
import { lanes, outcomeState } from "../components/lanes.js";
import { broken, card, empty, loading } from "../components/place.js";
import { fill, h, link } from "../dom.js";
import { duration, instant, number, plural, short } from "../format.js";
import { newest, showLatest } from "../latest.js";
import { paced } from "../paced.js";
import { go, to } from "../router.js";
import { iso, spanChips, spanOf } from "../span.js";

const mostRuns = 2_000;

export function engines(root) {
  let params = {};
  const spans = h("div");
  const timeline = lanes({
    open: (msgID) => go(to("task", {}, msgID)),
    zoom: ([since, until]) => go(to("engines", { since: iso(since), until: iso(until) })),
  });
  const place = h("div", {}, loading(6));
  const more = h("p", { class: "muted note" });
  const key = h("ul", { class: "legend" }, [["ok", "ok"], ["failed", "failed, timed out"], ["aborted", "lost, cancelled"], ["running", "running"]].map(
    ([state, name]) => h("li", {}, h("i", { class: `swatch bars c-${state}` }), name),
  ));
  const list = h("div");
  fill(root, h("div", { class: "bar" }, h("h1", {}, "Engines"), spans), h("section", { class: "card" }, key, place, more), list);

  const refresh = paced(load);

  async function load() {
    const { since, until } = spanOf(params);
    fill(spans, spanChips("engines", params, ["5m", "15m", "1h", "6h", "1d"]));
    const asked = params;
    try {
      const found = await api.timeline({ since: iso(since), until: iso(until), limit: mostRuns });
      if (asked !== params) return refresh.soon();
      await show(found, [since, until]);
    } catch (problem) {
      fill(place, broken(problem, () => refresh.now()));
      fill(list);
    }
  }

  async function show({ runs, more: cut }, span) {
    runs ??= [];
    more.textContent = cut ? `The newest ${number(runs.length)} runs are shown. Drag over the timeline to look closer.` : "";
    if (!runs.length) {
      fill(list);
      return fill(place, await quiet());
    }
    if (place.firstChild !== timeline.element) fill(place, timeline.element);
    timeline.show(runs, span);
    fill(list, card("Each engine", { className: "flush", aside: h("span", { class: "muted" }, plural(runs.length, "run")) }, table(runs, span)));
  }

  async function quiet() {
    const text = "When an engine claims a task, its run is drawn here.";
    return empty("No engine ran anything", text, showLatest("engines", await newest("started")));
  }

  return {
    title: "Engines",
    update(route) {
      params = route.params;
      refresh.now();
    },
    changed() {
      if (spanOf(params).moving) refresh.soon();
    },
    keys: { r: () => refresh.now() },
    stop() {
      refresh.stop();
      timeline.stop();
    },
  };
}

// table tells of each engine what the timeline shows.
function table(runs, [since, until]) {
  const engines = Map.groupBy(runs, (run) => run.engine);
  const row = ([engine, own]) => {
    const busy = own.reduce((total, run) => total + overlap(run, since, until), 0);
    const failed = own.filter((run) => outcomeState(run.outcome) === "failed" || run.outcome === "lost").length;
    const running = own.find((run) => !run.ended);
    const share = Math.min(100, (100 * busy) / (until - since));
    return h(
      "tr", {},
      h("td", {}, link(to("tasks", { filter: `{engine_uuid: ${JSON.stringify(engine)}}` }), { class: "mono", title: engine }, short(engine, 26))),
      h("td", { class: "number" }, number(own.length)),
      h("td", { class: `number ${failed ? "bad" : "faint"}` }, number(failed)),
      h("td", { class: "number" }, duration(busy * 1000)),
      h("td", { class: "wide" }, meter(share)),
      h("td", { class: "wide" }, running ? link(to("task", {}, running.msg_id), {}, running.label || short(running.msg_id, 22)) : h("span", { class: "faint" }, "idle")),
    );
  };
  const heading = (name, className) => h("th", { scope: "col", class: className }, name);
  return h(
    "div", { class: "table-wrap" },
    h("table", {},
      h("thead", {}, h("tr", {}, heading("Engine"), heading("Runs", "number"), heading("Failed", "number"), heading("Busy", "number"), heading("", "wide"), heading("Now", "wide"))),
      h("tbody", {}, [...engines].sort(([a], [b]) => (a < b ? -1 : 1)).map(row)),
    ),
  );
}

function overlap(run, since, until) {
  const from = Math.max(since, instant(run.started) / 1000);
  const to = Math.min(until, (instant(run.ended) ?? Date.now()) / 1000);
  return Math.max(0, to - from);
}

// meter draws a share of a hundred.
function meter(share) {
  return h(
    "svg", { class: "meter", viewBox: "0 0 100 6", preserveAspectRatio: "none", role: "img", "aria-label": `${Math.round(share)}% busy` },
    h("rect", { class: "full", width: String(share), height: "6" }),
  );
}
