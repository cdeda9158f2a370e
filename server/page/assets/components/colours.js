// The theme's colours, for what is drawn on a canvas.

const probe = document.createElement("i");
probe.hidden = true;

// colour returns what a variable of the style sheets stands for now.
export function colour(name) {
  if (!probe.isConnected) document.body.append(probe);
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
}

const system = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set();

// recoloured calls a function whenever the colours have changed, until stop is called.
export function recoloured(redraw) {
  listeners.add(redraw);
  return () => listeners.delete(redraw);
}

function tell() {
  for (const redraw of listeners) redraw();
}
system.addEventListener("change", tell);

// dark tells whether the dark theme is shown.
export function dark() {
  return (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
}

// switchTheme shows the other theme. Where that is the system's, the choice is
// forgotten.
export function switchTheme() {
  const theme = dark() ? "light" : "dark";
  if (system.matches === (theme === "dark")) {
    delete document.documentElement.dataset.theme;
    localStorage.removeItem("taskdb.theme");
  } else {
    document.documentElement.dataset.theme = theme;
    localStorage.setItem("taskdb.theme", theme);
  }
  tell();
}
