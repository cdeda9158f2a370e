// How many tasks are in each state, which several parts of the page show.

import { api } from "./api.js";
import { paced } from "./paced.js";

const listeners = new Set();
let latest = null;
let problem = null;

const load = paced(async () => {
  try {
    latest = await api.counts();
    problem = null;
  } catch (error) {
    problem = error;
  }
  for (const listener of listeners) listener(latest, problem);
});

export const counts = {
  refresh: () => load.soon(),
  // follow calls a function with the counts, now if they are known, and whenever they
  // are asked for again, until stop is called.
  follow(listener) {
    listeners.add(listener);
    if (latest || problem) listener(latest, problem);
    else load.soon();
    return () => listeners.delete(listener);
  },
};
