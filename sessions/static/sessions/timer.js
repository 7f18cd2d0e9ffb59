/* A technique's minutes by the clock: it runs on while parts of the page are swapped or the page is loaded again.
   The seconds are for the eye; a screen reader is told only that it started and what it came to. */
(() => {
  "use strict";
  const LONGEST = 180;
  const box = () => document.querySelector("[data-timer]");
  const key = () => `timer:${box().dataset.timer}`;
  const memory = new Map(); // where the browser keeps nothing
  const startedAt = () => {
    try {
      return Number(sessionStorage.getItem(key())) || 0;
    } catch {
      return memory.get(key()) ?? 0;
    }
  };
  const remember = (at) => {
    memory.set(key(), at);
    try {
      if (at) sessionStorage.setItem(key(), at);
      else sessionStorage.removeItem(key());
    } catch {
      /* the memory has it */
    }
  };
  const seconds = () => Math.max(0, Math.floor((Date.now() - startedAt()) / 1000));

  const show = () => {
    if (!box()) return;
    const isRunning = startedAt() > 0;
    box().classList.toggle("is-running", isRunning);
    const button = box().querySelector("button");
    const words = isRunning ? "Stop the timer" : "Start the timer";
    if (button.textContent !== words) button.textContent = words;
    if (!isRunning) return;
    const passed = seconds();
    box().querySelector("[data-passed]").textContent = `${Math.floor(passed / 60)}:${String(passed % 60).padStart(2, "0")}`;
  };
  const say = (words) => (box().querySelector("[role=status]").textContent = words);

  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-timer] button")) return;
    if (startedAt()) {
      const minutes = Math.min(LONGEST, Math.max(1, Math.ceil(seconds() / 60)));
      remember(0);
      document.getElementById("id_technique_minutes").value = minutes;
      say(`Stopped: ${minutes} ${minutes === 1 ? "minute" : "minutes"}`);
    } else {
      remember(Date.now());
      say("The timer runs");
    }
    show();
  });
  document.addEventListener("htmx:load", show);
  setInterval(show, 1000);
  show();
})();
