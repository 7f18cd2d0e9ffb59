/* What was typed on this device but is not in the note that was signed: shown, and never dropped unasked. */
(() => {
  "use strict";
  const section = document.getElementById("left-over");
  if (!section) return;
  const name = `note:${section.dataset.session}`;
  const waiting = kept.get(name);
  if (!waiting) return;
  const plain = (value) => (value ?? "").replaceAll("\r\n", "\n").trim();
  const signed = [...document.getElementById("signed-words").content.children].map((one) => one.dataset);
  const missing = signed.filter(({ field, value }) => {
    const typed = plain(waiting.values[field]);
    return typed && typed !== plain(waiting.base[field]) && typed !== plain(value);
  });
  if (!missing.length) return kept.drop(name);

  for (const { field, label } of missing) {
    const term = document.createElement("dt");
    const words = document.createElement("dd");
    term.textContent = label;
    words.textContent = plain(waiting.values[field]);
    document.getElementById("left-over-words").append(term, words);
  }
  section.hidden = false;
  section.addEventListener("click", (event) => {
    const asked = event.target.closest("[data-left-over]")?.dataset.leftOver;
    if (asked === "discard") {
      kept.drop(name);
      section.hidden = true;
    }
    if (asked === "add") {
      const addendum = document.querySelector("#addenda textarea");
      const words = missing.map(({ field, label }) => `${label}: ${plain(waiting.values[field])}`);
      addendum.value = [addendum.value.trim(), ...words].filter(Boolean).join("\n\n");
      addendum.focus();
    }
  });
})();
