// The frame around every view: where one can go, whether the page is live, the theme.

import { session, token } from "../api.js";
import { button, fill, h, link } from "../dom.js";
import { to } from "../router.js";
import { dark, recoloured, switchTheme } from "./colours.js";
import { askText } from "./dialog.js";
import { help } from "./help.js";

const places = [["overview", "Overview"], ["tasks", "Tasks"], ["engines", "Engines"], ["queues", "Queues"]];
const liveness = {
  live: "Live: changes appear at once",
  polling: "No stream of changes: the page asks every few seconds",
  offline: "The server cannot be reached",
  unknown: "You are not signed in",
  starting: "Connecting",
};

// frame fills the header, and returns what tells it where the page is.
export function frame(header) {
  const nav = h("nav", { class: "places", "aria-label": "Views" });
  const live = h("span", { class: "liveness starting", role: "status" });
  const theme = button("", switchTheme, { class: "icon", "aria-keyshortcuts": "d" });
  const signOut = button("Sign out", leave, { class: "quiet", hidden: !token.get() });
  fill(
    header,
    link(to("overview"), { class: "brand" }, h("img", { src: "/assets/icon.svg", alt: "", width: "24", height: "24" }), "taskdb"),
    nav,
    h("span", { class: "gap" }),
    live, signOut, theme,
    button("?", help, { class: "icon", "aria-label": "Keyboard shortcuts", title: "Keyboard shortcuts" }),
  );
  const drawTheme = () => {
    theme.textContent = dark() ? "☀" : "☾";
    theme.setAttribute("aria-label", dark() ? "Light theme" : "Dark theme");
    theme.title = theme.getAttribute("aria-label");
  };
  drawTheme();
  recoloured(drawTheme);

  let declined = false;

  // Several requests may be refused at once: one dialog serves them all.
  let asking = null;
  session.signIn = (refused) => {
    asking ??= ask(refused).finally(() => (asking = null));
    return asking;
  };

  async function ask(refused) {
    const given = await askText({
      title: "Sign in", type: "password", label: "Token", go: "Sign in",
      text: refused ? "The server does not take this token." : "This server asks for a token: where it runs, taskdb user add makes one. It is kept until you close the tab.",
    });
    signOut.hidden = !given;
    if (!given) {
      token.clear();
      declined = true;
      throw Object.assign(new Error("You are not signed in."), { status: 401, title: "Not signed in" });
    }
    token.set(given.trim());
    if (declined) location.reload(); // what had ended without a token begins anew
  }

  function leave() {
    token.clear();
    location.reload();
  }

  return {
    at(name) {
      const current = name === "task" ? "tasks" : name;
      fill(nav, places.map(([one, title]) => link(to(one), { class: "place-link", "aria-current": one === current ? "page" : null }, title)));
    },
    told(state) {
      live.className = `liveness ${state}`;
      live.title = liveness[state];
      fill(live, h("i", { "aria-hidden": "true" }), h("span", {}, state));
    },
  };
}
