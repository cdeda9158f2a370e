// Terminal colours in a traceback, as IPython writes them, as elements. Colours become
// one of the terminal's eight, which the theme draws so that they can be read.

import { h } from "../dom.js";

const names = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const escape = /\x1b\[([0-9;:]*)m|\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])/g;

// ansi returns nodes for a text with escape sequences. Those that are no colours are
// left out.
export function ansi(text) {
  const nodes = [];
  let style = {};
  let from = 0;
  for (const match of text.matchAll(escape)) {
    nodes.push(...piece(text.slice(from, match.index), style));
    from = match.index + match[0].length;
    if (match[1] !== undefined) style = applied(style, match[1]);
  }
  nodes.push(...piece(text.slice(from), style));
  return nodes;
}

function piece(text, style) {
  if (!text) return [];
  const said = [style.colour && `ansi-${style.colour}`, style.bold && "ansi-bold", style.italic && "ansi-italic"];
  const classes = said.filter(Boolean).join(" ");
  return [classes ? h("span", { class: classes }, text) : text];
}

function applied(style, parameters) {
  const codes = parameters.split(/[;:]/).map(Number);
  let now = style;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    if (code === 0) now = {};
    else if (code === 1) now = { ...now, bold: true };
    else if (code === 3) now = { ...now, italic: true };
    else if (code === 22) now = { ...now, bold: false };
    else if (code === 23) now = { ...now, italic: false };
    else if (code === 39) now = { ...now, colour: "" };
    else if (code >= 30 && code <= 37) now = { ...now, colour: names[code - 30] };
    else if (code >= 90 && code <= 97) now = { ...now, colour: names[code - 90] };
    else if (code === 38 || code === 48) {
      const [colour, used] = extended(codes.slice(i + 1));
      if (code === 38) now = { ...now, colour };
      i += used;
    }
  }
  return now;
}

// extended reads 5;N, of a palette of 256, or 2;R;G;B.
function extended(codes) {
  if (codes[0] === 5) return [ofPalette(codes[1]), 2];
  if (codes[0] === 2) return [nearest(codes[1], codes[2], codes[3]), 4];
  return ["", 0];
}

function ofPalette(n) {
  if (n < 16) return names[n % 8];
  if (n >= 232) return "white";
  const level = (v) => (v === 0 ? 0 : 55 + 40 * v);
  n -= 16;
  return nearest(level(Math.floor(n / 36)), level(Math.floor(n / 6) % 6), level(n % 6));
}

// nearest is the name of the hue, where there is one.
function nearest(r, g, b) {
  const high = Math.max(r, g, b);
  if (high - Math.min(r, g, b) < 40) return "white";
  const bit = (v) => (v > high * 0.6 ? 1 : 0);
  return names[bit(r) + 2 * bit(g) + 4 * bit(b)];
}
