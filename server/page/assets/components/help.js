// The sheet of shortcuts.

import { button, h } from "../dom.js";
import { ask } from "./dialog.js";

const shortcuts = [
  ["Everywhere", [["g o", "Overview"], ["g t", "Tasks"], ["g e", "Engines"], ["g q", "Queues"], ["/", "write a filter"], ["r", "ask again"], ["d", "dark or light"], ["?", "this sheet"]]],
  ["In the table of tasks", [["j k", "next row, row before; arrows too"], ["x", "tick the row; Space too"], ["Enter", "open the task"], ["n p", "next page, page before"], ["Esc", "tick nothing"]]],
  ["In the filter box", [["↓ ↑", "choose a completion"], ["Enter", "take it, or filter"], ["Esc", "close the completions, leave the box"]]],
];

export function help() {
  const keys = (text) => text.split(" ").map((key) => h("kbd", {}, key));
  const group = ([title, list]) => h("section", {}, h("h3", {}, title), h("dl", {}, list.map(([key, does]) => h("div", {}, h("dt", {}, keys(key)), h("dd", {}, does)))));
  return ask({
    title: "Keyboard",
    kind: "sheet",
    content: (done) => h("div", {}, h("div", { class: "shortcuts" }, shortcuts.map(group)), h("div", { class: "choices" }, button("Close", () => done(null), { class: "primary", autofocus: true }))),
  });
}
