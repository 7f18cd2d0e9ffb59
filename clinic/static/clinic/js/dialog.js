/* The page's one dialog: whatever htmx puts into #dialog-body is shown; an empty answer or the event "dialog-close" closes it.
   form[data-release] names where to let go of what its field "hold" keeps, should it be closed unsent.
   Also [data-opens="id"] for dialogs already on the page, and [data-closes] inside any dialog. */
(() => {
  "use strict";
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens)?.showModal();
    if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
  });

  /* A form that keeps something for its reader lets it go when it is closed unsent. */
  const release = (form) => {
    const kept = form?.elements.namedItem("hold")?.value;
    if (kept) htmx.ajax("POST", form.dataset.release, { values: { hold: kept }, swap: "none", target: "body" });
  };

  const start = () => {
    const dialog = document.getElementById("dialog");
    const body = document.getElementById("dialog-body");
    if (!dialog) return;
    let opener = null;

    document.body.addEventListener("htmx:beforeRequest", (event) => {
      if (event.detail.target === body && !dialog.open) opener = document.activeElement;
    });
    document.body.addEventListener("htmx:afterSwap", (event) => {
      if (event.detail.target !== body) return;
      if (!body.innerHTML.trim()) return dialog.close();
      if (!dialog.open) {
        dialog.classList.toggle("dialog-wide", Boolean(body.querySelector("[data-wide]")));
        dialog.showModal();
      }
    });
    document.body.addEventListener("dialog-close", () => dialog.close());
    dialog.addEventListener("close", () => {
      release(body.querySelector("form[data-release]"));
      body.replaceChildren();
      dialog.querySelector(".dialog-alerts").replaceChildren();
      if (opener?.isConnected) opener.focus();
    });
  };
  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
})();
