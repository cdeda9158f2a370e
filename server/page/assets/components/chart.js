// A chart over time, drawn by uPlot.

import uPlot from "../vendor/uPlot.esm.js";
import { h } from "../dom.js";
import { axis, timeAxis, utcDate } from "./axis.js";
import { colour, recoloured } from "./colours.js";

// chart makes a chart with a legend that tells the values under the cursor. Series are
// {label, colour, shape: "bars" or "line", format}; values writes those of the axis. show takes the times in seconds, a
// list of values for each series, and the span of time.
export function chart({ label, series, values: written, steps, height = 190 }) {
  const legend = h("ul", { class: "legend" });
  const canvas = h("div", { class: "plot", role: "img", "aria-label": label });
  const element = h("div", { class: "chart" }, legend, canvas);
  const values = series.map((s) => {
    const value = h("span", { class: "value" });
    legend.append(h("li", {}, h("i", { class: `swatch ${s.shape} c-${s.colour}` }), s.label, value));
    return value;
  });
  let plot = null;
  let shown = null;

  function draw() {
    plot?.destroy();
    plot = new uPlot(options(), shown.data, canvas);
  }

  function options() {
    return {
      width: Math.max(200, canvas.clientWidth),
      height,
      padding: [8, 18, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      scales: { x: { time: true, range: () => shown.span }, y: { range: (_, __, most) => [0, niceTop(most)] } },
      axes: [timeAxis(), axis({ size: 52, space: 34, values: (_, splits) => splits.map(written), ...(steps && { incrs: steps }) })],
      series: [{}, ...series.map(seriesOf)],
      hooks: { setCursor: [(u) => tell(u.cursor.idx)] },
      tzDate: utcDate,
    };
  }

  // tell writes the values at an index into the legend, or, with none, the sums.
  function tell(index) {
    series.forEach((s, i) => {
      const value = index == null ? shown.totals?.[i] : shown.values[i][index];
      values[i].textContent = value == null ? "" : s.format(value);
    });
  }

  new ResizeObserver(() => plot && plot.setSize({ width: Math.max(200, canvas.clientWidth), height })).observe(canvas);
  const forget = recoloured(() => shown && draw());

  return {
    element,
    // show draws values, a list for each series. stacked has the bars stand on each other.
    show({ times, values: lists, span, totals, summary }) {
      const first = !shown;
      shown = { values: lists, totals, span, data: [times, ...stacked(series, lists)] };
      if (summary) canvas.setAttribute("aria-label", `${label}: ${summary}`);
      if (first) draw();
      else plot.setData(shown.data);
      tell(plot.cursor.idx);
    },
    stop() {
      forget();
      plot?.destroy();
    },
  };
}

function seriesOf({ colour: name, shape }) {
  const drawn = colour(name);
  if (shape === "line") return { stroke: drawn, width: 1.75, points: { size: 5, fill: drawn, filter: orTheOnly }, spanGaps: true };
  return { fill: drawn, width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.82, 40], radius: 0.15 }) };
}

// orTheOnly has the points shown that uPlot would show, or the only one that there is: it
// makes no line.
function orTheOnly(plot, i, show) {
  const there = plot.data[i].flatMap((value, index) => (value == null ? [] : [index]));
  return !show && there.length === 1 ? there : null;
}

// stacked has each series of bars stand on those after it, so that the first, which is
// drawn first, is the highest.
function stacked(series, lists) {
  const sums = lists.map((list) => [...list]);
  for (let i = series.length - 2; i >= 0; i--) {
    if (series[i].shape !== "bars" || series[i + 1].shape !== "bars") continue;
    for (let j = 0; j < sums[i].length; j++) sums[i][j] += sums[i + 1][j];
  }
  return sums;
}

// niceTop leaves some room above the highest value.
function niceTop(most) {
  return most > 0 ? most * 1.12 : 1;
}
