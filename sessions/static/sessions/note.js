/* The note says when it is not saved, and the page asks before such a text is left behind. */
(() => {
  "use strict";
  let typed = 0; // counts changes, so that a save says "saved" only of what it has sent
  let sent = 0;
  let saved = 0;
  const state = () => document.querySelector("#note-state span");
  const isUnsaved = () => typed > saved;

  const changed = (event) => {
    if (!event.target.closest?.("[data-note]")) return;
    typed += 1;
    const words = state();
    if (words) words.textContent = "Not saved yet";
    document.getElementById("note-state")?.classList.add("is-unsaved");
  };
  document.addEventListener("input", changed);

  const start = () => {
    document.body.addEventListener("htmx:beforeRequest", (event) => {
      if (event.detail.target?.id === "note-state") sent = typed;
    });
    document.body.addEventListener("htmx:afterSwap", (event) => {
      if (event.detail.target?.id !== "note-state" || event.detail.xhr.status !== 200) return;
      saved = sent;
      if (isUnsaved()) state().textContent = "Not saved yet";
    });
  };
  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);

  document.addEventListener("submit", () => {
    saved = typed; // the form itself carries the text away
  });
  window.addEventListener("beforeunload", (event) => {
    if (isUnsaved()) event.preventDefault();
  });
})();
