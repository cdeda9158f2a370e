// What can be done with tasks: each asks first, and says how many it is about, before
// there is a button to press.

import { api } from "../api.js";
import { button, fill, h, link } from "../dom.js";
import { both } from "../filter/problem.js";
import { number, plural } from "../format.js";
import { to } from "../router.js";
import { ask, choices } from "./dialog.js";
import { toast } from "./toast.js";

// A choice is one of the API: {msg_ids} or {filter, state, all}.

function ofChoice({ msg_ids: ids, filter = "", state }, condition = "") {
  const named = ids ? `{msg_id: {$in: ${JSON.stringify(ids)}}}` : "";
  return { filter: both(named, filter, condition), state };
}

const unfinished = "{completed: null}";
const waits = '{completed: null, "hub.ready": {$exists: true}}';
const finished = "{completed: {$ne: null}}";

const narrowed = (choice, condition) => ({ ...choice, filter: both(choice.filter ?? "", condition) });

// operate shows a dialog that counts, then offers to act. count returns {text, go,
// extra, wrong}: what is about to happen, and the button's label, if there is one.
function operate({ title, kind = "", fields, count, act }) {
  return ask({
    title,
    kind,
    content: (done) => {
      const told = h("div", { class: "told", "aria-live": "polite" }, h("p", { class: "counting" }, "Counting…"));
      const go = h("button", { type: "submit", class: kind === "danger" ? "danger" : "primary", disabled: true }, title);
      const error = h("p", { class: "mistake", role: "alert", hidden: true });
      const tell = (problem) => {
        error.hidden = false;
        error.textContent = problem.message;
      };
      const counted = ({ content, label }) => {
        fill(told, content);
        go.disabled = !label;
        go.textContent = label || title;
        if (label) go.focus();
      };
      const submit = async (event) => {
        event.preventDefault();
        go.disabled = true;
        go.textContent = "Working…";
        try {
          done(await act());
        } catch (problem) {
          tell(problem);
          go.textContent = "Try again";
          go.disabled = false;
        }
      };
      count(counted).then(counted, (problem) => {
        told.replaceChildren();
        tell(problem);
      });
      return h("form", { onsubmit: submit }, told, fields, error, choices(done, go));
    },
  });
}

// purge removes tasks for good. It returns whether it did.
export async function purge(choice) {
  const force = h("input", { type: "checkbox" });
  let dry = null;
  const text = () => {
    const kept = force.checked ? 0 : dry.unfinished;
    const n = dry.removed - kept;
    return {
      content: [
        h("p", { class: "big" }, n || !dry.unfinished ? [plural(n, "task"), " will be removed for good."] : "None of them is finished."),
        choice.all && h("p", {}, "This is everything that the store has."),
        dry.unfinished > 0 && h("label", { class: "check" }, force, h("span", {}, `Also the ${number(dry.unfinished)} that ${dry.unfinished === 1 ? "is" : "are"} not finished`)),
      ],
      label: n > 0 ? `Purge ${plural(n, "task")}` : "",
    };
  };
  const answer = await operate({
    title: "Purge",
    kind: "danger",
    count: async (counted) => {
      dry = await api.purge({ ...choice, dry_run: true, force: true });
      force.onchange = () => counted(text());
      return text();
    },
    act: () => api.purge(force.checked || !dry.unfinished ? { ...choice, force: force.checked } : narrowed(choice, finished)),
  });
  if (answer) toast(`${plural(answer.removed, "task")} purged`);
  return Boolean(answer);
}

// resubmit submits tasks again. It returns the pairs, or null.
export async function resubmit(choice) {
  const answer = await operate({
    title: "Resubmit",
    count: async () => {
      const { count } = await api.count(ofChoice(choice));
      const content = [
        h("p", { class: "big" }, plural(count, "task"), " will be submitted again, as new tasks."),
        h("p", {}, "The old ones stay, and name the new ones."),
      ];
      return { content, label: count && `Resubmit ${plural(count, "task")}` };
    },
    act: () => api.resubmit(choice),
  });
  if (!answer) return null;
  const pairs = answer.tasks ?? [];
  toast(`${plural(pairs.length, "task")} resubmitted`, "", pairs.length === 1 && link(to("task", {}, pairs[0].new), {}, "Show it"));
  return pairs;
}

// cancel aborts unfinished tasks. It returns whether it did.
export async function cancel(choice) {
  const reason = h("input", { class: "input", type: "text", "aria-label": "Reason", placeholder: "Reason, which their records will tell" });
  const answer = await operate({
    title: "Cancel tasks",
    kind: "danger",
    fields: reason,
    count: async () => {
      const { count } = await api.count(ofChoice(choice, unfinished));
      const content = h("p", { class: "big" }, count ? [plural(count, "unfinished task"), " will be aborted."] : "None of them is unfinished.");
      return { content, label: count && `Cancel ${plural(count, "task")}` };
    },
    act: () => api.cancel({ ...narrowed(choice, unfinished), reason: reason.value }),
  });
  return told(answer, "cancelled");
}

// changePriority gives tasks that wait another priority. It returns whether it did.
export async function changePriority(choice) {
  const priority = h("input", { class: "input", type: "number", step: "1", value: "0", "aria-label": "Priority" });
  const answer = await operate({
    title: "Change priority",
    fields: h("label", { class: "field" }, h("span", {}, "Priority: the higher is claimed first"), priority),
    count: async () => {
      const { count } = await api.count(ofChoice(choice, waits));
      const content = h("p", { class: "big" }, count ? [plural(count, "task"), " that wait will get another priority."] : "None of them waits to be claimed.");
      return { content, label: count && `Change ${plural(count, "task")}` };
    },
    act: () => api.priority({ ...narrowed(choice, waits), priority: Number(priority.value) }),
  });
  return told(answer, "changed");
}

function told(answer, done) {
  if (!answer) return false;
  const wrong = (answer.tasks ?? []).filter((one) => one.error);
  const n = (answer.tasks ?? []).length - wrong.length;
  if (n || !wrong.length) toast(`${plural(n, "task")} ${done}`);
  if (wrong.length) toast(`${plural(wrong.length, "task")} not ${done}: ${wrong[0].error.detail || wrong[0].error.title}`, "bad");
  return true;
}

// actionButtons are buttons for what can be done with a choice, of tasks in a state if
// that is known; done is called after it was.
export function actionButtons(choice, done, state) {
  const doing = (action) => async () => (await action(choice())) && done(action);
  return [
    button("Resubmit", doing(resubmit)),
    (!state || state === "pending") && button("Priority", doing(changePriority)),
    (!state || state === "pending" || state === "running") && button("Cancel", doing(cancel)),
    button("Purge", doing(purge), { class: "danger-text" }),
  ];
}
