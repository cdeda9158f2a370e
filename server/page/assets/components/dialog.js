// A dialog over the page. The browser keeps the focus in it, and Escape closes it.

import { button, h } from "../dom.js";

// ask shows a dialog. The parts of its content are nodes; done(value) closes it. The
// promise is of that value, or null if the user thought better of it.
export function ask({ title, content, kind = "" }) {
  return new Promise((resolve) => {
    const opener = document.activeElement;
    let answer = null;
    const done = (value) => {
      answer = value;
      dialog.close();
    };
    const dialog = h(
      "dialog",
      { class: `dialog ${kind}`, "aria-labelledby": "dialog-title" },
      h("h2", { id: "dialog-title" }, title),
      content(done),
    );
    dialog.addEventListener("click", (event) => event.target === dialog && done(null));
    dialog.addEventListener("close", () => {
      dialog.remove();
      opener?.focus?.();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

// choices is the row of buttons at a dialog's end.
export function choices(done, ...others) {
  return h("div", { class: "choices" }, button("Back", () => done(null), { class: "quiet" }), others);
}

// askText asks for a line of text.
export function askText({ title, text, label, go, value = "", type = "text" }) {
  return ask({
    title,
    content: (done) => {
      const input = h("input", { type, value, class: "input", autofocus: true, "aria-label": label, placeholder: label });
      const submit = (event) => {
        event.preventDefault();
        done(input.value);
      };
      return h(
        "form",
        { onsubmit: submit },
        text && h("p", {}, text),
        input,
        choices(done, h("button", { type: "submit", class: "primary" }, go)),
      );
    },
  });
}
