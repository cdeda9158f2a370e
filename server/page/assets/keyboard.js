// Shortcuts: single keys, and two after g. They rest while the user writes, or while a
// dialog is open.

// listen has keys do something. own returns those of the view that is shown.
export function listen(common, own) {
  let leader = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]") || writes(event.target)) return;
    const second = Date.now() - leader < 1_500;
    leader = event.key === "g" && !second ? Date.now() : 0;
    const act = second ? common[`g ${event.key}`] : own()[event.key] ?? common[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

function writes(element) {
  return element.matches("textarea, select, [contenteditable]") || (element.matches("input") && element.type !== "checkbox");
}
