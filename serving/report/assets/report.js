"use strict";
(() => {
  const table = document.querySelector("table.accounts");
  const form = document.querySelector("form.sieve");
  if (!table || !form) return;
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const found = new Map();
  const STEP = 200;
  let shown = STEP;
  let order = rows;

  const words = (row) => {
    if (!found.has(row)) found.set(row, row.textContent.toLowerCase());
    return found.get(row);
  };
  const kept = (row) => {
    const find = form.find.value.trim().toLowerCase();
    return (!form.owner || !form.owner.value || row.dataset.owner === form.owner.value)
      && (!form.segment || !form.segment.value || row.dataset.segment === form.segment.value)
      && (!form.week.checked || "week" in row.dataset)
      && (!find || find.split(/\s+/).every((word) => words(row).includes(word)));
  };
  const more = document.querySelector(".more");
  const figure = (count) => count.toLocaleString("en");
  // Only the rows on show are in the document: thousands of others would make every move slow.
  const sift = () => {
    const stay = order.filter(kept);
    body.replaceChildren(...stay.slice(0, shown));
    const output = form.querySelector("output");
    output.textContent = stay.length > shown
      ? `first ${figure(shown)} of ${figure(stay.length)} ${output.dataset.of}`
      : `${figure(stay.length)} of ${figure(rows.length)} ${output.dataset.of}`;
    more.hidden = stay.length <= shown;
  };

  const numeric = new Set(["rank", "arr", "risk", "change", "pace"]);
  const value = (row, by) => {
    const text = row.dataset[by];
    if (text === undefined || text === "") return null;
    return numeric.has(by) ? Number(text) : text;
  };
  const collator = new Intl.Collator("en");
  const compare = (a, b) => (typeof a === "number" ? a - b : collator.compare(a, b));
  const sort = (head, by, way) => {
    const keyed = rows.map((row) => [value(row, by), row]);
    keyed.sort(([a, rowA], [b, rowB]) => {
      if (a === null || b === null) return (a === null) - (b === null) || rowA.dataset.rank - rowB.dataset.rank;
      return way * compare(a, b) || rowA.dataset.rank - rowB.dataset.rank;
    });
    order = keyed.map(([, row]) => row);
    for (const other of table.tHead.querySelectorAll("[aria-sort]")) other.removeAttribute("aria-sort");
    for (const other of heads) other.classList.remove("up", "down");
    head.closest("th").setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
    head.classList.add(way > 0 ? "up" : "down");
    sift();
  };
  const heads = table.tHead.querySelectorAll("[data-by]");
  for (const head of heads) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.setAttribute("aria-label", `Sort by ${head.textContent.trim()}`);
    button.addEventListener("click", () => {
      const usual = Number(head.dataset.way);
      sort(head, head.dataset.by, head.classList.contains(usual > 0 ? "up" : "down") ? -usual : usual);
    });
    head.append(button);
  }
  form.addEventListener("input", () => { shown = STEP; sift(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  more.querySelector("button").addEventListener("click", () => { shown += 5 * STEP; sift(); });
  form.hidden = false;
  sift();
  document.documentElement.className = "";
})();
