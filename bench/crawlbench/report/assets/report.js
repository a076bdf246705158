"use strict";
(() => {
  const page = JSON.parse(document.getElementById("page-data").textContent);

  // Rows travel by column, texts as numbers of a list: a tenth of the size of a list of objects.
  function unpack(table) {
    const rows = Array.from({ length: table.length }, () => ({}));
    for (const [name, column] of Object.entries(table.columns)) {
      const words = column.words;
      column.values.forEach((value, place) => {
        rows[place][name] = words && value !== null ? words[value] : value;
      });
    }
    return rows;
  }

  const drawn = new Set();
  function draw(chart) {
    if (drawn.has(chart.id)) return Promise.resolve();
    drawn.add(chart.id);
    const { spec, data, description } = page.charts[chart.id];
    const datasets = Object.fromEntries(data.map((name) => [name, unpack(page.data[name])]));
    // Names share their line with the texts at the right, which are long where there is room.
    const room = chart.clientWidth - (chart.clientWidth > 560 ? 215 : 98);
    const axis = { ...spec.config.axisY, labelLimit: Math.max(120, room) };
    const legend = { ...spec.config.legend, columns: chart.clientWidth < 420 ? 2 : 4 };
    const config = { ...spec.config, axisY: axis, legend };
    const whole = { ...spec, datasets, description, config };
    const options = { renderer: "svg", actions: false, tooltip: { disableDefaultStyle: true } };
    return window.vegaEmbed(chart, whole, options).then(() => {
      chart.style.minHeight = "";
      chart.dataset.drawn = "yes";
    });
  }

  // What is in sight comes first, the rest while nothing else is to be done: so that long pages open
  // at once, and yet all is there when it is printed.
  const charts = [...document.querySelectorAll(".chart")];
  const later = window.requestIdleCallback || ((task) => setTimeout(task, 30));
  const seen = new IntersectionObserver(
    (entries) => entries.filter((e) => e.isIntersecting).forEach((e) => draw(e.target)),
    { rootMargin: "300px" },
  );
  charts.forEach((chart) => seen.observe(chart));
  function drawRest() {
    const next = charts.find((chart) => !drawn.has(chart.id));
    if (next) draw(next).finally(() => later(drawRest));
    else document.documentElement.dataset.ready = "yes";
  }
  later(drawRest);

  const table = document.getElementById("everything");
  if (!table) return;
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  const rows = [...body.rows];

  function compare(place, sign) {
    const collator = new Intl.Collator(undefined, { numeric: true });
    const isNumber = rows.some((row) => row.cells[place].dataset.key !== undefined);
    return (one, two) => {
      const [a, b] = [one.cells[place], two.cells[place]];
      if (!isNumber) return sign * collator.compare(a.textContent, b.textContent);
      const [x, y] = [a.dataset.key, b.dataset.key];
      if (x === undefined || y === undefined) return (x === undefined) - (y === undefined);
      return sign * (x - y);
    };
  }

  heads.forEach((head, place) => {
    head.querySelector("button").addEventListener("click", () => {
      const order = head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
      heads.forEach((other) => other.setAttribute("aria-sort", other === head ? order : "none"));
      body.append(...[...rows].sort(compare(place, order === "ascending" ? 1 : -1)));
    });
  });

  // Columns that nobody chose stay in the page, so that paper and other programs have them all.
  const boxes = [...document.querySelectorAll("#columns input")];
  const sheet = document.createElement("style");
  sheet.media = "screen";
  document.head.append(sheet);
  function choose() {
    const off = boxes.filter((box) => !box.checked);
    sheet.textContent = off
      .map((box) => `#everything tr>:nth-child(${box.value}){display:none}`)
      .join("");
    const all = boxes.length + 1;
    document.getElementById("columns-count").textContent = off.length
      ? `${all - off.length} of ${all} shown`
      : `all ${all} shown`;
    tellWidth();
  }
  function tellWidth() {
    const around = table.parentElement;
    document.getElementById("wider").hidden = around.scrollWidth <= around.clientWidth;
  }
  boxes.forEach((box) => box.addEventListener("change", choose));
  document.getElementById("all-columns").addEventListener("click", () => {
    boxes.forEach((box) => (box.checked = true));
    choose();
  });
  window.addEventListener("resize", tellWidth);
  document.querySelector("details.columns").hidden = false;
  choose();

  const words = document.getElementById("filter");
  const verdict = document.getElementById("verdict");
  const count = document.getElementById("count");
  const verdictPlace = heads.findIndex((head) => head.textContent.trim() === "verdict");
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  function filter() {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const only = verdict ? verdict.value : "";
    let shown = 0;
    for (const row of rows) {
      const fits =
        wanted.every((word) => texts.get(row).includes(word)) &&
        (!only || row.cells[verdictPlace].textContent === only);
      row.hidden = !fits;
      shown += fits;
    }
    const every = `${rows.length} row${rows.length === 1 ? "" : "s"}`;
    count.textContent = shown === rows.length ? every : `${shown} of ${every}`;
  }
  words.addEventListener("input", filter);
  if (verdict) verdict.addEventListener("change", filter);
  words.form.addEventListener("submit", (event) => event.preventDefault());
})();
