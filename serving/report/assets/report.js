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
  const sift = () => {
    let left = 0;
    for (const row of order) {
      const stays = kept(row);
      row.hidden = !stays || left >= shown;
      if (stays) left += 1;
    }
    const visible = Math.min(left, shown);
    form.querySelector("output").textContent = left === visible
      ? `${left} of ${rows.length} accounts` : `first ${visible} of ${left} accounts`;
    more.hidden = left <= shown;
  };

  const numeric = new Set(["rank", "arr", "risk", "change"]);
  const value = (row, by) => {
    const text = by === "pace" || by === "next"
      ? row.querySelector(by === "pace" ? '[data-head="Pace"]' : '[data-head="Next milestone"]').textContent.trim()
      : row.dataset[by];
    if (text === undefined || text === "" || text === "–") return null;
    return numeric.has(by) ? Number(text) : text;
  };
  const compare = (a, b) => (typeof a === "number" ? a - b : a.localeCompare(b));
  const sort = (head, by, way) => {
    const keyed = rows.map((row) => [value(row, by), row]);
    keyed.sort(([a, rowA], [b, rowB]) => {
      if (a === null || b === null) return (a === null) - (b === null) || rowA.dataset.rank - rowB.dataset.rank;
      return way * compare(a, b) || rowA.dataset.rank - rowB.dataset.rank;
    });
    order = keyed.map(([, row]) => row);
    body.append(...order);
    for (const other of table.tHead.querySelectorAll("th")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
    sift();
  };
  for (const head of table.tHead.querySelectorAll("th[data-by]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.setAttribute("aria-label", `Sort by ${head.textContent.trim()}`);
    button.addEventListener("click", () => {
      const now = head.getAttribute("aria-sort");
      const usual = Number(head.dataset.way);
      sort(head, head.dataset.by, now === (usual > 0 ? "ascending" : "descending") ? -usual : usual);
    });
    head.append(button);
  }
  form.addEventListener("input", () => { shown = STEP; sift(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  more.querySelector("button").addEventListener("click", () => { shown += 5 * STEP; sift(); });
  form.hidden = false;
  sift();
})();
