// The box in which a filter is written: it completes keys, operators and values, and
// shows what is wrong at its place.

import { button, fill, h } from "../dom.js";
import { complete } from "../filter/complete.js";
import { look } from "../filter/keys.js";

// filterBox makes the box. submit is called with its text.
export function filterBox({ submit }) {
  const input = h("input", {
    class: "filter-input", type: "text", spellcheck: "false", autocomplete: "off", autocapitalize: "off", enterkeyhint: "search",
    placeholder: '{submitted: {$gt: "-1h"}, label: {$glob: "fit-*"}}',
    role: "combobox", "aria-label": "Filter", "aria-autocomplete": "list", "aria-controls": "completions", "aria-expanded": "false",
    "aria-describedby": "filter-help",
  });
  const clear = button("Clear", () => change(""), { class: "quiet clear", "aria-label": "Clear the filter" });
  const list = h("ul", { id: "completions", class: "completions", role: "listbox", "aria-label": "Completions", hidden: true });
  const help = h("div", { id: "filter-help", class: "filter-help", "aria-live": "polite" });
  let offered = { options: [] };
  let active = -1;

  function offer() {
    offered = complete(input.value, input.selectionStart);
    active = -1;
    show();
  }

  // know offers again what is known now.
  function know() {
    if (offered.options.length && active < 0) offer();
  }

  function show() {
    const open = offered.options.length > 0;
    list.hidden = !open;
    input.setAttribute("aria-expanded", String(open));
    const item = (option, i) => h(
      "li",
      { id: `completion-${i}`, role: "option", "aria-selected": String(i === active), onmousedown: (e) => take(e, option) },
      h("span", {}, option.name), h("small", {}, option.note),
    );
    fill(list, offered.options.map(item));
    if (active >= 0) input.setAttribute("aria-activedescendant", `completion-${active}`);
    else input.removeAttribute("aria-activedescendant");
    list.children[active]?.scrollIntoView({ block: "nearest" });
  }

  function close() {
    offered = { options: [] };
    show();
  }

  function take(event, option) {
    event.preventDefault();
    input.setRangeText(option.text, offered.from, offered.to, "end");
    input.focus();
    offer();
  }

  function change(text) {
    input.value = text;
    close();
    submit(text);
  }

  function press(event) {
    const count = offered.options.length;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!count) return offer();
      active = (active + (event.key === "ArrowDown" ? 1 : -1) + (active < 0 && event.key === "ArrowUp" ? 1 : 0) + count) % count;
      show();
    } else if ((event.key === "Enter" || event.key === "Tab") && active >= 0) take(event, offered.options[active]);
    else if (event.key === "Enter") change(input.value.trim());
    else if (event.key === "Escape" && count) {
      event.stopPropagation();
      close();
    } else if (event.key === "Escape") input.blur();
  }

  input.addEventListener("input", offer);
  input.addEventListener("click", offer);
  input.addEventListener("keydown", press);
  input.addEventListener("blur", close);
  input.addEventListener("focus", () => look().then(know, () => {})); // without it only the model's keys are known

  return {
    element: h(
      "div",
      { class: "filter", role: "search" },
      h("div", { class: "filter-line" }, h("span", { class: "filter-mark", "aria-hidden": "true" }, "filter"), input, clear, list),
      help,
    ),
    focus: () => input.focus(),
    set(text) {
      if (document.activeElement !== input) input.value = text;
      clear.hidden = text === "";
    },
    // wrong shows a mistake, of filter/problem.js, or none.
    wrong(problem) {
      input.setAttribute("aria-invalid", String(Boolean(problem)));
      fill(help, problem && mistake(problem, input.value));
    },
    // hint shows keys that no record has.
    hint(misspelt, correct) {
      fill(help, misspelt.map((one) => h(
        "p",
        { class: "hint" },
        "None of the records looked at has the key ", h("code", {}, one.key), ".",
        one.meant && [" Did you mean ", button(one.meant, () => change(correct(one)), { class: "inline" }), "?"],
      )));
    },
  };
}

// mistake shows the text with what is wrong in it marked.
function mistake({ message, hint, code, start, end }, text) {
  const marked = start != null && [text.slice(0, start), h("mark", {}, text.slice(start, end) || " "), text.slice(end)];
  return h(
    "div",
    { class: "mistake", role: "alert" },
    marked && h("pre", {}, marked),
    h("p", {}, message, code ? h("small", {}, ` MongoDB's error ${code}`) : null),
    hint && h("p", { class: "hint" }, hint),
  );
}
