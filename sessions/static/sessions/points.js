/* A tap on the body map opens the form of a point at that very place; a tap on a mark opens that point.
   Without this script the areas are links to the same form. */
(() => {
  "use strict";
  const inThousands = (svg, event) => {
    const box = svg.viewBox.baseVal;
    const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    const part = (value, from, size) => Math.round(Math.min(1, Math.max(0, (value - from) / size)) * 1000);
    return { x: part(place.x, box.x, box.width), y: part(place.y, box.y, box.height) };
  };

  document.addEventListener("click", (event) => {
    const svg = event.target.closest?.("svg[data-tap]");
    if (!svg) return;
    event.preventDefault();
    const mark = event.target.closest("[data-point]");
    const { x, y } = inThousands(svg, event);
    const address = mark ? mark.dataset.point : `${svg.dataset.tap}?view=${svg.dataset.view}&x=${x}&y=${y}`;
    htmx.ajax("GET", address, { target: "#dialog-body" });
  });
})();
