"use strict";
(() => {
  const search = document.getElementById("search");
  const state = document.getElementById("state");
  const count = document.getElementById("count");
  const blocks = [...document.querySelectorAll(".finding[data-state]")];
  // A node set as a test: "n[1-16,18].gpu" holds "n7.gpu" without being spelled out.
  const parts = (text) => text.match(/(?:[^,\[]|\[[^\]]*\])+/g) || [];
  const sets = blocks.map((block) =>
    parts(block.querySelector(".hosts").textContent).map((part) => {
      const open = part.indexOf("[");
      if (open < 0) return { plain: part };
      const close = part.indexOf("]", open);
      const ranges = part.slice(open + 1, close).split(",").map((range) => {
        const [first, last] = range.split("-");
        return { first: Number(first), last: Number(last === undefined ? first : last), width: first.length, padded: first.length > 1 && first[0] === "0" };
      });
      return { before: part.slice(0, open), after: part.slice(close + 1), ranges };
    }));
  const holds = (part, host) => {
    if (part.plain !== undefined) return part.plain.includes(host);
    if (part.before.includes(host) && host !== "") return true;
    if (!host.startsWith(part.before) || !host.endsWith(part.after)) return false;
    const digits = host.slice(part.before.length, host.length - part.after.length);
    if (!/^\d+$/.test(digits)) return false;
    const number = Number(digits);
    return part.ranges.some((range) => number >= range.first && number <= range.last &&
      (range.padded ? digits.length === range.width : String(number) === digits));
  };
  const texts = blocks.map((block) => block.textContent.toLowerCase());
  const update = () => {
    const wanted = search.value.trim();
    const lower = wanted.toLowerCase();
    let shown = 0;
    blocks.forEach((block, place) => {
      const right = !state.value || block.dataset.state === state.value;
      const found = !wanted || texts[place].includes(lower) || sets[place].some((part) => holds(part, wanted));
      block.hidden = !(right && found);
      shown += block.hidden ? 0 : 1;
    });
    count.textContent = `${shown} of ${blocks.length} groups`;
  };
  search.form.addEventListener("submit", (event) => event.preventDefault());
  search.addEventListener("input", update);
  state.addEventListener("change", update);
  update();
})();
