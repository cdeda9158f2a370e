// What stands in place of content: that it is on its way, that there is none, or that
// it could not be had.

import { button, h } from "../dom.js";

// loading is some grey lines.
export function loading(lines = 3) {
  const line = () => h("div", { class: "bone" });
  return h("div", { class: "loading", role: "status", "aria-label": "Loading" }, Array.from({ length: lines }, line));
}

// empty says that there is nothing, and what to do.
export function empty(title, text, ...actions) {
  return h("div", { class: "empty" }, h("h3", {}, title), text && h("p", {}, text), h("div", { class: "actions" }, actions));
}

// broken says what went wrong, and offers to try again.
export function broken(problem, again) {
  return h(
    "div",
    { class: "empty broken", role: "alert" },
    h("h3", {}, problem.status === 403 ? "Your token does not allow this" : problem.title || "This did not work"),
    h("p", {}, problem.message),
    problem.request && h("p", { class: "small" }, `request ${problem.request}`),
    again && h("div", { class: "actions" }, button("Try again", again)),
  );
}

// card is a part of a view with a heading.
export function card(title, { aside, className = "", id } = {}, ...content) {
  return h(
    "section",
    { class: `card ${className}`, id },
    h("div", { class: "card-head" }, h("h2", {}, title), aside),
    content,
  );
}
