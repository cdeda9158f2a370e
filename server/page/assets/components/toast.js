// Short notes at the edge of the page, which a screen reader reads out.

import { h } from "../dom.js";

const stays = 6_000;

// toast shows a note for a while. kind is "" or "bad".
export function toast(text, kind = "", ...more) {
  const note = h("div", { class: `toast ${kind}` }, h("span", {}, text), more);
  document.querySelector(".toasts").append(note);
  setTimeout(() => note.remove(), stays);
}

// failed tells why something did not work.
export function failed(what, problem) {
  toast(`${what}: ${problem.message}`, "bad");
}
