/* Every staff page: menus that close, notices that can be dismissed, questions before a form is sent, type-ahead keys, failures that are said aloud. */
(() => {
  "use strict";
  const alerts = () => document.querySelector("dialog[open] .dialog-alerts") || document.getElementById("alerts");

  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) if (menu !== except) menu.open = false;
  };
  document.addEventListener("click", (event) => {
    closeMenus(event.target.closest("details.menu"));
    const dismiss = event.target.closest("[data-dismiss]");
    if (dismiss) dismiss.closest(".alert").remove();
    if (event.target.closest("[data-print]")) window.print();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = event.target.closest?.("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  /* A form whose button carries data-confirm asks first. (hx-confirm asks only before htmx's own requests.) */
  document.addEventListener("submit", (event) => {
    const question = event.submitter?.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  });

  /* Search: arrows walk from the box through its results, Escape empties them. */
  document.addEventListener("keydown", (event) => {
    const search = event.target.closest?.(".search");
    if (!search) return;
    const box = search.querySelector("input");
    const stops = [box, ...search.querySelectorAll(".search-results a")];
    const here = stops.indexOf(event.target);
    if (event.key === "ArrowDown" && here < stops.length - 1) stops[here + 1].focus();
    else if (event.key === "ArrowUp" && here > 0) stops[here - 1].focus();
    else if (event.key === "Escape") {
      search.querySelector(".search-results")?.replaceChildren();
      box.focus();
    } else return;
    event.preventDefault();
  });

  /* After a refused form the summary (or the first wrong field) gets the focus. */
  const focusErrors = (root) => {
    const first = root.querySelector?.("[data-focus]") || root.querySelector?.(".has-error [aria-invalid]");
    first?.focus();
  };
  const start = () => {
    focusErrors(document);
    document.body.addEventListener("htmx:afterSettle", (event) => focusErrors(event.detail.elt));

    document.body.addEventListener("htmx:beforeSwap", (event) => {
      const detail = event.detail;
      const isNotice = detail.target?.id === "alerts";
      if (detail.xhr.getResponseHeader("HX-Retarget") || (isNotice && detail.serverResponse)) detail.shouldSwap = true;
      if (isNotice) {
        detail.swapOverride = "innerHTML";
        detail.target = alerts(); // a notice behind an open dialog could be neither seen nor heard
      }
    });
    const say = (id) => alerts()?.replaceChildren(document.getElementById(id).content.cloneNode(true));
    for (const name of ["htmx:sendError", "htmx:timeout"]) document.body.addEventListener(name, () => say("alert-offline"));
    document.body.addEventListener("htmx:responseError", (event) => {
      if (!event.detail.xhr.getResponseHeader("HX-Retarget")) say("alert-failed");
    });
  };
  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
})();
