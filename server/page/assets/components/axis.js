// The axes of charts: times in UTC by 24 hours, and durations in steps that people
// count in.

import uPlot from "../vendor/uPlot.esm.js";
import { colour } from "./colours.js";

export const font = '12px "Inter", system-ui, sans-serif';

// utcDate has uPlot take times in UTC.
export const utcDate = (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC");

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

// timeAxis is an axis of times: hours and minutes, and the day at its beginning.
export function timeAxis(more = {}) {
  return axis({
    space: 64,
    size: 30,
    gap: 8,
    values: (_, splits, __, ___, step) => splits.map((seconds) => timeAt(seconds, step)),
    ...more,
  });
}

function timeAt(seconds, step) {
  const date = new Date(seconds * 1000);
  const [hours, minutes, rest] = date.toISOString().slice(11, 19).split(":");
  if (hours === "00" && minutes === "00" && rest === "00") return `${date.getUTCDate()} ${months[date.getUTCMonth()]}`;
  return step < 60 ? `${hours}:${minutes}:${rest}` : `${hours}:${minutes}`;
}

// axis is an axis in the theme's colours.
export function axis(more) {
  return {
    stroke: colour("faint"),
    font,
    grid: { stroke: colour("rule"), width: 1 },
    ticks: { show: false },
    ...more,
  };
}

// durationSteps are what an axis of seconds may be divided by.
export const durationSteps = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400,
  43_200, 86_400, 172_800, 604_800,
];
