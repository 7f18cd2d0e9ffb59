/* Shows a field only while another has a value. Without scripts the field is simply there. */
(() => {
  "use strict";
  for (const part of document.querySelectorAll("[data-shown-when]")) {
    const form = part.closest("form");
    const update = () => {
      const chosen = new FormData(form).get(part.dataset.shownWhen);
      part.hidden = chosen !== part.dataset.shownValue;
    };
    form.addEventListener("change", update);
    update();
  }
})();
