/* The site's few functions in the browser: read the address and the screen, put choices into the address, save
   pictures, copy the link. */
(function () {
  "use strict";

  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const narrow = window.matchMedia("(max-width: 700px)");
  const fold = (text) =>
    text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/œ/g, "oe").replace(/[^a-z0-9]+/g, " ").trim();
  /* As `place_key` of weather_platform/domain/search.py: "st girons" is Saint-Girons. */
  const placeKey = (text) =>
    fold(text).replace(/\bst\b/g, "saint").replace(/\bste\b/g, "sainte").replace(/\bpte\b/g, "pointe");
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

  function tell() {
    if (window.dash_clientside.set_props) window.dash_clientside.set_props("system", { data: { asked: Date.now() } });
  }
  dark.addEventListener("change", tell);
  narrow.addEventListener("change", tell);

  /* A menu closes when one of its items was chosen, at Escape, and at a click anywhere else. */
  const close = (but) => document.querySelectorAll(".menu-of[open]").forEach((menu) => { if (menu !== but) menu.open = false; });
  document.addEventListener("click", (event) => close(event.target.closest("summary") ? event.target.closest(".menu-of") : null));
  document.addEventListener("keydown", function (event) {
    const open = event.key === "Escape" && document.querySelector(".menu-of[open]");
    if (open) { open.open = false; open.querySelector("summary").focus(); }
  });

  /* The theme of the address goes on to the next; the server's links do not say it. */
  const theme = () => new URLSearchParams(window.location.search).get("theme");
  function go(pathname, query) {
    if (theme() && !query.has("theme")) query.set("theme", theme());
    const search = query.toString().replace(/%2C/g, ",");
    window.dash_clientside.set_props("url", { pathname: pathname, search: search ? "?" + search : "" });
  }

  /* Links within the site change the address and not the document. */
  document.addEventListener("click", function (event) {
    const link = event.target.closest("a[data-go]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (link.dataset.zoom === "in" && zoomedIn(link)) return;
    const to = new URL(link.getAttribute("href"), window.location);  // an SVG link has no parts
    if (link.dataset.go !== "theme") to.searchParams.delete("theme");
    go(to.pathname, to.searchParams);
  });
  /* Into a new tab too. */
  document.addEventListener("pointerdown", function (event) {
    const link = event.target.closest("a[data-go=here]");
    if (!link || !theme()) return;
    const to = new URL(link.getAttribute("href"), window.location);
    to.searchParams.set("theme", theme());
    link.setAttribute("href", to.pathname + to.search);
  });

  /* A town that the list of stations does not name: the server knows them all, and the station that is nearest. */
  document.addEventListener("keydown", function (event) {
    const field = event.key === "Enter" && event.target.closest("input.mantine-Select-input");
    if (!field || !field.value.trim() || document.querySelector("[role=option]")) return;
    const query = new URLSearchParams(window.location.search);
    query.set("city", field.value.trim());
    go(window.location.pathname === "/" ? "/city" : window.location.pathname, query);
  });

  /* How a control's value is written in the address. */
  const written = {
    city: (query, value) => query.set("city", value),
    town: (query, value) => query.set("city", value),
    cities: (query, value) => query.set("city", value.join(",")),
    period: (query, value) => { query.set("from", value[0]); query.set("to", value[1]); query.delete("whole"); },
    day: (query, value) => query.set("day", value),
    month: (query, value) => {
      const [year, month] = value.split("-").map(Number);
      query.set("from", value);
      query.set("to", new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10));
    },
  };
  const complete = (value) => value != null && value.length !== 0 && !(Array.isArray(value) && value.includes(null));

  /* What the page shows: the components as the server last made them, and what its controls say, so that a person's
     choice can be told from our own. */
  let shown = null;
  let said = {};

  const isComponent = (node) => node !== null && typeof node === "object" && "namespace" in node && "props" in node;
  const children = (node) => (Array.isArray(node.props.children) ? node.props.children : [node.props.children]);
  const holdsId = (node) =>
    Array.isArray(node) ? node.some(holdsId) : isComponent(node) && ("id" in node.props || holdsId(node.props.children || []));
  function controls(node, found) {
    if (Array.isArray(node)) node.forEach((child) => controls(child, found));
    if (!isComponent(node)) return found;
    if (node.props.id && node.props.id.control) found[node.props.id.control] = node.props.value;
    controls(node.props.children, found);
    return found;
  }
  const kin = (a, b) => a.type === b.type && a.namespace === b.namespace && same(a.props.id, b.props.id);

  /* The changes that make one tree of components of the other, as [path, properties]; null where components with an id
     come or go, which only Dash itself can place. Dash rebuilds all children that a callback replaces:
     the control in use would lose its focus, and the map would start again. */
  function changes(before, after, path) {
    if (!kin(before, after)) return null;
    const props = {};
    for (const name of new Set([...Object.keys(before.props), ...Object.keys(after.props)]))
      if (name !== "children" && !same(before.props[name], after.props[name]))
        props[name] = name in after.props ? after.props[name] : null;
    const found = [];
    const old = children(before), young = children(after);
    const alike = old.length === young.length && Array.isArray(before.props.children) === Array.isArray(after.props.children)
      && old.every((child, i) => (isComponent(child) && isComponent(young[i]) ? kin(child, young[i]) : same(child, young[i])));
    if (alike) {
      for (let i = 0; i < old.length; i++) {
        if (!isComponent(old[i])) continue;
        const step = Array.isArray(before.props.children) ? ["props", "children", i] : ["props", "children"];
        const below = changes(old[i], young[i], path.concat(step));
        if (below === null) return null;
        found.push(...below);
      }
    } else if (holdsId(old) || holdsId(young)) {
      return null;
    } else {
      props.children = after.props.children === undefined ? null : after.props.children;
    }
    if (Object.keys(props).length) found.push([path, props]);
    return found;
  }

  /* What the server wrote (drawings, tables) stands in a box as text; it becomes part of the page here, where it is
     another than before. What had the focus has it again. */
  function fill(box) {
    if (box.filled === box.dataset.markup) return;
    box.filled = box.dataset.markup;
    const at = box.contains(document.activeElement) && document.activeElement !== box && nameOf(document.activeElement);
    box.innerHTML = box.dataset.markup;
    const values = box.closest(".card")?.querySelector(".values[open]");
    if (values) values.open = false;
    if (at) ([...box.querySelectorAll("a, [tabindex]")].find((one) => nameOf(one) === at) || document.getElementById("main")).focus({ preventScroll: true });
  }
  const nameOf = (element) => element.getAttribute("aria-label") || element.textContent.trim();
  new MutationObserver(() => document.querySelectorAll("[data-markup]").forEach(fill))
    .observe(document, { subtree: true, childList: true, attributeFilter: ["data-markup"] });

  /* Charts that the server drew (figures/chart.py). The pointer or the arrow keys choose a place, and every chart of the
     same days says what it has there; a click leads to the day, a drag to the days. */
  const pointsOf = (svg) => (svg.points = svg.points || JSON.parse(svg.dataset.points));
  function worded(value, points) {
    if (value === null || value === undefined) return "–";
    const digits = { minimumFractionDigits: points.decimals, maximumFractionDigits: points.decimals };
    return value.toLocaleString(document.documentElement.lang, digits);
  }
  const valueAt = (series, place, points) =>
    series.values ? worded(series.values[place], points) : worded(series.low[place], points) + " – " + worded(series.high[place], points);
  function spotOf(svg, event) {
    const points = pointsOf(svg), box = svg.getBoundingClientRect(), view = svg.viewBox.baseVal;
    const x = (event.clientX - box.left) * view.width / box.width, y = (event.clientY - box.top) * view.height / box.height;
    const place = Math.floor((x - points.left) / points.step);
    if (place < 0 || place >= points.labels.length) return null;
    return { place: place, row: points.rows ? Math.floor((y - points.top) / points.row) : undefined };
  }
  function tellPlace(svg, spot, own) {
    const points = pointsOf(svg), rows = own && points.rows && points.rows[spot.row] ? [points.series[spot.row]] : points.series;
    svg.place = spot.place;
    const cursor = svg.querySelector(".cursor");
    if (cursor) {
      cursor.setAttribute("transform", `translate(${points.left + (spot.place + 0.5) * points.step})`);
      cursor.setAttribute("visibility", "visible");
    }
    const said = rows.map((series) => `${series.name} ${valueAt(series, spot.place, points)}`).join(" · ");
    const readout = svg.closest("figure").querySelector(".readout");
    readout.textContent = `${points.labels[spot.place]}: ${said} ${points.unit}`;
    readout.dataset.told = "";
  }
  function choosePlace(svg, spot) {
    const labels = pointsOf(svg).labels;
    for (const other of document.querySelectorAll("svg[data-points]")) {
      const theirs = pointsOf(other).labels;
      if (other === svg || (theirs.length === labels.length && theirs[0] === labels[0])) tellPlace(other, spot, other === svg);
    }
  }
  const shownQuery = () => new URL(shown.link, window.location).searchParams;
  function openDay(points, place) {
    const query = shownQuery();
    query.delete("from"), query.delete("to"), query.delete("whole");
    query.set("day", points.days[place]);
    if (shown.page === "compare") query.set("city", query.get("city").split(",")[0]);
    go("/day", query);
  }
  /* The days are the zoom: the address says them, and which there were before, so that the way back is in sight. */
  function openDays(points, one, other) {
    const query = shownQuery(), [first, last] = [one, other].sort((a, b) => a - b);
    if (!query.has("whole")) query.set("whole", query.get("from") + "," + query.get("to"));
    query.set("from", points.days[first]);
    query.set("to", points.days[last]);
    go(window.location.pathname, query);
  }
  const chartAt = (event) => event.target.closest && event.target.closest("svg[data-points]");
  let dragged = null;
  document.addEventListener("pointermove", function (event) {
    const svg = chartAt(event), spot = svg && spotOf(svg, event);
    if (!spot) return;
    choosePlace(svg, spot);
    if (dragged && dragged.svg === svg) showDragged(svg, dragged.place, spot.place);
  });
  document.addEventListener("pointerdown", function (event) {
    const svg = chartAt(event), spot = svg && spotOf(svg, event);
    if (spot) choosePlace(svg, spot);
    dragged = spot && event.pointerType === "mouse" && !event.button ? { svg: svg, place: spot.place } : null;
  });
  document.addEventListener("pointerup", function (event) {
    const svg = chartAt(event), spot = svg && spotOf(svg, event), from = dragged;
    dragged = null;
    if (from) showDragged(from.svg, 0, -1);
    if (!from || from.svg !== svg || !spot || !(pointsOf(svg).days || []).length) return;
    if (from.place === spot.place) openDay(pointsOf(svg), spot.place);
    else openDays(pointsOf(svg), from.place, spot.place);
  });
  /* What a drag covers, while it does. */
  function showDragged(svg, one, other) {
    const points = pointsOf(svg), [first, last] = [one, other].sort((a, b) => a - b);
    let cover = svg.querySelector(".covered");
    if (!cover) {
      cover = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      cover.setAttribute("class", "covered");
      cover.setAttribute("y", 0);
      cover.setAttribute("height", svg.viewBox.baseVal.height);
      svg.append(cover);
    }
    cover.setAttribute("x", points.left + first * points.step);
    cover.setAttribute("width", other < 0 ? 0 : (last - first + 1) * points.step);
  }
  /* Two taps on a chart lead back, as its link does; a mouse has opened the day at the first. */
  document.addEventListener("dblclick", function (event) {
    const back = chartAt(event) && event.target.closest(".card").querySelector('[data-zoom="out"]');
    if (back) back.click();
  });
  /* Zoom in: half of the days, about the one that was chosen in the chart. Without one the link does it by itself. */
  function zoomedIn(link) {
    const svg = link.closest(".card").querySelector("svg[data-points]"), points = svg && pointsOf(svg);
    if (!svg || svg.place === undefined) return false;
    const half = Math.ceil(points.days.length / 2);
    const first = Math.max(0, Math.min(points.days.length - half, svg.place - Math.floor(half / 2)));
    openDays(points, first, first + half - 1);
    return true;
  }
  document.addEventListener("keydown", function (event) {
    const svg = chartAt(event), points = svg && pointsOf(svg);
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (points && event.key === "Enter" && svg.place !== undefined && (points.days || []).length) openDay(points, svg.place);
    if (!points || !steps || (steps[1] && !points.rows)) return;
    event.preventDefault();
    const moved = (at, step, last) => (at === undefined ? (step < 0 ? last : 0) : Math.min(last, Math.max(0, at + step)));
    svg.row = points.rows && moved(svg.row, steps[1], points.rows.length - 1);
    choosePlace(svg, { place: moved(svg.place, steps[0], points.labels.length - 1), row: svg.row });
  });

  /* The values of a chart as a table, made when it is opened: what is drawn says all of it. */
  document.addEventListener("toggle", function (event) {
    const details = event.target;
    if (!details.open || !details.matches(".values")) return;
    const card = details.closest(".card"), svg = card.querySelector("svg[data-points]");
    const titles = () => [...card.querySelectorAll("[data-markup] title")].map((title) => [title.textContent]);
    details.lastElementChild.replaceChildren(asTable(svg ? valuesDrawn(svg) : titles(), Boolean(svg)));
  }, true);
  function valuesDrawn(svg) {
    const points = pointsOf(svg), heads = points.series.map((series) => `${series.name} (${points.unit})`);
    return [["", ...heads], ...points.labels.map((label, place) => [label, ...points.series.map((series) => valueAt(series, place, points))])];
  }
  function asTable(rows, headed) {
    const table = document.createElement("table");
    rows.forEach(function (cells, i) {
      const row = table.insertRow();
      cells.forEach(function (value, j) {
        const cell = document.createElement(value !== "" && headed && (!i || !j) ? "th" : "td");
        cell.textContent = typeof value === "number" ? value.toLocaleString(document.documentElement.lang) : value ?? "–";
        row.append(cell);
      });
    });
    return table;
  }

  /* What had the focus has it again after an update, or else the content has it: Dash makes new elements of the old. */
  function keepFocus() {
    const shell = document.getElementById("shell"), at = document.activeElement;
    if (!at || at === document.body || !shell.contains(at)) return () => {};
    const key = (element) => element.id || element.getAttribute("aria-label") || element.textContent.trim();
    const kind = at.tagName, wanted = key(at);
    const lost = () => document.activeElement === document.body || !document.contains(document.activeElement);
    return function restore(tries) {
      if (tries && !lost()) return void window.setTimeout(restore, 50, tries - 1);
      if (!lost()) return;
      const twin = [...shell.querySelectorAll(kind)].find((element) => key(element) === wanted);
      if (twin) twin.focus({ preventScroll: true });
      else if (tries) window.setTimeout(restore, 50, tries - 1);
      else document.getElementById("main").focus({ preventScroll: true });
    };
  }

  /* Where `app.py`, _layout, has the place of answers, as a path of set_props; "components" is where Dash 4.4 keeps a layout. */
  const ROOT = ["components", "props", "children", 0, "props", "children"];

  function place(answer) {
    const before = shown, restore = keepFocus();
    shown = answer;
    window.setTimeout(restore, 0, 20);
    said = controls(answer.tree, {});
    document.title = answer.title;
    document.documentElement.lang = answer.language;
    document.querySelectorAll("#no-answer > *").forEach((part, i) => { part.textContent = answer.no_answer[i]; });
    const found = before !== null && before.page === answer.page ? changes(before.tree, answer.tree, ROOT) : null;
    if (found === null) {
      if (before !== null && before.page !== answer.page) window.scrollTo(0, 0);
      return answer.tree;
    }
    found.forEach((change) => window.dash_clientside.set_props(change[0], change[1]));
    return window.dash_clientside.no_update;
  }

  /* Pictures stand alone: with title, place, period and source, at 2,400 pixels (20 cm in print). */
  const credit = () => document.querySelector("#shell footer span").textContent;

  const PHONE_PX = 1080;
  async function saveDrawing(box, format) {
    const svg = box.querySelector("svg").cloneNode(true), [left, top, width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
    for (const use of svg.querySelectorAll("use")) {
      const [file, id] = use.getAttribute("href").split("#");
      const part = new DOMParser().parseFromString(await (await fetch(file)).text(), "image/svg+xml").getElementById(id);
      part.setAttribute("class", use.getAttribute("class"));
      use.replaceWith(part);
    }
    const style = getComputedStyle(document.documentElement), size = width / 36;
    const rules = [...document.styleSheets].flatMap((sheet) => { try { return [...sheet.cssRules]; } catch { return []; } });
    const looks = rules.filter((rule) => (rule.selectorText || "").includes("-drawing")).map((rule) => rule.cssText).join("\n");
    const names = new Set(`${looks} ${svg.outerHTML} var(--surface)`.match(/--[\w-]+(?=\))/g));
    svg.setAttribute("style", [...names].map((name) => `${name}:${style.getPropertyValue(name)}`).join(";"));
    svg.setAttribute("viewBox", `${left} ${top - 2.4 * size} ${width} ${height + 4.4 * size}`);
    const across = format === "phone" ? PHONE_PX / 2 : 1200;
    svg.setAttribute("width", across);
    svg.setAttribute("height", Math.round(across * (height + 4.4 * size) / width));
    const add = (name, attributes, text) => {
      const part = document.createElementNS("http://www.w3.org/2000/svg", name);
      Object.entries(attributes).forEach(([key, value]) => part.setAttribute(key, value));
      part.textContent = text;
      svg.append(part);
      return part;
    };
    svg.prepend(add("rect", { x: left, y: top - 2.4 * size, width: width, height: height + 4.4 * size, fill: "var(--surface)" }, ""));
    svg.prepend(add("style", {}, looks));
    add("text", { x: left + size, y: top - size, "font-size": size, class: "picture-title" }, box.dataset.title);
    add("text", { x: left + size, y: top + height + 1.2 * size, "font-size": 0.7 * size, class: "picture-credit" }, credit());
    const file = new Blob([new XMLSerializer().serializeToString(svg)], { type: "image/svg+xml" });
    download(format === "svg" ? file : await asPng(file), box.dataset.file + (format === "svg" ? ".svg" : ".png"));
  }
  async function asPng(file) {
    const image = new Image(), address = URL.createObjectURL(file);
    image.src = address;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = 2 * image.width;
    canvas.height = 2 * image.height;
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    URL.revokeObjectURL(address);
    return new Promise((done) => canvas.toBlob(done, "image/png"));
  }
  function download(file, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = name;
    link.click();
    window.setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  /* The page of an address. Only the latest one that was asked for is placed; where none comes, nothing is shown that
     the address does not say, and a person can try again. */
  const PATIENCE_MS = 60000;
  let asked = 0;

  async function answerTo(pathname, search) {
    const query = new URLSearchParams({
      of: pathname || "/", search: search || "", scheme: dark.matches ? "dark" : "light", width: window.innerWidth,
    });
    const response = await fetch("/page.json?" + query, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!response.ok) throw new Error("The server answered " + response.status);
    return response.json();
  }
  function present(answered) {
    document.getElementById("no-answer").hidden = answered;
    document.getElementById("shell").hidden = !answered;
    document.documentElement.dataset.asking = "no";
  }
  async function show(pathname, search) {
    const mine = ++asked, unchanged = window.dash_clientside.no_update;
    document.documentElement.dataset.asking = "yes";
    try {
      const answer = await answerTo(pathname, search);
      if (mine !== asked) return [unchanged, unchanged];
      present(true);
      return [place(answer), answer.scheme];
    } catch (error) {
      if (mine === asked) {
        console.info(String(error));
        document.title = document.querySelector("#no-answer h2").textContent;
        present(false);
      }
      return [unchanged, unchanged];
    }
  }
  document.addEventListener("click", function (event) {
    if (event.target.id === "again") tell();
    const save = event.target.dataset.save;
    if (save) saveDrawing(event.target.closest(".card").querySelector(".drawing"), save);
  });

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    site: {
      show: show,
      choose: function (values, search) {
        const query = new URLSearchParams(search || "");
        const ids = window.dash_clientside.callback_context.inputs_list[0].map((input) => input.id.control);
        let changed = false, pathname = window.location.pathname;
        ids.forEach(function (name, i) {
          if (!complete(values[i]) || shown === null || same(values[i], said[name])) return;
          (written[name] || ((to, value) => to.set(name, value)))(query, values[i]);
          changed = true;
          if (name === "town") pathname = "/city";
        });
        if (changed) go(pathname, query);
      },
      copy: function (clicks) {
        if (!clicks) return;
        const button = document.getElementById("copy");
        const done = function () {
          button.textContent = button.dataset.copied;
          window.setTimeout(() => { button.textContent = button.dataset.copy; }, 2000);
        };
        const link = window.location.origin + shown.link;
        navigator.clipboard.writeText(link).then(done, () => window.prompt(button.dataset.copy, link));
      },
    },
  });

  /* Mantine asks for the options at every update: to fold their names again was a fifth of the browser's work. */
  const keys = new Map();
  function keyOf(text) {
    if (!keys.has(text)) keys.set(text, placeKey(text));
    return keys.get(text);
  }
  window.dashMantineFunctions = Object.assign({}, window.dashMantineFunctions, {
    folded: function (asked) {
      const wanted = placeKey(asked.search);
      return asked.options.filter((option) => keyOf(`${option.label} ${option.keywords || ""}`).includes(wanted));
    },
    withoutData: function (day, known) {
      return !known.loaded.some((stretch) => stretch[0] <= day && day <= stretch[1]);
    },
  });
})();
