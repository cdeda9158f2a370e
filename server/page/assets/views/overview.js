// What an operator wants to know at a glance: how many tasks are in each state, how
// fast they come and go, how long they take, and what failed last.

import { api } from "../api.js";
import { durationSteps } from "../components/axis.js";
import { chart } from "../components/chart.js";
import { broken, card, empty, loading } from "../components/place.js";
import { badge, stateOf, states } from "../components/state.js";
import { counts } from "../counts.js";
import { fill, h, link } from "../dom.js";
import { ago, compact, duration, instant, none, number, plural, short } from "../format.js";
import { newest, showLatest } from "../latest.js";
import { paced } from "../paced.js";
import { to } from "../router.js";
import { iso, spanChips, spanOf } from "../span.js";

const steps = [1, 5, 10, 15, 30, 60, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400];
const mostSteps = 72;
const mostFailures = 6;

export function overview(root) {
  let params = {};
  let shown = null; // the params of what is drawn
  const tiles = h("div", { class: "tiles" });
  const spans = h("div");
  const throughput = chart({
    label: "Tasks finished in each step",
    values: (n) => (Number.isInteger(n) ? compact(n) : ""),
    series: [
      { label: "ok", colour: "ok", shape: "bars", format: number },
      { label: "failed", colour: "failed", shape: "bars", format: number },
      { label: "aborted", colour: "aborted", shape: "bars", format: number },
      { label: "submitted", colour: "accent", shape: "line", format: number },
    ],
  });
  const durations = chart({
    label: "How long tasks took",
    values: (seconds) => (seconds ? duration(seconds * 1000).replace(/\.?0+s$/, "s") : "0"),
    steps: durationSteps,
    series: [
      { label: "median", colour: "accent", shape: "line", format: (s) => duration(s * 1000) },
      { label: "95 in 100 at most", colour: "aborted", shape: "line", format: (s) => duration(s * 1000) },
    ],
  });
  const charts = h("div", { class: "charts" });
  const failures = h("div", {}, loading(3));
  const stepNote = h("span", { class: "muted" });
  const throughputCard = card("Throughput", { aside: stepNote }, throughput.element);
  const durationCard = card("Durations", { aside: h("span", { class: "muted" }, "started to completed") }, durations.element);
  fill(
    root,
    h("h1", { class: "unseen" }, "Overview"),
    tiles,
    h("div", { class: "bar" }, h("h2", {}, "Activity"), spans),
    charts,
    card("Latest failures", { aside: link(to("tasks", { state: "failed", sort: "-completed" }), {}, "All failed tasks") }, failures),
  );
  fill(charts, throughputCard, durationCard);

  function drawTiles(latest, problem) {
    if (!latest && problem) return fill(tiles, broken(problem, () => counts.refresh()));
    const notes = latest && { running: "on an engine now", pending: "waiting", ok: share(latest.ok, latest.finished), failed: share(latest.failed, latest.finished), aborted: share(latest.aborted, latest.finished) };
    const tile = (state) => link(
      to("tasks", { state }),
      { class: `tile ${state} ${latest?.[state] ? "" : "zero"}` },
      h("span", { class: "name" }, h("i", { "aria-hidden": "true" }), state),
      h("strong", { title: latest ? number(latest[state]) : "" }, latest ? roomy(latest[state]) : "…"),
      h("small", {}, notes?.[state] ?? ""),
    );
    fill(tiles, states.map(tile));
  }

  const refresh = paced(load);

  async function load() {
    const { since, until } = spanOf(params);
    fill(spans, spanChips("overview", params, ["15m", "1h", "6h", "1d", "7d"]));
    const asked = params;
    if (asked !== shown) charts.setAttribute("aria-busy", "true");
    const step = steps.find((s) => (until - since) / s <= mostSteps) ?? steps.at(-1);
    try {
      const activity = await api.activity({ since: iso(Math.floor(since / step) * step), until: iso(until), step: `${step}s` });
      if (asked !== params) return refresh.soon();
      charts.setAttribute("aria-busy", "false");
      shown = asked;
      show(activity, step, [Math.floor(since / step) * step, Math.ceil(until / step) * step]);
      await loadFailures(since, until);
    } catch (problem) {
      charts.setAttribute("aria-busy", "false");
      fill(charts, h("div", { class: "card whole" }, broken(problem, () => refresh.now())));
      if (failures.querySelector(".loading")) fill(failures, h("p", { class: "calm" }, "They could not be asked for."));
    }
  }

  async function show({ steps: list }, step, span) {
    list ??= [];
    const sum = (key) => list.reduce((total, one) => total + one[key], 0);
    const totals = ["ok", "failed", "aborted", "submitted"].map(sum);
    if (totals.every((n) => n === 0)) return quiet();
    if (!charts.contains(throughputCard)) fill(charts, throughputCard, durationCard);
    const times = list.map((one) => instant(one.start) / 1000 + step / 2);
    const now = Date.now() / 1000;
    const over = (one) => instant(one.start) / 1000 + step <= now; // a line would fall towards a step that is not
    const column = (key) => list.map((one) => (key !== "submitted" || over(one) ? one[key] : null));
    const finished = (one) => one.ok + one.failed + one.aborted > 0 && one.p95 > 0;
    stepNote.textContent = `tasks in each ${duration(step * 1000)}, UTC`;
    throughput.show({
      times, span, totals, values: ["ok", "failed", "aborted", "submitted"].map(column),
      summary: `${plural(totals[0], "task")} ok, ${number(totals[1])} failed, ${number(totals[2])} aborted, ${number(totals[3])} submitted`,
    });
    durations.show({ times, span, values: ["median", "p95"].map((key) => list.map((one) => (finished(one) ? one[key] : null))) });
  }

  // quiet stands there when nothing happened, and leads to when something did.
  async function quiet() {
    if (charts.querySelector(".quiet-hub")) return;
    const last = await newest("submitted");
    const text = last ? "No task was submitted or finished in this span of time." : "As soon as tasks are submitted their throughput and durations are drawn here.";
    fill(charts, h("div", { class: "card whole quiet-hub" }, empty("All is quiet", text, showLatest("overview", last))));
  }

  async function loadFailures(since, until) {
    const page = await api.query({
      filter: `{completed: {$gte: ISODate("${iso(since)}"), $lte: ISODate("${iso(until)}")}}`,
      state: "failed", sort: "{completed: -1}", limit: mostFailures,
      projection: '{_id: 0, msg_id: 1, label: 1, completed: 1, engine_uuid: 1, "result_content.status": 1, "result_content.ename": 1, "result_content.evalue": 1}',
    });
    const records = page.records ?? [];
    fill(failures, records.length ? h("ul", { class: "failures" }, records.map(failure)) : h("p", { class: "calm" }, "Nothing failed in this span of time."));
  }

  const forget = counts.follow(drawTiles);
  drawTiles(null);

  return {
    title: "Overview",
    update(route) {
      params = route.params;
      refresh.now();
    },
    changed() {
      if (spanOf(params).moving) refresh.soon();
    },
    keys: { r: () => refresh.now() },
    stop() {
      forget();
      refresh.stop();
      throughput.stop();
      durations.stop();
    },
  };
}

function failure(record) {
  const { ename, evalue } = record.result_content ?? {};
  return h(
    "li", {},
    link(
      to("task", {}, record.msg_id), { class: "failure" },
      badge(stateOf(record)),
      h("span", { class: "what" }, h("b", {}, ename || "error"), evalue ? `: ${evalue}` : ""),
      h("span", { class: record.label ? "who" : "who mono" }, record.label || short(record.msg_id, 24)),
      h("time", {}, ago(instant(record.completed))),
    ),
  );
}

// roomy writes a count in full as long as a tile has room for it.
function roomy(n) {
  return n < 10_000_000 ? number(n) : compact(n);
}

function share(n, all) {
  if (!all || !n) return n ? "" : none;
  const percent = (100 * n) / all;
  return `${percent >= 99.95 || percent < 10 ? percent.toFixed(1).replace(/\.0$/, "") : Math.round(percent)}% of finished`;
}
