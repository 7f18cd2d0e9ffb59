/* Pressing a region on the figure presses its checkbox; the checkbox stays the only truth. */
(() => {
  "use strict";
  const boxFor = (map, key) => map.querySelector(`input[value="${CSS.escape(key)}"]`);
  const labelOf = (box) => box.parentElement.querySelector("span").firstChild.textContent.trim();

  const show = (map) => {
    const names = [];
    for (const region of map.querySelectorAll("[data-region]")) {
      const box = boxFor(map, region.dataset.region);
      region.classList.toggle("is-selected", box.checked);
      if (box.checked) names.push(labelOf(box));
    }
    map.querySelector("[data-marked]").textContent = names.join("; ") || "–";
  };

  document.addEventListener("click", (event) => {
    const region = event.target.closest?.(".body-map-edit [data-region]");
    if (!region) return;
    const box = boxFor(region.closest("[data-body-map]"), region.dataset.region);
    if (!box.disabled) box.click();
  });
  document.addEventListener("pointerover", (event) => {
    const map = event.target.closest?.("[data-body-map]");
    const hint = map?.querySelector(".body-hint");
    if (!hint) return;
    const region = event.target.closest("[data-region]");
    hint.textContent = region ? labelOf(boxFor(map, region.dataset.region)) : "";
  });
  document.addEventListener("change", (event) => {
    const map = event.target.closest("[data-body-map]");
    if (map) show(map);
  });
  document.addEventListener("htmx:load", (event) => {
    for (const map of event.target.querySelectorAll?.("[data-body-map]") ?? []) show(map);
  });
  for (const map of document.querySelectorAll("[data-body-map]")) show(map);
})();
