/* The note saves itself a moment after typing stops, and always says how it stands. One request at a time; without a
   connection it waits here and in kept.js and tries again. What another screen saved meanwhile is taken over where
   nothing was typed here, and shown beside the own words where both were: nothing is ever replaced unasked.
   Without this script the note is an ordinary form. */
(() => {
  "use strict";
  const PAUSE = 1200; // after the last key
  const PATIENCE = 10_000; // the longest that typing on and on puts a save off
  const TIMEOUT = 15_000;
  const FIRST_RETRY = 2_000;
  const LAST_RETRY = 30_000;

  const form = document.getElementById("note-form");
  const stateBox = document.getElementById("note-state");
  if (!form || !stateBox) return;
  const name = `note:${form.dataset.session}`;
  const fields = form.dataset.fields.split(" ");
  const version = () => stateBox.querySelector("input[name=version]");
  const parse = (html) => new DOMParser().parseFromString(html, "text/html");

  /* Values of the form, as the server compares them. */
  const plain = (value) => (value ?? "").replaceAll("\r\n", "\n").trim();
  const same = (one, other) => one !== null && other !== null && plain(one) === plain(other);
  const values = () => {
    const filled = new FormData(form);
    return Object.fromEntries(fields.map((field) => [field, filled.get(field) ?? ""]));
  };
  const write = (field, value) => {
    const control = form.elements.namedItem(field);
    if (control instanceof RadioNodeList) for (const radio of control) radio.checked = radio.value === value;
    else control.value = value;
  };

  /* What the server is known to hold; null where that is not known. */
  let base = values();
  let busy = null;
  let timer = 0;
  let waitingSince = 0;
  let failures = 0;
  let isLeaving = false;
  let isPassing = false; // a form goes its way although something is not saved: the browser asks
  const marks = () => form.querySelectorAll(".carried-mark");
  const conflicts = () => form.querySelectorAll("[data-conflict]");
  const changed = (now = values()) => fields.filter((field) => !same(now[field], base[field]));
  const isDirty = () => changed().length > 0;
  const keep = () =>
    isDirty() ? kept.put(name, { version: version().value, base, values: values() }) : (kept.drop(name), true);

  /* How it stands, for the eye at once, for a screen reader only when it gets worse or better. */
  const TROUBLE = new Set(["offline", "stopped", "conflict"]);
  let trouble = "";
  const show = (state, words, isTold = false) => {
    const isNews = TROUBLE.has(state) ? trouble !== state : state === "saved" && trouble !== "";
    if (TROUBLE.has(state)) trouble = state;
    if (state === "saved") trouble = "";
    stateBox.dataset.state = state;
    stateBox.classList.toggle("is-unsaved", state !== "saved");
    stateBox.querySelector("[data-words]").textContent = words;
    if (isTold || isNews) document.getElementById("note-said").textContent = words;
  };
  const place = () => (keep() ? "kept on this device" : "it is only on this page");

  const schedule = (delay = PAUSE) => {
    waitingSince ||= Date.now();
    clearTimeout(timer);
    timer = setTimeout(() => save(), Math.max(0, Math.min(delay, waitingSince + PATIENCE - Date.now())));
  };
  const retry = (words) => {
    show("offline", `Not saved: ${words}, ${place()}`);
    clearTimeout(timer);
    timer = setTimeout(() => save(), Math.min(LAST_RETRY, FIRST_RETRY * 2 ** failures));
    failures += 1;
    return false;
  };
  const stop = (words) => {
    show("stopped", `Not saved: ${words}, ${place()}`);
    return false;
  };

  /* What another screen saved: taken over, or beside the own words. */
  const beside = (field, theirs) => {
    const block = document.getElementById("note-conflict").content.firstElementChild.cloneNode(true);
    block.dataset.conflict = field;
    block.dataset.there = theirs;
    block.querySelector("[data-there-words]").textContent = theirs || "(empty)";
    if (form.elements.namedItem(field) instanceof RadioNodeList) block.querySelector("[data-keep=both]").remove();
    form.querySelector(`[data-conflict=${field}]`)?.remove();
    fieldOf(field).after(block);
  };
  const fieldOf = (field) => form.querySelector(`[name=${field}]`).closest(".field");
  const merge = (mine, old, theirs) => {
    for (const field of fields) {
      if (same(mine[field], theirs[field]) || same(theirs[field], old[field])) continue;
      if (same(mine[field], old[field])) write(field, theirs[field]);
      else beside(field, theirs[field]);
    }
    base = theirs;
  };
  const afterMerge = () => {
    keep();
    if (conflicts().length) {
      show("conflict", "Somebody else changed this: choose below, nothing is lost");
      return false;
    }
    if (isDirty()) schedule(0);
    else saved();
    return true;
  };

  /* What speaks against the product that the note names now; not under the hands of somebody who writes the reason. */
  const showProduct = (fresh) => {
    const shown = document.getElementById("product");
    if (!fresh || !shown || shown.contains(document.activeElement)) return;
    fresh.removeAttribute("hx-swap-oob");
    shown.replaceWith(fresh);
    htmx.process(fresh);
  };

  /* A save, and what its answers mean. */
  const saved = (isTold = false) => show("saved", stateBox.dataset.saved, isTold);
  const accept = (page, sent, isAsked) => {
    base = sent;
    const state = page.getElementById("note-state");
    version().value = state.querySelector("input[name=version]").value;
    stateBox.dataset.saved = state.dataset.saved;
    document.querySelector("#sign .checklist")?.replaceWith(page.querySelector(".checklist"));
    showProduct(page.getElementById("product"));
    const settled = [...marks()].filter((mark) => !state.dataset.stillCarried.split(" ").includes(mark.dataset.carried));
    settled.forEach((mark) => mark.remove());
    if (settled.length) htmx.trigger(document.body, "session-changed"); // written anew is confirmed
    form.querySelectorAll("[data-conflict], .note-conflict-alert").forEach((block) => block.remove());
    keep();
    if (isDirty()) show("typing", "Not saved yet");
    else saved(isAsked);
    return true;
  };
  const collide = (page, sent) => {
    const theirs = { ...sent };
    for (const block of page.querySelectorAll("[data-conflict]")) theirs[block.dataset.conflict] = block.dataset.there;
    const state = page.getElementById("note-state");
    version().value = state.querySelector("input[name=version]").value;
    stateBox.dataset.saved = state.dataset.saved;
    merge(values(), base, theirs);
    return afterMerge();
  };
  const refused = (page, status) => {
    if (status === 403) return stop("load this page again");
    if (status === 404) return stop("this note is no longer yours to write");
    const reason = page.querySelector(".field-error li, .alert strong")?.textContent.trim();
    return stop(reason || "the clinic refused it");
  };
  const send = async (isAsked) => {
    const sent = values();
    if (!failures) show("saving", "Saving …");
    let answer;
    let page;
    try {
      answer = await fetch(form.action, {
        method: "POST",
        headers: { "HX-Request": "true" },
        body: new URLSearchParams(new FormData(form)),
        signal: AbortSignal.timeout(TIMEOUT),
      });
      page = parse(await answer.text());
    } catch {
      return retry("no connection");
    }
    if (answer.headers.has("HX-Redirect")) return stop("you are signed out. Load this page and sign in again");
    if (answer.status >= 500 || answer.status === 429) return retry("the clinic does not answer");
    failures = 0;
    if (answer.status === 412) return collide(page, sent);
    if (answer.status !== 200 || !page.getElementById("note-state")) return refused(page, answer.status);
    return accept(page, sent, isAsked);
  };
  const save = (isAsked = false) => {
    clearTimeout(timer);
    if (busy) return busy;
    if (conflicts().length && !isAsked) return Promise.resolve(false);
    if (!isDirty() && !isAsked) return Promise.resolve(true);
    waitingSince = 0;
    busy = send(isAsked).then((isSaved) => {
      busy = null;
      if (isSaved && isDirty()) schedule();
      return isSaved;
    });
    return busy;
  };
  /* Everything typed so far is at the clinic, or not. */
  const flush = async () => {
    if (busy) await busy;
    return isDirty() ? save() : !conflicts().length;
  };

  form.addEventListener("input", () => {
    keep();
    if (conflicts().length) return;
    if (failures) return; // it tries again by itself
    if (!busy) show("typing", "Not saved yet");
    schedule();
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-keep]");
    if (!button) return;
    const block = button.closest("[data-conflict]");
    const field = block.dataset.conflict;
    if (button.dataset.keep === "theirs") write(field, block.dataset.there);
    if (button.dataset.keep === "both") write(field, `${values()[field].trimEnd()}\n\n${block.dataset.there}`);
    fieldOf(field).querySelector("textarea, input:checked, input")?.focus();
    block.remove();
    if (conflicts().length) return keep();
    form.querySelector(".note-conflict-alert")?.remove();
    afterMerge();
  });
  /* What was confirmed in the list above loses its mark here. */
  document.addEventListener("htmx:afterSettle", () => {
    for (const mark of marks()) if (!mark.querySelector("button").form) mark.remove();
  });
  window.addEventListener("online", () => failures && save());
  document.addEventListener("visibilitychange", () => document.hidden && save());

  /* Leaving: what is typed is saved first; only what cannot be is asked about. */
  const leaveBy = async (go) => {
    isLeaving = await flush();
    isPassing = true;
    go();
    isPassing = false;
  };
  document.addEventListener("submit", (event) => {
    const { target, submitter } = event;
    if (event.defaultPrevented || isLeaving || isPassing) return;
    if (target === form && !submitter?.hasAttribute("formaction")) {
      event.preventDefault();
      save(true);
    } else if (target === form && !busy) {
      clearTimeout(timer);
      isLeaving = true; // the form itself carries the text away
    } else if (!target.matches("[hx-post]") && (isDirty() || busy)) {
      event.preventDefault();
      leaveBy(() => (isLeaving || target !== form) && target.requestSubmit(submitter));
    }
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]:not([href^='#'], [hx-get], [target], [download])");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (!isDirty() || isLeaving) return;
    event.preventDefault();
    leaveBy(() => location.assign(link.href));
  });
  window.addEventListener("beforeunload", (event) => {
    if (isDirty() && !isLeaving) event.preventDefault();
  });

  /* A page that came with a refusal holds what is not saved; otherwise something may wait from before. */
  const start = () => {
    const shown = values();
    if (conflicts().length) {
      for (const block of conflicts()) base[block.dataset.conflict] = block.dataset.there;
      keep();
      return show("conflict", "Somebody else changed this: choose below, nothing is lost");
    }
    if ("unsaved" in form.dataset) {
      base = Object.fromEntries(fields.map((field) => [field, null]));
      keep();
      return schedule();
    }
    const waiting = kept.get(name);
    if (!waiting) return undefined;
    for (const field of fields) write(field, waiting.values[field]);
    for (const field of fields) if (same(waiting.values[field], waiting.base[field])) write(field, shown[field]);
    merge(values(), waiting.base, shown);
    afterMerge();
    if (isDirty() && !conflicts().length) show("typing", "Brought back what was not saved", true);
    return undefined;
  };
  start();
})();
