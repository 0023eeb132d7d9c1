"use strict";
(() => {
  const one = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const rows = all("[data-severity]").map((element) => ({
    element,
    counted: element.classList.contains("finding"),
    text: element.textContent.toLowerCase(),
  }));
  const boxes = all(".filters input[type=checkbox]");
  const section = one("#section");
  const search = one("#search");
  const toggle = one("#toggle");
  const folds = all(".finding details");

  const show = () => {
    const severities = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { element, counted, text } of rows) {
      const { severity, section: place } = element.dataset;
      const fits =
        severities.has(severity) &&
        (!section.value || section.value === place) &&
        words.every((word) => text.includes(word));
      element.hidden = !fits;
      shown += counted && fits ? 1 : 0;
    }
    const total = rows.filter((row) => row.counted).length;
    one("#shown").textContent = `${shown} of ${total} findings shown`;
    one("#nothing").hidden = shown > 0 || total === 0;
  };

  const label = () => {
    toggle.textContent = folds.every((fold) => fold.open) ? "Close all" : "Open all";
  };

  one(".filters").hidden = rows.length === 0;
  one(".filters").addEventListener("input", show);
  one(".filters").addEventListener("submit", (event) => event.preventDefault());
  toggle.addEventListener("click", () => {
    const open = !folds.every((fold) => fold.open);
    for (const fold of folds) fold.open = open;
    label();
  });
  // Each fold tells of itself: opening thousands at once would look at all of them each time.
  let due = false;
  const labelSoon = () => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      label();
    });
  };
  for (const fold of folds) fold.addEventListener("toggle", labelSoon);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|SELECT)$/.test(document.activeElement.tagName)) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape" && document.activeElement === search) {
      search.value = "";
      show();
    }
  });

  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    for (const fold of closed) fold.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const fold of closed) fold.open = false;
  });
  show();
  label();
})();
