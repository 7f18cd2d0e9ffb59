/* Moving a visit in the diary: by mouse, by a finger after holding it, or by Shift and the arrows. Nothing is done here:
   a copy of the card shows where it would stand, the server is asked, and the card is back where it was unless the
   question is answered with yes. Columns say what they are (data-day, data-therapist, data-room), cards what they may
   (data-shift, data-version, data-minutes). */
(() => {
  "use strict";
  const SHORTEST = 5, LONGEST = 480, THRESHOLD = 5, HOLD_MS = 350;
  const number = (element, name) => Number.parseFloat(getComputedStyle(element).getPropertyValue(name)) || 0;
  const clock = (minutes) => `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
  const within = (value, least, most) => Math.min(Math.max(value, least), most);

  /* What is being carried: the card, its copy, and where the copy stands. */
  let carried = null;

  const pickUp = (card) => {
    const diary = card.closest(".diary");
    const column = card.closest(".diary-column");
    const start = number(card, "--h") * 60 + number(card, "--m");
    const copy = card.cloneNode(true);
    copy.removeAttribute("data-shift");
    copy.setAttribute("aria-hidden", "true");
    copy.className = card.className.replace(/lane-\d-of-\d/, "");
    copy.classList.add("is-carried");
    const link = copy.querySelector(".visit-link");
    link.removeAttribute("id");
    link.tabIndex = -1;
    card.classList.add("is-picked-up");
    const minutes = Number(card.dataset.minutes);
    carried = { card, copy, diary, column, from: { column, start, minutes }, start, minutes };
    column.querySelector(".diary-lane").append(copy);
    return carried;
  };

  const place = (column, start, minutes) => {
    const first = number(carried.diary, "--from") * 60, last = number(carried.diary, "--until") * 60;
    carried.minutes = within(minutes, SHORTEST, Math.min(LONGEST, last - carried.start));
    carried.start = within(start, first, last - carried.minutes);
    if (column !== carried.column) {
      carried.column.classList.remove("is-target");
      column.querySelector(".diary-lane").append(carried.copy);
      carried.column = column;
    }
    column.classList.toggle("is-target", column !== carried.from.column);
    carried.copy.style.top = `calc(${carried.start - first} * var(--minute))`;
    carried.copy.style.height = `calc(${carried.minutes} * var(--minute))`;
    const time = carried.copy.querySelector("[data-time]");
    if (time) time.textContent = `${clock(carried.start)}–${clock(carried.start + carried.minutes)}`;
  };

  const putBack = () => {
    if (!carried) return;
    carried.copy.remove();
    carried.card.classList.remove("is-picked-up");
    for (const column of document.querySelectorAll(".diary-column.is-target")) column.classList.remove("is-target");
    document.documentElement.classList.remove("is-dragging");
    carried = null;
  };

  const isElsewhere = () =>
    carried.column !== carried.from.column || carried.start !== carried.from.start || carried.minutes !== carried.from.minutes;

  const ask = () => {
    if (!isElsewhere()) return putBack();
    carried.isAsked = true;
    document.documentElement.classList.remove("is-dragging");
    const { day, therapist, room } = carried.column.dataset;
    const values = { on: day, at: clock(carried.start), minutes: carried.minutes, version: carried.card.dataset.version };
    if (therapist) values.therapist = therapist;
    if (room) values.room = room;
    const link = carried.card.querySelector(".visit-link");
    link.focus({ preventScroll: true });
    htmx.ajax("GET", carried.card.dataset.shift, { source: link, target: "#dialog-body", values }).then(() => {
      if (!document.getElementById("dialog").open) putBack();
    });
  };

  /* Whatever the answer, the copy goes: a moved visit is drawn anew where it now stands. */
  const watchDialog = () => {
    document.getElementById("dialog")?.addEventListener("close", putBack);
    document.body.addEventListener("htmx:beforeRequest", (event) => {
      const isRefresh = event.detail.requestConfig.headers["X-Background-Refresh"];
      const isEvent = event.detail.requestConfig.triggeringEvent?.type === "diary-changed";
      if (carried && isRefresh && !isEvent) event.preventDefault();
    });
  };
  if (document.body) watchDialog();
  else document.addEventListener("DOMContentLoaded", watchDialog);

  /* With a pointer. */
  let press = null;
  const step = (diary) => Number(diary.dataset.step) || 15;
  const snapped = (minutes, by) => Math.round(minutes / by) * by;

  const begin = () => {
    press.isDragging = true;
    pickUp(press.card);
    press.perMinute = press.card.closest(".diary-lane").clientHeight
      / ((number(carried.diary, "--until") - number(carried.diary, "--from")) * 60);
    document.documentElement.classList.add("is-dragging");
    place(carried.column, carried.start, carried.minutes);
  };

  const follow = (event) => {
    const minutes = (event.clientY - press.y + carried.diary.scrollTop - press.scrollTop) / press.perMinute;
    const by = step(carried.diary);
    if (press.isEdge) return place(carried.column, carried.from.start, snapped(carried.from.start + carried.from.minutes + minutes, by) - carried.from.start);
    const columns = [...carried.diary.querySelectorAll(".diary-column")];
    const under = columns.find((column) => {
      const box = column.getBoundingClientRect();
      return event.clientX >= box.left && event.clientX < box.right;
    });
    place(under ?? carried.column, snapped(carried.from.start + minutes, by), carried.from.minutes);
    const box = carried.diary.getBoundingClientRect();
    if (event.clientY > box.bottom - 30) carried.diary.scrollTop += 12;
    else if (event.clientY < box.top + 80) carried.diary.scrollTop -= 12;
  };

  document.addEventListener("pointerdown", (event) => {
    const card = event.target.closest?.(".visit[data-shift]");
    if (!card || event.button !== 0 || carried) return;
    press = {
      card, x: event.clientX, y: event.clientY, id: event.pointerId, isDragging: false,
      isEdge: event.target.matches(".visit-grip"), scrollTop: card.closest(".diary").scrollTop,
    };
    if (event.pointerType === "touch") press.timer = setTimeout(begin, HOLD_MS);
  });
  document.addEventListener("pointermove", (event) => {
    if (!press || event.pointerId !== press.id) return;
    const way = Math.hypot(event.clientX - press.x, event.clientY - press.y);
    if (!press.isDragging && way > THRESHOLD) {
      if (press.timer) return drop();
      begin();
    }
    if (press.isDragging) follow(event);
  });
  const drop = () => {
    clearTimeout(press?.timer);
    press = null;
  };
  document.addEventListener("pointerup", (event) => {
    if (!press || event.pointerId !== press.id) return;
    const wasDragging = press.isDragging;
    drop();
    if (!wasDragging) return;
    /* The click that follows a drag opens nothing. */
    const swallow = (click) => {
      click.preventDefault();
      click.stopPropagation();
    };
    document.addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => document.removeEventListener("click", swallow, { capture: true }), 0);
    ask();
  });
  document.addEventListener("pointercancel", () => {
    const wasDragging = press?.isDragging;
    drop();
    if (wasDragging) putBack();
  });
  document.addEventListener("touchmove", (event) => press?.isDragging && event.preventDefault(), { passive: false });
  document.addEventListener("contextmenu", (event) => press?.timer && event.preventDefault());

  /* By keyboard: Shift and arrows, + and -, then Enter or Escape. */
  const say = () => {
    const where = carried.column.querySelector(".diary-head span:last-child").firstChild.textContent;
    document.getElementById("diary-said").textContent =
      `${clock(carried.start)} to ${clock(carried.start + carried.minutes)}, ${where}. Enter to move, Escape to leave it.`;
  };
  const beside = (way) => {
    const columns = [...carried.diary.querySelectorAll(".diary-column")];
    return columns[columns.indexOf(carried.column) + way] ?? carried.column;
  };
  document.addEventListener("keydown", (event) => {
    if (press?.isDragging && event.key === "Escape") {
      drop();
      return putBack();
    }
    const link = event.target.closest?.(".diary .visit-link");
    const card = link?.closest(".visit[data-shift]");
    if (!card || event.altKey || event.ctrlKey || event.metaKey || carried?.isAsked) return;
    const by = step(card.closest(".diary"));
    const moves = {
      ArrowUp: () => place(carried.column, carried.start - by, carried.minutes),
      ArrowDown: () => place(carried.column, carried.start + by, carried.minutes),
      ArrowLeft: () => place(beside(-1), carried.start, carried.minutes),
      ArrowRight: () => place(beside(1), carried.start, carried.minutes),
      "+": () => place(carried.column, carried.start, carried.minutes + by),
      "-": () => place(carried.column, carried.start, carried.minutes - by),
    };
    const isMove = moves[event.key] && (event.shiftKey || event.key === "+" || event.key === "-");
    if (isMove) {
      if (carried && carried.card !== card) putBack();
      if (!carried) pickUp(card);
      moves[event.key]();
      carried.copy.scrollIntoView({ block: "nearest", inline: "nearest" });
      say();
    } else if (carried?.card === card && event.key === "Enter") ask();
    else if (carried?.card === card && event.key === "Escape") putBack();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, { capture: true });
  document.addEventListener("focusout", (event) => {
    const card = event.target.closest?.(".visit");
    if (carried && !carried.isAsked && !press && carried.card === card) putBack();
  });
})();
