/* Dragging only asks: it fills form#diary-move (visit, column, start, minutes) and submits it; the answer is a dialog that confirms.
   The same question is reachable by keyboard from the visit's own page. Five-minute steps. */
(() => {
  "use strict";
  const STEP = 5;
  const variable = (element, name) => Number.parseFloat(getComputedStyle(element).getPropertyValue(name)) || 0;
  const startOf = (visit) => variable(visit, "--h") * 60 + variable(visit, "--m");
  const lengthOf = (visit) => variable(visit, "--dh") * 60 + variable(visit, "--dm");
  const clock = (minutes) => `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
  let drag = null;

  const begin = (event) => {
    const visit = event.target.closest?.(".visit[data-visit]");
    if (!visit || event.button !== 0 || event.pointerType === "touch" || visit.hasAttribute("data-fixed")) return;
    const diary = visit.closest(".diary");
    const lane = visit.closest(".diary-lane");
    const perMinute = lane.clientHeight / ((variable(diary, "--until") - variable(diary, "--from")) * 60);
    drag = {
      visit, diary, perMinute, isResize: Boolean(event.target.closest(".visit-grip")), isMoving: false,
      fromX: event.clientX, fromY: event.clientY, fromScroll: diary.scrollTop,
      start: startOf(visit), minutes: lengthOf(visit), column: visit.closest(".diary-column"),
    };
    drag.asked = { start: drag.start, minutes: drag.minutes, column: drag.column };
  };

  const place = () => {
    const { visit, diary, perMinute, asked } = drag;
    const from = variable(diary, "--from") * 60;
    visit.style.top = `${(asked.start - from) * perMinute}px`;
    visit.style.height = `${asked.minutes * perMinute}px`;
    const time = visit.querySelector("[data-time]");
    if (time) time.textContent = `${clock(asked.start)}–${clock(asked.start + asked.minutes)}`;
    for (const column of diary.querySelectorAll(".diary-column")) column.classList.toggle("is-target", column === asked.column);
    if (visit.closest(".diary-column") !== asked.column) asked.column.querySelector(".diary-lane").append(visit);
  };

  const move = (event) => {
    if (!drag) return;
    const { diary, perMinute, asked } = drag;
    const down = event.clientY - drag.fromY + diary.scrollTop - drag.fromScroll;
    if (!drag.isMoving && Math.hypot(event.clientX - drag.fromX, down) < 6) return;
    if (!drag.isMoving) {
      drag.isMoving = true;
      drag.wasText = drag.visit.querySelector("[data-time]")?.textContent;
      drag.visit.classList.add("is-moving");
    }
    event.preventDefault();
    const by = Math.round(down / perMinute / STEP) * STEP;
    const first = variable(diary, "--from") * 60;
    const last = variable(diary, "--until") * 60;
    if (drag.isResize) asked.minutes = Math.max(STEP * 2, Math.min(last - drag.start, drag.minutes + by));
    else {
      asked.start = Math.max(first, Math.min(last - drag.minutes, drag.start + by));
      const under = document.elementsFromPoint(event.clientX, event.clientY).map((one) => one.closest(".diary-column")).find(Boolean);
      if (under && diary.contains(under)) asked.column = under;
    }
    place();
  };

  const putBack = ({ visit, column, wasText, diary }) => {
    visit.style.top = visit.style.height = "";
    visit.classList.remove("is-moving");
    if (visit.isConnected) column.querySelector(".diary-lane").append(visit);
    const time = visit.querySelector("[data-time]");
    if (time && wasText) time.textContent = wasText;
    for (const one of diary.querySelectorAll(".is-target")) one.classList.remove("is-target");
  };

  const end = (event) => {
    if (!drag) return;
    const done = drag;
    drag = null;
    if (!done.isMoving) return;
    const swallow = (click) => { click.preventDefault(); click.stopPropagation(); };
    window.addEventListener("click", swallow, true); // the drop is not a click on what lies below
    setTimeout(() => window.removeEventListener("click", swallow, true), 50);
    const form = document.getElementById("diary-move");
    const { asked } = done;
    const isChanged = asked.start !== done.start || asked.minutes !== done.minutes || asked.column !== done.column;
    putBack(done); // the server, not the picture, decides
    if (!form || !isChanged || event.type === "pointercancel") return;
    form.elements.visit.value = done.visit.dataset.visit;
    form.elements.column.value = asked.column.dataset.column;
    form.elements.start.value = clock(asked.start);
    form.elements.minutes.value = asked.minutes;
    form.requestSubmit();
  };

  document.addEventListener("pointerdown", begin);
  document.addEventListener("pointermove", move, { passive: false });
  document.addEventListener("pointerup", end);
  document.addEventListener("pointercancel", end);
  document.addEventListener("dragstart", (event) => { if (event.target.closest?.(".visit")) event.preventDefault(); });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && drag?.isMoving) {
      putBack(drag);
      drag = null;
    }
  });
})();
