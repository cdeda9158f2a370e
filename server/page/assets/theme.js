// The theme that was chosen, before anything is painted. Without a choice it is the
// system's.
(() => {
  const chosen = localStorage.getItem("taskdb.theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
})();
