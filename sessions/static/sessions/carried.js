/* Confirms what was carried over, one after the other. All requests come from the element that stays, so that an answer
   finds its place even if another one has changed the list meanwhile, and no tap is lost. */
(() => {
  "use strict";
  const carried = document.getElementById("carried");
  if (!carried) return;
  document.addEventListener("submit", (event) => {
    if (!carried.contains(event.target)) return;
    event.preventDefault();
    const { submitter, target } = event;
    if (submitter) submitter.disabled = true;
    htmx
      .ajax("POST", target.action, { source: carried, target: carried, swap: "innerHTML", select: "#carried > *" })
      .finally(() => submitter && (submitter.disabled = false));
  });
})();
