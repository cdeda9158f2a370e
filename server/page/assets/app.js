// The page: it shows the view that the URL names, and tells it of changes.

import { switchTheme } from "./components/colours.js";
import { frame } from "./components/frame.js";
import { help } from "./components/help.js";
import { empty } from "./components/place.js";
import { counts } from "./counts.js";
import { fill, h, link } from "./dom.js";
import { listen } from "./keyboard.js";
import { watch } from "./live.js";
import { go, route, to } from "./router.js";
import { engines } from "./views/engines.js";
import { overview } from "./views/overview.js";
import { queues } from "./views/queues.js";
import { task } from "./views/task.js";
import { tasks } from "./views/tasks.js";

const views = { overview, tasks, task, engines, queues };

const main = document.querySelector("#main");
const around = frame(document.querySelector(".top"));
let shown = { name: "", keys: {} };

// A view is a function of the element that it fills. It returns
//   update(route)    shows what the URL says
//   changed(events)  something has changed: these events, or nobody knows what
//   keys             its shortcuts
//   stop()           it is no longer shown
function show() {
  const now = route();
  if (now.name !== shown.name) {
    shown.stop?.();
    const place = h("div", { class: `view view-${now.name}` });
    fill(main, place);
    scrollTo(0, 0);
    const make = views[now.name] ?? missing;
    shown = { name: now.name, keys: {}, ...make(place) };
  }
  around.at(now.name);
  document.title = `${shown.title}${now.id ? ` ${now.id}` : ""} · taskdb`;
  shown.update?.(now);
}

function missing(place) {
  fill(place, empty("There is no such view", "The link may be of another version.", link(to("overview"), { class: "button" }, "Overview")));
  return { title: "Not found" };
}

listen(
  {
    "g o": () => go(to("overview")),
    "g t": () => go(to("tasks")),
    "g e": () => go(to("engines")),
    "g q": () => go(to("queues")),
    "/": () => {
      go(to("tasks"));
      setTimeout(() => shown.keys["/"]?.());
    },
    d: switchTheme,
    "?": help,
  },
  () => shown.keys,
);

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the URL is of the view
  main.focus();
});
addEventListener("hashchange", show);
show();
around.told("starting");
watch({
  told: (state) => around.told(state),
  changed(events) {
    counts.refresh();
    shown.changed?.(events);
  },
});
