/* Short texts for the note: ".tt" and a space becomes the text, or it is picked from the list. What is inserted is
   typed as far as the browser is concerned: it can be undone, and the note saves itself. */
(() => {
  "use strict";
  const form = document.getElementById("note-form");
  const picker = document.getElementById("snippets");
  if (!form || !picker) return;
  const LONGEST = 24;
  const texts = new Map([...picker.querySelectorAll("[data-snippet]")].map((one) => [one.dataset.snippet, one.dataset.text]));
  let last = form.querySelector("textarea");

  const insert = (area, text, from, to) => {
    area.focus();
    area.setSelectionRange(from, to);
    if (document.execCommand("insertText", false, text)) return;
    area.setRangeText(text, from, to, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  };

  form.addEventListener("focusin", (event) => {
    if (event.target.matches("textarea")) last = event.target;
  });
  form.addEventListener("input", (event) => {
    const area = event.target;
    if (!area.matches("textarea") || (event.data !== " " && event.inputType !== "insertLineBreak")) return;
    const caret = area.selectionStart;
    const typed = area.value.slice(Math.max(0, caret - LONGEST), caret).match(/(?:^|\s)\.([a-z0-9-]+)\s$/i);
    const text = typed && texts.get(typed[1].toLowerCase());
    if (!text) return;
    insert(area, text + typed[0].at(-1), caret - typed[1].length - 2, caret);
    document.getElementById("note-said").textContent = `Inserted: ${text}`;
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-opens=snippets]"))
      picker.querySelector("[data-snippet-into]").textContent = last.labels[0].firstChild.textContent.trim();
    const chosen = event.target.closest("[data-snippet]");
    if (!chosen) return;
    const at = last.selectionStart;
    const before = last.value.slice(0, at);
    const gap = before && !/\s$/.test(before) ? " " : "";
    // The dialog gives the focus back to its opener first.
    setTimeout(() => insert(last, gap + chosen.dataset.text, at, last.selectionEnd));
  });
})();
