// The timeline of engines: a lane for each, a bar for each run, drawn by uPlot's axes
// and scales. Dragging over it shows that span of time.

import uPlot from "../vendor/uPlot.esm.js";
import { h } from "../dom.js";
import { clock, duration, instant, short } from "../format.js";
import { badge } from "./state.js";
import { axis, font, timeAxis, utcDate } from "./axis.js";
import { colour, recoloured } from "./colours.js";

const laneHeight = 30;
const barHeight = 18;
const axisHeight = 34;
const colours = { ok: "ok", error: "failed", lost: "aborted", "timed out": "failed", aborted: "aborted", cancelled: "aborted" };

const scaled = (text) => text.replace(/^\d+/, (px) => 0.94 * px * devicePixelRatio);

// outcomeState is the state whose colour an outcome has.
export function outcomeState(outcome) {
  return outcome ? colours[outcome] ?? "finished" : "running";
}

// lanes makes the timeline. open is called with the msg_id of a run that is clicked,
// zoom with a span of time in seconds.
export function lanes({ open, zoom }) {
  const tip = h("div", { class: "tip", hidden: true });
  const canvas = h("div", { class: "plot", role: "img", "aria-label": "Timeline of engines" });
  const element = h("div", { class: "lanes" }, canvas, tip);
  let plot = null;
  let shown = null;

  function draw() {
    plot?.destroy();
    const height = Math.max(1, shown.engines.length) * laneHeight + axisHeight;
    plot = new uPlot(options(height), [shown.span, [0, 0]], canvas);
    plot.over.addEventListener("mousemove", hover);
    plot.over.addEventListener("mouseleave", () => (tip.hidden = true));
    let pressed = 0;
    plot.over.addEventListener("mousedown", (event) => (pressed = event.offsetX));
    plot.over.addEventListener("click", (event) => {
      const run = Math.abs(event.offsetX - pressed) < 4 && at(event); // else it was dragged
      if (run) open(run.msg_id);
    });
  }

  function options(height) {
    const narrow = canvas.clientWidth < 500;
    return {
      width: Math.max(280, canvas.clientWidth),
      height,
      padding: [0, 18, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
      scales: { x: { time: true, range: () => shown.span }, y: { dir: -1, range: () => [0, shown.engines.length || 1] } },
      axes: [
        timeAxis({ size: axisHeight }),
        axis({
          stroke: colour("muted"), size: narrow ? 76 : 132, gap: 10, grid: { show: false },
          splits: () => shown.engines.map((_, i) => i + 0.5),
          values: () => shown.engines.map((name) => short(name, narrow ? 9 : 17)),
        }),
      ],
      series: [{}, { paths: () => null, points: { show: false } }],
      hooks: { drawClear: [stripes], draw: [bars], setSelect: [selected] },
      tzDate: utcDate,
    };
  }

  function stripes(u) {
    u.ctx.fillStyle = colour("lane");
    shown.engines.forEach((_, i) => {
      const y = u.valToPos(i + 0.5, "y", true);
      const h2 = (barHeight + 4) * devicePixelRatio;
      u.ctx.fillRect(u.bbox.left, y - h2 / 2, u.bbox.width, h2);
    });
  }

  function bars(u) {
    const { ctx } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
    ctx.clip();
    const fills = Object.fromEntries(["ok", "failed", "aborted", "running", "finished"].map((name) => [name, colour(name)]));
    for (const run of shown.runs) bar(u, run, fills);
    ctx.restore();
  }

  function bar(u, run, fills) {
    const { ctx } = u;
    const left = u.valToPos(run.from, "x", true);
    const width = Math.max(2 * devicePixelRatio, u.valToPos(run.to, "x", true) - left - devicePixelRatio);
    const height = barHeight * devicePixelRatio;
    const y = u.valToPos(run.lane + 0.5, "y", true) - height / 2;
    ctx.fillStyle = fills[outcomeState(run.outcome)];
    ctx.beginPath();
    ctx.roundRect(left, y, width, height, Math.min(4 * devicePixelRatio, width / 2));
    ctx.fill();
    name(u, run, Math.max(left, u.bbox.left), left + width, y + height / 2);
  }

  // name writes what a run is called into its bar, if there is room.
  function name({ ctx }, run, left, right, middle) {
    const margin = 7 * devicePixelRatio;
    if (!run.label || right - left < 40 * devicePixelRatio) return;
    ctx.font = scaled(font);
    if (ctx.measureText(run.label).width > right - left - 2 * margin) return;
    ctx.fillStyle = colour(outcomeState(run.outcome) === "aborted" ? "on-aborted" : "on-state");
    ctx.textBaseline = "middle";
    ctx.textAlign = "left";
    ctx.fillText(run.label, left + margin, middle + devicePixelRatio / 2);
  }

  // at returns the run under the pointer. The last one drawn is on top.
  function at(event) {
    const lane = Math.floor(plot.posToVal(event.offsetY, "y"));
    const time = plot.posToVal(event.offsetX, "x");
    const near = Math.abs(plot.posToVal(event.offsetX + 3, "x") - time);
    return shown.runs.findLast((run) => run.lane === lane && run.from - near <= time && time <= run.to + near);
  }

  function hover(event) {
    const run = at(event);
    plot.over.style.cursor = run ? "pointer" : "";
    tip.hidden = !run;
    if (!run) return;
    tip.replaceChildren(
      badge(outcomeState(run.outcome), run.outcome && run.outcome !== "ok" ? run.outcome : ""),
      h("strong", {}, run.label || short(run.msg_id, 28)),
      h("span", {}, `${clock(instant(run.started))} UTC · ${duration((run.to - run.from) * 1000)}${run.ended ? "" : " so far"}`),
    );
    const x = plot.over.offsetLeft + event.offsetX;
    tip.style.left = `${Math.min(Math.max(8, x - tip.offsetWidth / 2), element.clientWidth - tip.offsetWidth - 8)}px`;
    tip.style.top = `${plot.over.offsetTop + (run.lane + 1) * laneHeight}px`;
  }

  function selected(u) {
    if (u.select.width < 6) return;
    zoom([u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x")]);
    u.setSelect({ width: 0, left: 0 }, false);
  }

  new ResizeObserver(() => plot && plot.width !== Math.max(280, canvas.clientWidth) && draw()).observe(canvas);
  const forget = recoloured(() => shown && draw());

  return {
    element,
    // show draws runs of the API in a span of time, in seconds.
    show(runs, span) {
      const engines = [...new Set(runs.map((run) => run.engine))].sort();
      const lane = new Map(engines.map((engine, i) => [engine, i]));
      const read = runs.map((run) => ({
        ...run,
        lane: lane.get(run.engine),
        from: instant(run.started) / 1000,
        to: (instant(run.ended) ?? Date.now()) / 1000,
      }));
      shown = { engines, runs: read, span };
      draw();
      canvas.setAttribute("aria-label", `Timeline of ${engines.length} engines with ${runs.length} runs`);
    },
    stop() {
      forget();
      plot?.destroy();
    },
  };
}
