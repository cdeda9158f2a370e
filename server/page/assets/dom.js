// Making elements. Whatever comes from a record is put in as text: nothing here, or
// anywhere on the page, parses HTML.

const svgTags = new Set(["svg", "path", "rect", "circle", "line", "g"]);

// h makes an element. Of its properties those that begin with "on" are listeners,
// true is an attribute without a value, false and null are none. Children are nodes,
// texts, or lists of them.
export function h(tag, properties = {}, ...children) {
  const element = svgTags.has(tag)
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...nodes(children));
  return element;
}

// fill gives an element other children.
export function fill(element, ...children) {
  element.replaceChildren(...nodes(children));
  return element;
}

function nodes(children) {
  return children.flat(Infinity).filter((child) => child != null && child !== false);
}

// link is an anchor to a view of this page.
export function link(href, properties, ...children) {
  return h("a", { href, ...properties }, ...children);
}

// button is a button that does something when it is pressed.
export function button(label, press, properties = {}) {
  return h("button", { type: "button", onclick: press, ...properties }, label);
}
