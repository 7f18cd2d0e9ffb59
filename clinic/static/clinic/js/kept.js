/* Words that could not be saved yet wait here, in this tab's own storage, for as short a time as can be: until they are
   saved, the member signs out in any tab, somebody else signs in, the tab is closed, or twelve hours have passed.
   See docs/decisions/0008-unsaved-words-stay-in-the-tab.md. */
const kept = (() => {
  "use strict";
  const PREFIX = "kept:";
  const LIFE = 12 * 60 * 60 * 1000;
  const signedOut = "BroadcastChannel" in window ? new BroadcastChannel("signed-out") : null;

  const entries = () => {
    try {
      return Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX));
    } catch {
      return []; // a browser that keeps nothing
    }
  };
  const forget = () => entries().forEach((key) => sessionStorage.removeItem(key));
  const read = (key) => {
    try {
      return JSON.parse(sessionStorage.getItem(key));
    } catch {
      return null;
    }
  };
  const member = () => document.body?.dataset.member ?? "";
  const isOver = (entry) => !entry || entry.member !== member() || Date.now() - entry.at > LIFE;
  const tidy = () => {
    for (const key of entries()) if (isOver(read(key))) sessionStorage.removeItem(key);
  };

  document.addEventListener("DOMContentLoaded", tidy);
  setInterval(tidy, 60 * 1000);
  if (signedOut) signedOut.onmessage = forget;
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-forgets]") || event.defaultPrevented) return;
    window.addEventListener("pagehide", () => {
      forget();
      signedOut?.postMessage("forget");
    });
  });

  return {
    /* Whether it could be kept. */
    put(name, values) {
      try {
        sessionStorage.setItem(PREFIX + name, JSON.stringify({ ...values, member: member(), at: Date.now() }));
        return true;
      } catch {
        return false;
      }
    },
    get(name) {
      tidy();
      return read(PREFIX + name);
    },
    drop(name) {
      try {
        sessionStorage.removeItem(PREFIX + name);
      } catch {
        /* nothing was kept */
      }
    },
  };
})();
