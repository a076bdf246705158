"use strict";
(() => {
  const data = JSON.parse(document.getElementById("table-data").textContent);
  const MOST = 150; // rows that are drawn before somebody asks for all

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

  const rows = unpack(data.rows);
  const sessions = unpack(data.sessions);
  const form = document.getElementById("choices");
  const body = document.querySelector("#clients tbody");
  const head = document.querySelector("#clients thead tr");
  const figure = document.getElementById("figure");
  const figureBody = document.getElementById("figure-body");
  const axes = ["scenario", "loop", "parser", "python", "machine", "matrix", "kind"];
  const columns = [
    { name: "rank", title: "rank", number: true },
    { name: "client", title: "client" },
    { name: "loop", title: "loop" },
    { name: "parser", title: "parser" },
    { name: "perPage", title: "per page", number: true, text: "perPageText" },
    { name: "begin", title: "to begin", number: true, text: "beginText" },
    { name: "ratio", title: "ratio", number: true, text: "ratioText" },
    { name: "bar", title: "interval", sort: "low" },
    { name: "verdict", title: "verdict" },
    { name: "cpu", title: "CPU per page", number: true, text: "cpuText" },
    { name: "memory", title: "memory", number: true, text: "memoryText" },
    { name: "library", title: "library" },
    { name: "last", title: "measured" },
  ];

  function make(tag, text, kind) {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    if (kind) element.className = kind;
    return element;
  }

  function shape(tag, attributes) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  }

  // What the address asks for. A bare name, such as #method, is a place on the page.
  function read() {
    const hash = location.hash.slice(1);
    const asked = new URLSearchParams(hash.includes("=") ? hash : "");
    return Object.fromEntries(asked);
  }
  let asked = read();
  let showsAll = false;

  function write(changes) {
    asked = { ...asked, ...changes };
    for (const name of Object.keys(asked)) if (!asked[name]) delete asked[name];
    const text = new URLSearchParams(asked).toString();
    history.replaceState(null, "", text ? `#${text}` : `${location.pathname}${location.search}`);
    show();
  }

  const unique = (name) => [...new Set(rows.map((row) => row[name]))];
  const newest = rows.length ? rows[rows.length - 1].matrix : "";
  // Without a choice: the first scenario, the newest matrix, code as it is shipped.
  const usual = { scenario: unique("scenario")[0] || "", matrix: newest, kind: "default" };

  function fill() {
    for (const name of axes) {
      const select = form.elements[name];
      const values = unique(name).sort();
      if (name === "matrix") values.reverse();
      const ordered = name === "scenario" ? unique(name) : ["all", ...values];
      select.replaceChildren(
        ...ordered.map((value) => {
          const option = make("option", value === "-" ? "none" : value);
          option.value = value;
          return option;
        }),
      );
    }
  }

  function chosen(name) {
    if (asked[name]) return asked[name];
    // Who asks for a machine or a Python wants all of its matrices.
    if (name === "matrix" && (asked.machine || asked.python)) return "all";
    return usual[name] || "all";
  }

  function matches(row) {
    const text = (asked.client || "").toLowerCase();
    if (text && !`${row.client} ${row.library}`.toLowerCase().includes(text)) return false;
    return axes.every((name) => {
      const wanted = chosen(name);
      return wanted === "all" || row[name] === wanted;
    });
  }

  function order(found) {
    const [name, sign] = (asked.sort || "ratio").startsWith("-")
      ? [asked.sort.slice(1), -1]
      : [asked.sort || "ratio", 1];
    const column = columns.find((one) => one.name === name) || columns.find((one) => one.name === "ratio");
    const key = column.sort || column.name;
    const value = (row) => (key === "ratio" && row.verdict === "baseline" ? 0 : row[key]);
    const collator = new Intl.Collator(undefined, { numeric: true });
    return found.sort((one, two) => {
      const [a, b] = [value(one), value(two)];
      if (a === null || b === null) return (a === null) - (b === null);
      return sign * (typeof a === "number" ? a - b : collator.compare(a, b));
    });
  }

  function ends(found) {
    const known = found.filter((row) => row.low !== null && row.high - row.low < 2.3);
    const low = Math.min(-0.1, ...known.map((row) => row.low));
    const high = Math.max(0.1, ...known.map((row) => row.high));
    return [low, high];
  }

  function bar(row, [low, high]) {
    const cell = make("td");
    cell.title = row.intervalText;
    const picture = shape("svg", { class: "bar", viewBox: "0 0 144 20", "aria-hidden": "true" });
    const place = (value) =>
      (4 + (136 * (Math.max(low, Math.min(high, value)) - low)) / (high - low)).toFixed(1);
    picture.append(shape("line", { x1: place(0), x2: place(0), y1: 0, y2: 20 }));
    const look = `var(--${data.verdicts[row.verdict] || "soft"})`;
    if (row.low !== null) {
      const at = { x1: place(row.low), x2: place(row.high), y1: 10, y2: 10 };
      picture.append(shape("line", { ...at, class: "span", style: `stroke:${look}` }));
    }
    const middle = row.ratio === null ? (row.verdict === "baseline" ? 0 : null) : row.ratio;
    if (middle !== null)
      picture.append(shape("circle", { cx: place(middle), cy: 10, r: 4, style: `fill:${look}` }));
    cell.append(picture, make("span", row.intervalText, "hidden"));
    return cell;
  }

  function rank(row) {
    if (row.rank === null) return "-";
    if (!row.same) return String(row.rank);
    return `${row.rank}, same as ${row.same} other${row.same > 1 ? "s" : ""}`;
  }

  const key = (row) => [row.scenario, row.client, row.loop, row.parser, row.matrix].join("|");

  function client(row) {
    const cell = make("th");
    cell.scope = "row";
    const link = make("a", row.client, row.kind === "tuned" ? "tuned" : "");
    const address = new URLSearchParams({ ...asked, row: key(row) });
    link.href = `#${address}`;
    cell.append(link);
    return cell;
  }

  function line(row, bounds) {
    const element = make("tr");
    if (asked.row === key(row)) element.className = "chosen";
    for (const column of columns) {
      const name = column.name;
      if (name === "client") element.append(client(row));
      else if (name === "bar") element.append(bar(row, bounds));
      else if (name === "rank") element.append(make("td", rank(row), "number"));
      else if (name === "verdict")
        element.append(make("td", row.verdict, data.verdicts[row.verdict] || "soft"));
      else element.append(make("td", row[column.text || name], column.number ? "number" : ""));
    }
    return element;
  }

  function drawHead() {
    const sort = asked.sort || "ratio";
    head.replaceChildren(
      ...columns.map((column) => {
        const cell = make("th", undefined, column.number ? "number" : "");
        cell.scope = "col";
        if (sort.replace("-", "") === column.name)
          cell.setAttribute("aria-sort", sort.startsWith("-") ? "descending" : "ascending");
        const button = make("button", column.title);
        button.type = "button";
        button.addEventListener("click", () => {
          const next = (asked.sort || "ratio") === column.name ? `-${column.name}` : column.name;
          write({ sort: next });
          head.querySelectorAll("button")[columns.indexOf(column)].focus();
        });
        cell.append(button);
        return cell;
      }),
    );
  }

  function table(title, titles, lines) {
    const element = make("table");
    element.append(make("caption", title));
    const top = make("tr");
    top.append(...titles.map((text) => Object.assign(make("th", text), { scope: "col" })));
    const inner = make("tbody");
    for (const texts of lines) {
      const row = make("tr");
      row.append(...texts.map((one) => (one instanceof Node ? one : make("td", one))));
      inner.append(row);
    }
    const thead = make("thead");
    thead.append(top);
    element.append(thead, inner);
    const scroll = make("div", undefined, "scroll");
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", title);
    scroll.append(element);
    return scroll;
  }

  function sentence(row) {
    if (row.verdict === "baseline") return "It is the baseline: others are compared with it.";
    if (row.ratio === null) return `${row.verdict}${row.reason ? `: ${row.reason}` : ""}.`;
    const cpu = row.cpuRatioText === "-" ? "" : `; CPU time ${row.cpuRatioText} (${row.cpuIntervalText}), ${row.cpuVerdict}`;
    const page = row.pageVerdict
      ? `; per page ${row.pageRatioText} (${row.pageIntervalText}), ${row.pageVerdict}`
      : "";
    const why = row.reason ? `${row.verdict} because ${row.reason}` : row.verdict;
    const found = row.verdict === "preliminary" ? `${row.verdict}, from fewer than three sessions` : why;
    return `${found}: ${row.ratioText} times the baseline's time (${row.intervalText})${page}${cpu}.`;
  }

  function open(row) {
    document.getElementById("figure-title").textContent =
      `${row.client}${row.loop === "-" ? "" : ` on ${row.loop}`}, parser ${row.parser}, ${row.scenario}`;
    const same = (one) =>
      ["scenario", "client", "loop", "parser"].every((name) => one[name] === row[name]);
    const history = rows.filter(same).map((one) => [
      one.first === one.last ? one.last : `${one.first} to ${one.last}`,
      one.machine,
      one.python,
      one.library,
      one.ratioText,
      one.intervalText,
      one.verdict,
    ]);
    const used = row.sessions.split(",").map((place) => sessions[Number(place)]);
    const reviewed = row.reviewed ? `reviewed by ${row.reviewed}` : "not yet reviewed by its author";
    const parts = [
      make("p", sentence(row)),
      make("p", `${row.crawlText} per crawl, ${row.perPageText} per page; ${row.library}${row.model ? `, ${row.model}` : ""}; ${reviewed}.`),
      table("History", ["measured", "machine", "Python", "library", "ratio", "interval", "verdict"], history),
      table(
        "Sessions that it rests on",
        ["measured", "rounds", "took", "bundle"],
        used.map((one) => {
          const cell = make("td");
          const link = make("a", one.file.split("/").pop());
          link.href = data.files + one.file.split("/").map(encodeURIComponent).join("/");
          cell.append(link);
          return [one.created.slice(0, 16).replace("T", " "), String(one.rounds), one.took, cell];
        }),
      ),
    ];
    const doubts = [...new Set(used.map((one) => one.doubts).filter(Boolean))];
    parts.push(...doubts.map((text) => make("p", text, "missing")));
    parts.push(...[...new Set(used.map((one) => one.command))].map((text) => make("pre", text)));
    figureBody.replaceChildren(...parts);
    figure.hidden = false;
  }

  function show() {
    for (const name of axes) form.elements[name].value = chosen(name);
    if (document.activeElement !== form.elements.client)
      form.elements.client.value = asked.client || "";
    const found = order(rows.filter(matches));
    const bounds = ends(found);
    const drawn = showsAll ? found : found.slice(0, MOST);
    drawHead();
    body.replaceChildren(...drawn.map((row) => line(row, bounds)));
    document.getElementById("more").hidden = drawn.length === found.length;
    document.getElementById("count").textContent =
      `${found.length} of ${rows.length} figures${found.length ? "" : ": nothing fits; choose less"}`;
    const wanted = asked.row && rows.find((row) => key(row) === asked.row);
    if (wanted) open(wanted);
    else figure.hidden = true;
  }

  fill();
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => {
    showsAll = false;
    const name = event.target.name;
    write({ [name]: event.target.value === usual[name] ? "" : event.target.value, row: "" });
  });
  document.getElementById("all").addEventListener("click", () => {
    showsAll = true;
    show();
  });
  document.getElementById("close").addEventListener("click", () => {
    write({ row: "" });
    form.elements.scenario.focus();
  });
  addEventListener("hashchange", () => {
    if (location.hash && !location.hash.includes("=")) return;
    const before = asked.row;
    asked = read();
    show();
    if (asked.row && asked.row !== before) document.getElementById("figure-title").focus();
  });
  show();
  document.documentElement.dataset.ready = "yes";
})();
