// What a task gives out: text, and display data, of which pictures are shown and other
// kinds only as text.

import { fill, h } from "../dom.js";
import { ansi } from "./ansi.js";

const pictures = ["image/png", "image/jpeg", "image/gif", "image/webp"];

// mostText is how much of a stream is drawn: its end.
const mostText = 200_000;

// stream is a pane of text that stays at its end while it grows, unless the user has
// scrolled away from there.
export function stream(name) {
  const pane = h("pre", { class: "stream", tabindex: "0", "aria-label": name });
  let shown = null;
  return {
    element: h("div", { class: "stream-block" }, h("h3", {}, name), pane),
    show(text) {
      if (text === shown) return;
      shown = text;
      const following = pane.scrollTop + pane.clientHeight >= pane.scrollHeight - 4;
      const cut = text.length > mostText;
      fill(pane, cut && h("span", { class: "faint" }, `… ${(text.length - mostText).toLocaleString("en")} characters before\n`), ansi(cut ? text.slice(-mostText) : text));
      if (following) pane.scrollTop = pane.scrollHeight;
    },
  };
}

// display shows the contents of display_data messages, or of an execute_result.
export function display(content) {
  const data = content?.data ?? {};
  const kind = pictures.find((one) => typeof data[one] === "string");
  if (kind) return h("img", { class: "picture", src: `data:${kind};base64,${data[kind].replace(/\s/g, "")}`, alt: textOf(data["text/plain"]) || "Picture" });
  if (typeof data["image/svg+xml"] === "string") {
    return h("img", { class: "picture", src: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(data["image/svg+xml"])}`, alt: textOf(data["text/plain"]) || "Drawing" });
  }
  const [first = "", value = ""] = Object.entries(data).find(([one]) => one === "text/plain") ?? Object.entries(data)[0] ?? [];
  return h("div", {}, first && first !== "text/plain" && h("small", { class: "muted" }, first), h("pre", { class: "stream", tabindex: "0" }, ansi(textOf(value))));
}

function textOf(value) {
  if (Array.isArray(value)) return value.join("");
  return typeof value === "string" ? value : value == null ? "" : JSON.stringify(value, null, 2);
}
