// paced repeats work when something has changed: not more often than once in least
// milliseconds, and so that it takes a tenth of the time at most, whatever it costs
// the server. While the page is hidden it rests.
export function paced(work, least = 1_000) {
  let timer = 0;
  let working = false;
  let again = false;
  let stopped = false;
  let free = 0; // when it may work next

  async function run() {
    timer = 0;
    working = true;
    again = false;
    const began = performance.now();
    try {
      await work();
    } finally {
      working = false;
      const took = performance.now() - began;
      free = performance.now() + Math.max(least, 9 * took);
      if (again) soon();
    }
  }

  function soon() {
    again = true;
    if (stopped || working || timer || document.hidden) return;
    timer = setTimeout(run, Math.max(0, free - performance.now()));
  }

  function shown() {
    if (!document.hidden && again) soon();
  }
  document.addEventListener("visibilitychange", shown);

  return {
    soon,
    // now works at once, unless it is at it.
    now() {
      clearTimeout(timer);
      timer = 0;
      if (working) again = true;
      else if (!stopped) return run();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", shown);
    },
  };
}
