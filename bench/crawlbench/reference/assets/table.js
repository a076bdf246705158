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
    { name: "same", title: "not told apart", number: true },
    { name: "client", title: "client" },
    { name: "loop", title: "loop" },
    { name: "parser", title: "parser" },
    { name: "perPage", title: "per page", number: true, text: "perPageText" },
    { name: "begin", title: "to begin", number: true, text: "beginText" },
    { name: "ratio", title: "crawl ratio", number: true, text: "ratioText" },
    { name: "bar", title: "interval", sort: "low" },
    { name: "verdict", title: "verdict" },
    { name: "cpu", title: "CPU per page", number: true, text: "cpuText" },
    { name: "memory", title: "memory", number: true, text: "memoryText" },
    { name: "library", title: "library" },
    { name: "last", title: "measured" },
    { name: "python", title: "Python", onlySeveral: true },
    { name: "machine", title: "machine", onlySeveral: true },
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
  let shown = columns;

  function write(changes) {
    asked = { ...asked, ...changes };
    for (const name of Object.keys(asked)) if (!asked[name]) delete asked[name];
    const text = new URLSearchParams(asked).toString();
    history.replaceState(null, "", text ? `#${text}` : `${location.pathname}${location.search}`);
    show();
  }

  // All pairs of a scenario: log ratio, half of the interval, and what is told, by columns.
  const pairs = data.pairs.map((one) => ({
    ...one,
    places: new Map(one.members.map((name, place) => [name, place])),
  }));

  function decimals(low, high) {
    const width = Math.exp(high) - Math.exp(low);
    return Math.max(0, Math.min(4, Math.ceil(-Math.log10(width || 0.001)) + 1));
  }

  function verdictOf(told) {
    if (told === null) return "preliminary";
    return told > 0 ? "slower" : told < 0 ? "faster" : "unclear";
  }

  // A row as it stands against another one, instead of the baseline.
  function against(row, other) {
    const bare = { ratio: null, low: null, high: null, ratioText: "-", intervalText: "-" };
    if (axesOf(row) === other) return { ...row, ...bare, verdict: "baseline" };
    const found = pairs.find((one) => one.matrix === row.matrix && one.scenario === row.scenario);
    if (!found) return { ...row, ...bare, verdict: ["reference", "invalid"].includes(row.verdict) ? row.verdict : "pairs not kept" };
    const [one, two] = [axesOf(row), other].map((name) => found.places.get(name));
    if (one === undefined || two === undefined)
      return { ...row, ...bare, verdict: row.verdict === "reference" || row.verdict === "invalid" ? row.verdict : "no values" };
    const [low, high] = [Math.min(one, two), Math.max(one, two)];
    const count = found.members.length;
    const at = 3 * (low * count - (low * (low + 1)) / 2 + high - low - 1);
    const [middle, half, told] = found.values.slice(at, at + 3);
    if (middle === null) return { ...row, ...bare, verdict: "no values" };
    const sign = one < two ? 1 : -1;
    const ends = [sign * middle - half, sign * middle + half];
    const digits = decimals(...ends);
    const text = (value) => Math.exp(value).toFixed(digits);
    return {
      ...row,
      ratio: sign * middle,
      low: ends[0],
      high: ends[1],
      ratioText: text(sign * middle),
      intervalText: `${text(ends[0])} to ${text(ends[1])}`,
      verdict: verdictOf(told === null ? null : sign * told),
      isPair: true,
    };
  }

  const unique = (name) => [...new Set(rows.map((row) => row[name]))];
  // Scenarios in which a client is not known by its name and loop alone.
  const severalParsers = new Set();
  const parserOf = new Map();
  for (const row of rows) {
    const known = parserOf.get(row.scenario);
    if (known === undefined) parserOf.set(row.scenario, row.parser);
    else if (known !== row.parser) severalParsers.add(row.scenario);
  }
  function parserText(row) {
    if (row.parser === "-") return "";
    if (row.parser !== "none") return `with ${row.parser}`;
    return severalParsers.has(row.scenario) ? "with no parser" : "";
  }
  const label = (row) =>
    [row.client, row.loop === "-" ? "" : `on ${row.loop}`, parserText(row)].filter(Boolean).join(" ");
  const axesOf = (row) => [row.client, row.loop, row.parser].join("|");
  // Without a choice: one scenario, the newest matrix that has it whole, code as it is shipped.
  const all = unique("scenario");
  const usual = { scenario: all.find((name) => name.startsWith("clients:")) || all[0] || "", kind: "default" };
  const current = new Map(Object.entries(data.current));
  function usually(name) {
    if (name !== "matrix") return usual[name];
    // Somebody who asks for a machine or a Python wants all of its matrices.
    return asked.machine || asked.python ? "all" : current.get(chosen("scenario"));
  }

  function fill() {
    for (const name of axes) {
      const select = form.elements[name];
      const values = unique(name).sort();
      if (name === "matrix") values.reverse();
      const ordered = name === "scenario" ? unique(name) : ["all", ...values];
      select.replaceChildren(
        ...ordered.map((value) => {
          const title = name === "scenario" && data.titles[value];
          const option = make("option", title || (value === "-" ? "none" : value));
          option.value = value;
          return option;
        }),
      );
    }
  }

  function chosen(name) {
    return asked[name] || usually(name) || "all";
  }

  // An address that shows the same when newer matrices have come.
  function lasting(changes) {
    const named = { ...asked, scenario: chosen("scenario"), matrix: chosen("matrix"), ...changes };
    return new URLSearchParams(named).toString();
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

  // On which side of another row a row lies: -1 below, 1 above, 0 if their intervals overlap.
  function sideOf(one, two) {
    const [mine, theirs] = [one, two].map((row) => (row.verdict === "baseline" ? { low: 0, high: 0 } : row));
    if (mine.low === null || theirs.low === null) return 0;
    return mine.high < theirs.low ? -1 : mine.low > theirs.high ? 1 : 0;
  }

  // From when on all matrices of one machine, up to this one, have said the same of two clients.
  // Only the newest keeps all pairs: in older ones the intervals must lie apart.
  function sinceWhen(row, other) {
    const alike = rows.filter(
      (one) =>
        one.scenario === row.scenario && one.machine === row.machine && one.python === row.python && one.verdict !== "preliminary",
    );
    let since = "";
    for (const matrix of new Set(alike.map((one) => one.matrix))) {
      const [mine, theirs] = [axesOf(row), other].map((name) =>
        alike.find((one) => one.matrix === matrix && axesOf(one) === name),
      );
      if (matrix === row.matrix) return since || row.first;
      if (mine && theirs) {
        if (sideOf(mine, theirs) !== Math.sign(row.ratio)) since = "";
        else if (!since) since = mine.first;
      }
    }
    return since;
  }

  // Another client, if possible in a row's scenario: elsewhere its label may need no parser.
  function memberOf(row, other) {
    const found = rows.filter((one) => axesOf(one) === other);
    return found.find((one) => one.scenario === row.scenario) || found[0];
  }

  // The client that all others of a scenario are compared with, as words.
  function baselineOf(row) {
    const found = rows.find(
      (one) => one.verdict === "baseline" && one.scenario === row.scenario && one.matrix === row.matrix,
    );
    return found ? label(found) : "the baseline";
  }

  // With one length, nobody knows what of a crawl's time its start-up was.
  const pageText = (row) =>
    `${row.perPageText} per page${row.hasLengths || row.perPage === null ? "" : " with its share of the start-up"}`;

  function fastest(known) {
    const value = (row) => (row.verdict === "baseline" ? 0 : row.ratio);
    const clients = known.filter((row) => !data.floors.includes(row.client));
    return clients.length ? clients.reduce((one, two) => (value(two) < value(one) ? two : one)) : null;
  }

  // What the answer rests on: days, sessions, versions and the command, without opening a figure.
  function basisText(found, other) {
    const known = found.filter((row) => row.ratio !== null || row.verdict === "baseline");
    const told = other ? known.filter((row) => row.isPair).slice(0, 3) : [fastest(known)].filter(Boolean);
    if (!told.length) return "";
    const [one] = told;
    const theirs = rows.find(
      (row) => row.scenario === one.scenario && row.matrix === one.matrix && axesOf(row) === other,
    );
    const used = one.sessions.split(",").map((place) => sessions[Number(place)]);
    const days = one.first === one.last ? one.last : `${one.first} to ${one.last}`;
    const named = [...told, theirs].filter(Boolean).flatMap((row) => row.library.split(", "));
    const libraries = [...new Set(named)].filter(Boolean);
    const parts = [
      `Measured ${days} in ${used.length} session${used.length > 1 ? "s" : ""}, ${one.machine}, ${one.python}: ${libraries.join(", ")}.`,
      `To repeat it: ${[...new Set(used.map((session) => session.command))].join("; ")}.`,
    ];
    // An interval of one pair may leave out 1 while the pair is not told apart.
    if (told.some((row) => row.isPair && row.verdict === "unclear" && (row.low > 0 || row.high < 0)))
      parts.push("Where an interval leaves out 1 and the verdict is unclear, the pair alone seems different, but not by more than the margin once all pairs of the scenario are held together (see Method).");
    return parts.join(" ");
  }

  function answerText(found, other) {
    const known = found.filter((row) => row.ratio !== null || row.verdict === "baseline");
    const scenarios = new Set(known.map((row) => `${row.scenario}|${row.matrix}`));
    if (!known.length || scenarios.size > 1) return "";
    if (other) {
      const theirs = memberOf(known[0], other);
      const told = known.filter((row) => row.isPair).slice(0, 3);
      const lines = told.map((row) => {
        const since = ["faster", "slower"].includes(row.verdict) ? sinceWhen(row, other) : "";
        const when = since ? `, since ${since}` : "";
        return `${label(row)}: ${row.ratioText} (${row.intervalText}), ${row.verdict}${when}`;
      });
      return lines.length ? `Time over that of ${label(theirs)}: ${lines.join("; ")}.` : "";
    }
    const best = fastest(known);
    if (!best) return "";
    const parts = [`Fastest here: ${label(best)}`];
    if (best.ratio !== null) parts.push(`${best.ratioText} of the time of ${baselineOf(best)} for a crawl (${best.intervalText})`);
    parts.push(pageText(best));
    // Not "same", which is a verdict: most of these pairs are merely unclear.
    if (best.same) parts.push(`not told apart from ${best.same} other${best.same > 1 ? "s" : ""} of this scenario`);
    if (best.verdict === "preliminary") parts.push("preliminary: from fewer than three sessions");
    else if (best.verdict === "unclear") parts.push(`unclear${best.reason ? `: ${best.reason}` : ""}`);
    return `${parts.join(", ")}.`;
  }

  function fillAgainst() {
    const select = form.elements.against;
    const inside = rows.filter((row) =>
      ["scenario", "matrix"].every((name) => chosen(name) === "all" || row[name] === chosen(name)),
    );
    const names = new Map(
      inside.filter((row) => row.verdict !== "reference").map((row) => [axesOf(row), label(row)]),
    );
    const ordered = [...names].sort((one, two) => one[1].localeCompare(two[1]));
    select.replaceChildren(
      ...[["", "the baseline"], ...ordered].map(([value, text]) => {
        const option = make("option", text);
        option.value = value;
        return option;
      }),
    );
    select.value = names.has(asked.against) ? asked.against : "";
    return select.value;
  }

  function drawQuestions() {
    const list = document.getElementById("questions");
    list.hidden = !data.questions.length;
    list.replaceChildren(
      ...data.questions.map((one) => {
        const [item, link] = [make("li"), make("a", one.text)];
        link.href = `#${new URLSearchParams(one.choice)}`;
        item.append(link);
        return item;
      }),
    );
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

  const key = (row) => [row.scenario, row.client, row.loop, row.parser, row.matrix].join("|");

  function client(row) {
    const cell = make("th");
    cell.scope = "row";
    const link = make("a", row.client, row.kind === "tuned" ? "tuned" : "");
    link.href = `#${lasting({ row: key(row) })}`;
    cell.append(link);
    return cell;
  }

  function line(row, bounds) {
    const element = make("tr");
    if (asked.row === key(row)) element.className = "chosen";
    for (const column of shown) {
      const name = column.name;
      if (name === "client") element.append(client(row));
      else if (name === "bar") element.append(bar(row, bounds));
      else if (row[name] === null) element.append(make("td", "-", column.number ? "number" : ""));
      else if (name === "verdict")
        element.append(make("td", row.verdict, data.verdicts[row.verdict] || "soft"));
      else element.append(make("td", row[column.text || name], column.number ? "number" : ""));
    }
    return element;
  }

  function drawHead() {
    const sort = asked.sort || "ratio";
    head.replaceChildren(
      ...shown.map((column) => {
        const cell = make("th", undefined, column.number ? "number" : "");
        cell.scope = "col";
        if (sort.replace("-", "") === column.name)
          cell.setAttribute("aria-sort", sort.startsWith("-") ? "descending" : "ascending");
        const button = make("button", column.title);
        button.type = "button";
        button.addEventListener("click", () => {
          const next = (asked.sort || "ratio") === column.name ? `-${column.name}` : column.name;
          write({ sort: next });
          head.querySelectorAll("button")[shown.indexOf(column)].focus();
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

  function sentence(row, other) {
    if (other) {
      if (row.verdict === "baseline") return "It is what the others are compared with here.";
      const theirs = memberOf(row, other);
      return row.isPair
        ? `${row.verdict}: ${row.ratioText} times the time of ${label(theirs)} for a crawl (${row.intervalText}).`
        : `No comparison with ${label(theirs)}: ${row.verdict}.`;
    }
    if (row.verdict === "baseline") return "It is the baseline: others are compared with it.";
    if (row.ratio === null) return `${row.verdict}${row.reason ? `: ${row.reason}` : ""}.`;
    const cpu = row.cpuRatioText === "-" ? "" : `; CPU time ${row.cpuRatioText} (${row.cpuIntervalText}), ${row.cpuVerdict}`;
    const page = row.pageVerdict
      ? `; per page ${row.pageRatioText} (${row.pageIntervalText}), ${row.pageVerdict}`
      : "";
    const why = row.reason ? `${row.verdict} because ${row.reason}` : row.verdict;
    const found = row.verdict === "preliminary" ? `${row.verdict}, from fewer than three sessions` : why;
    return `${found}: ${row.ratioText} times the time of ${baselineOf(row)} for a crawl (${row.intervalText})${page}${cpu}.`;
  }

  // A figure, as it stands against the baseline or the other client that was chosen.
  function open(row, other) {
    const seen = (one) => (other ? against(one, other) : one);
    document.getElementById("figure-title").textContent =
      `${row.client}${row.loop === "-" ? "" : ` on ${row.loop}`}, parser ${row.parser}, ${row.scenario}`;
    const same = (one) =>
      ["scenario", "client", "loop", "parser"].every((name) => one[name] === row[name]);
    const history = rows.filter(same).map(seen).map((one) => [
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
      make("p", sentence(seen(row), other)),
      make("p", `${row.crawlText} per crawl, ${pageText(row)}; ${row.library}${row.model ? `, ${row.model}` : ""}; ${reviewed}.`),
      table("History", ["measured", "machine", "Python", "library", "ratio", "interval", "verdict"], history),
      table(
        "Sessions on which it rests",
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
    const other = fillAgainst();
    const fitting = rows.filter(matches);
    const found = order(other ? fitting.map((row) => against(row, other)) : fitting);
    const bounds = ends(found);
    shown = columns.filter(
      (one) => !one.onlySeveral || new Set(found.map((row) => row[one.name])).size > 1,
    );
    const drawn = showsAll ? found : found.slice(0, MOST);
    drawHead();
    body.replaceChildren(...drawn.map((row) => line(row, bounds)));
    document.getElementById("more").hidden = drawn.length === found.length;
    document.getElementById("count").textContent =
      `${found.length} of ${rows.length} figure${rows.length === 1 ? "" : "s"}${found.length ? "" : ": nothing matches; clear some choices"}`;
    const answer = answerText(found, other);
    document.getElementById("answer").textContent = answer;
    document.getElementById("basis").textContent = answer ? basisText(found, other) : "";
    document.getElementById("lasting").href = `#${lasting({})}`;
    const wanted = asked.row && rows.find((row) => key(row) === asked.row);
    if (wanted) open(wanted, other);
    else figure.hidden = true;
  }

  fill();
  drawQuestions();
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => {
    showsAll = false;
    const name = event.target.name;
    // What was compared with may not be in another scenario.
    const forgotten = name === "scenario" ? { against: "" } : {};
    write({
      ...forgotten,
      [name]: event.target.value === usually(name) ? "" : event.target.value,
      row: "",
    });
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
