// Hides questions that do not apply to the answers on the page. The server decides again when the page is sent,
// so without this script every follow-up is shown and nothing is lost.
"use strict";
(function () {
  function answersOf(form, question) {
    var line = form.querySelector('[data-question="' + question + '"]');
    if (line && line.hidden) return [];
    var values = [];
    form.querySelectorAll('[name="' + question + '"]').forEach(function (control) {
      var isChoice = control.type === "radio" || control.type === "checkbox";
      if (isChoice ? control.checked : control.value.trim() !== "") values.push(control.value);
    });
    return values;
  }
  function compare(given, operator, wanted) {
    if (operator === "=") return given === String(wanted);
    if (typeof wanted === "number") given = Number(given);
    if (operator === ">") return given > wanted;
    if (operator === "<") return given < wanted;
    if (operator === ">=") return given >= wanted;
    return operator === "<=" && given <= wanted;
  }
  function holds(form, condition) {
    var given = answersOf(form, condition.question);
    if (condition.operator === "exists") return (given.length > 0) === Boolean(condition.answer);
    if (given.length === 0) return false;
    if (condition.operator === "!=") return given.indexOf(String(condition.answer)) < 0;
    return given.some(function (one) { return compare(one, condition.operator, condition.answer); });
  }
  function isShown(form, line) {
    return JSON.parse(line.dataset.shownWhen).every(function (group) {
      var held = group.of.map(function (condition) { return holds(form, condition); });
      return group.all ? held.every(Boolean) : held.some(Boolean);
    });
  }
  function settle(form) {
    var lines = form.querySelectorAll("[data-shown-when]");
    // A follow-up of a follow-up needs another round.
    for (var round = 0, changed = true; changed && round < 10; round += 1) {
      changed = false;
      lines.forEach(function (line) {
        var hidden = !isShown(form, line);
        if (line.hidden !== hidden) { line.hidden = hidden; changed = true; }
      });
    }
  }
  function keepAlone(form, box) {
    if (box.type !== "checkbox" || !box.checked) return;
    var line = box.closest("[data-question]");
    var alone = line ? (line.dataset.alone || "").split(" ").filter(Boolean) : [];
    form.querySelectorAll('[name="' + box.name + '"]').forEach(function (other) {
      if (other !== box && (alone.indexOf(box.value) >= 0 || alone.indexOf(other.value) >= 0)) other.checked = false;
    });
  }
  function settleAll() { document.querySelectorAll("form[data-follow-ups]").forEach(settle); }
  function formOf(event) { return event.target.closest ? event.target.closest("form[data-follow-ups]") : null; }
  // On the document, so that a form which htmx swaps in behaves like one that came with the page.
  document.addEventListener("change", function (event) {
    var form = formOf(event);
    if (form) { keepAlone(form, event.target); settle(form); }
  });
  document.addEventListener("input", function (event) { var form = formOf(event); if (form) settle(form); });
  document.addEventListener("DOMContentLoaded", settleAll);
  document.addEventListener("htmx:load", settleAll);
})();
