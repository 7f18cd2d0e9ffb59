/* The diary without a mouse, and its clock: arrows, Home/End, PgUp/PgDn walk slots and visits; the now-line moves. */
(() => {
  "use strict";
  const number = (element, name) => Number.parseFloat(getComputedStyle(element).getPropertyValue(name)) || 0;
  const minuteOf = (element) => number(element, "--h") * 60 + number(element, "--m");
  const stopsIn = (column) =>
    [...column.querySelectorAll("a.slot, .visit-link")].map((link) => ({ link, at: minuteOf(link.closest(".visit") ?? link) }))
      .sort((a, b) => a.at - b.at);
  const nearest = (stops, at) => stops.reduce((best, stop) => (Math.abs(stop.at - at) < Math.abs(best.at - at) ? stop : best));

  const focus = (diary, link) => {
    for (const other of diary.querySelectorAll('a.slot[tabindex="0"], .visit-link[tabindex="0"]')) other.tabIndex = -1;
    link.tabIndex = 0;
    link.focus();
    link.scrollIntoView({ block: "nearest", inline: "nearest" });
  };

  /* One tab stop for the grid; the arrows do the rest. */
  const prepare = (diary) => {
    const links = [...diary.querySelectorAll("a.slot, .visit-link")];
    for (const link of links) link.tabIndex = -1;
    const first = diary.querySelector(".visit-link") ?? links[0];
    if (first) first.tabIndex = 0;
  };

  document.addEventListener("keydown", (event) => {
    const diary = event.target.closest?.(".diary");
    const link = event.target.closest?.("a.slot, .visit-link");
    if (!diary || !link || event.altKey || event.ctrlKey || event.metaKey) return;
    const columns = [...diary.querySelectorAll(".diary-column")];
    const column = link.closest(".diary-column");
    const at = minuteOf(link.closest(".visit") ?? link);
    const stops = stopsIn(column);
    const here = stops.findIndex((stop) => stop.link === link);
    const beside = (step) => {
      for (let i = columns.indexOf(column) + step; columns[i]; i += step) {
        const others = stopsIn(columns[i]);
        if (others.length) return nearest(others, at);
      }
      return null;
    };
    const moves = {
      ArrowDown: () => stops[here + 1], ArrowUp: () => stops[here - 1],
      ArrowRight: () => beside(1), ArrowLeft: () => beside(-1),
      Home: () => stops[0], End: () => stops.at(-1),
      PageDown: () => nearest(stops, at + 120), PageUp: () => nearest(stops, at - 120),
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    const next = moves[event.key]();
    if (next) focus(diary, next.link);
  });
  document.addEventListener("focusin", (event) => {
    const link = event.target.closest?.(".diary a.slot, .diary .visit-link");
    if (!link || link.tabIndex === 0) return;
    for (const other of link.closest(".diary").querySelectorAll('[tabindex="0"]')) if (other.matches("a")) other.tabIndex = -1;
    link.tabIndex = 0;
  });

  /* data-zone on the diary says whose clock; only columns with data-today carry the line. */
  const clockIn = (zone) => {
    const parts = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).formatToParts();
    const part = (type) => Number(parts.find((one) => one.type === type).value);
    return part("hour") * 60 + part("minute");
  };
  const showNow = (diary) => {
    const minutes = clockIn(diary.dataset.zone) - number(diary, "--from") * 60;
    const isShown = minutes >= 0 && minutes <= (number(diary, "--until") - number(diary, "--from")) * 60;
    for (const lane of diary.querySelectorAll("[data-today] > .diary-lane")) {
      let line = lane.querySelector(".now-line");
      if (!line) {
        line = document.createElement("div");
        line.className = "now-line";
        lane.append(line);
      }
      line.hidden = !isShown;
      line.style.top = `calc(${minutes} * var(--minute))`;
    }
    return isShown ? minutes : null;
  };
  const open = (diary) => {
    prepare(diary);
    const minutes = showNow(diary);
    const lane = diary.querySelector(".diary-lane");
    const perMinute = lane.clientHeight / ((number(diary, "--until") - number(diary, "--from")) * 60);
    if (minutes !== null && diary.querySelector("[data-today]")) diary.scrollTop = Math.max(0, (minutes - 60) * perMinute);
  };
  const kept = new WeakSet();
  const openAll = () => {
    for (const diary of document.querySelectorAll(".diary")) {
      if (!kept.has(diary)) open(diary);
      else if (!diary.querySelector('a[tabindex="0"]')) prepare(diary);
      kept.add(diary);
    }
  };
  openAll();
  document.addEventListener("htmx:load", openAll);
  setInterval(() => document.querySelectorAll(".diary").forEach(showNow), 30000);
})();
