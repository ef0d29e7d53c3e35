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

  function go(pathname, query) {
    const search = query.toString().replace(/%2C/g, ",");
    window.dash_clientside.set_props("url", { pathname: pathname, search: search ? "?" + search : "" });
  }

  /* Links within the site change the address and not the document. */
  document.addEventListener("click", function (event) {
    const link = event.target.closest("a[data-go]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const to = new URL(link.getAttribute("href"), window.location);  // an SVG link has no parts
    go(to.pathname, new URLSearchParams(to.search));
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
    period: (query, value) => { query.set("from", value[0]); query.set("to", value[1]); },
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

  /* Charts out of sight are drawn when the browser has time, one after the other; those in sight at once. */
  const waiting = new Map();
  let drawing = false, boxes = 0;

  function drawOne() {
    drawing = false;
    const next = waiting.entries().next();
    if (next.done) return;
    const [key, change] = next.value;
    if (change.box && !document.getElementById(change.box)) {  // Dash has not placed the page yet
      window.setTimeout(drawSoon, 20);
      return;
    }
    waiting.delete(key);
    const draw = () => window.dash_clientside.set_props(JSON.parse(key), change.props);
    if (window.Plotly) draw();
    else plotlyScript().then(() => document.getElementById(change.box) && draw());
    drawSoon();
  }
  function drawSoon() {
    if (drawing || !waiting.size) return;
    drawing = true;
    (window.requestIdleCallback || ((run) => window.setTimeout(run, 30)))(drawOne, { timeout: 400 });
  }
  function inSight(id) {
    const chart = document.getElementById(JSON.stringify(id));
    const box = chart && chart.getBoundingClientRect();
    return !box || (box.top < window.innerHeight && box.bottom > 0);
  }
  function set(path, props) {
    const key = JSON.stringify(path);
    const chart = props.figure && props.figure.layout.meta ? { chart: props.figure.layout.meta.chart } : null;
    const values = chart && document.querySelector(`#card-${chart.chart} .values[open]`);
    if (values) values.open = false;
    const zoom = chart && document.querySelector(`[data-zoom="${chart.chart}"][aria-pressed="true"]`);
    if (zoom) pressed(zoom, false);
    const box = waiting.get(JSON.stringify(path.slice(0, -2)));
    if (chart && box) box.props.children.props = Object.assign({}, box.props.children.props, props);  // not drawn yet
    else if (chart && !inSight(chart)) waiting.set(key, { props: Object.assign((waiting.get(key) || { props: {} }).props, props) });
    else window.dash_clientside.set_props(path, props);
  }

  /* Scripts that not every page needs, fetched once when one does: AG Grid, and plotly.js before the first chart. */
  const scripts = new Map();
  function script(source) {
    if (!scripts.has(source))
      scripts.set(source, new Promise(function (done, failed) {
        const element = document.createElement("script");
        element.src = source;
        element.onload = done;
        element.onerror = failed;
        document.head.appendChild(element);
      }));
    return scripts.get(source);
  }
  const plotlyScript = () => script(document.body.dataset.plotly);

  /* What the server drew stands in a box as text; it becomes part of the page here. */
  function fill(box) {
    if (box.drawn === box.dataset.svg) return;
    box.drawn = box.dataset.svg;
    const at = box.contains(document.activeElement) && document.activeElement.getAttribute("aria-label");
    box.innerHTML = box.dataset.svg;
    const values = box.closest(".card")?.querySelector(".values[open]");
    if (values) values.open = false;
    if (at) [...box.querySelectorAll("a")].find((link) => link.getAttribute("aria-label") === at)?.focus();
  }
  new MutationObserver(() => document.querySelectorAll("[data-svg]").forEach(fill))
    .observe(document, { subtree: true, childList: true, attributeFilter: ["data-svg"] });

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
  const ofCity = () => new URL(shown.link, window.location).searchParams;
  let dragged = null;
  document.addEventListener("pointermove", function (event) {
    const svg = event.target.closest && event.target.closest("svg[data-points]"), spot = svg && spotOf(svg, event);
    if (spot) choosePlace(svg, spot);
  });
  document.addEventListener("pointerdown", function (event) {
    const svg = event.target.closest("svg[data-points]"), spot = svg && spotOf(svg, event);
    if (spot) choosePlace(svg, spot);
    dragged = spot && event.pointerType === "mouse" && !event.button ? { svg: svg, place: spot.place } : null;
  });
  document.addEventListener("pointerup", function (event) {
    const svg = event.target.closest && event.target.closest("svg[data-points]"), spot = svg && spotOf(svg, event);
    const days = svg && pointsOf(svg).days;
    if (!dragged || dragged.svg !== svg || !spot || !days || !days.length) return;
    const query = ofCity(), [first, last] = [dragged.place, spot.place].sort((a, b) => a - b);
    if (first === last) {
      query.set("day", days[first]);
      go("/day", query);
    } else {
      query.set("from", days[first]);
      query.set("to", days[last]);
      go(window.location.pathname, query);
    }
  });
  document.addEventListener("keydown", function (event) {
    const svg = event.target.closest && event.target.closest("svg[data-points]"), step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!svg || !step) return;
    event.preventDefault();
    const last = pointsOf(svg).labels.length - 1;
    const place = svg.place === undefined ? (step > 0 ? 0 : last) : Math.min(last, Math.max(0, svg.place + step));
    choosePlace(svg, { place: place });
  });

  /* Zoom is chosen, so that a finger scrolls and a drag by accident changes nothing; the same button is the way back. */
  document.addEventListener("click", function (event) {
    const button = event.target.closest("[data-zoom]");
    if (!button) return;
    const chart = document.querySelector("#card-" + button.dataset.zoom + " .js-plotly-plot");
    const axes = Object.keys(chart.layout).filter((name) => /^[xy]axis\d*$/.test(name));
    const zooming = button.getAttribute("aria-pressed") !== "true";
    if (zooming) chart.before = Object.fromEntries(axes.map((name) => [name + ".range", [...chart.layout[name].range]]));
    window.Plotly.relayout(chart, { dragmode: zooming ? "zoom" : false, ...(zooming ? {} : chart.before) });
    pressed(button, zooming);
  });
  function pressed(button, zooming) {
    button.setAttribute("aria-pressed", String(zooming));
    button.textContent = zooming ? button.dataset.off : button.dataset.on;
  }

  /* The values of a chart as a table, made when it is opened: what is drawn says all of it. */
  document.addEventListener("toggle", function (event) {
    const details = event.target;
    if (!details.open || !details.matches(".values")) return;
    const card = details.closest(".card"), plot = card.querySelector(".js-plotly-plot"), svg = card.querySelector("svg[data-points]");
    const titles = () => [...card.querySelectorAll("[data-svg] title")].map((title) => [title.textContent]);
    details.lastElementChild.replaceChildren(asTable(plot ? valuesOf(plot) : svg ? valuesDrawn(svg) : titles(), Boolean(plot || svg)));
  }, true);
  function valuesOf(plot) {
    const unit = (trace) => plot.layout["yaxis" + (trace.yaxis || "y").slice(1)]?.title?.text;
    const [first] = plot.data;
    if (first.type === "heatmap")
      return [["", ...first.y], ...first.x.map((x, i) => [x, ...first.z.map((row) => row[i])])];
    const traces = plot.data.filter((trace) => trace.name && trace.hoverinfo !== "skip");
    const xs = [...new Set(traces.flatMap((trace) => trace.x))].sort();
    const columns = traces.map((trace) => new Map(trace.x.map((x, i) => [x, trace.y[i]])));
    const heads = traces.map((trace) => trace.name + (unit(trace) ? ` (${unit(trace)})` : ""));
    return [["", ...heads], ...xs.map((x) => [x, ...columns.map((values) => values.get(x))])];
  }
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

  /* The tree with empty boxes in place of its charts: words first. Dash shows nothing of a tree before plotly.js, the
     half of all that a page loads, is there. */
  function withoutCharts(node, path) {
    if (Array.isArray(node)) return node.map((child, i) => withoutCharts(child, path.concat([i])));
    if (!isComponent(node)) return node;
    if (node.type === "Graph") {
      const box = "box-" + ++boxes;
      waiting.set(JSON.stringify(path.slice(0, -2)), { box: box, props: { children: Object.assign({}, node) } });
      return { type: "Div", namespace: "dash_html_components", props: { id: box, className: "dash-graph", style: node.props.style } };
    }
    if (node.props.children === undefined) return node;
    const below = withoutCharts(node.props.children, path.concat(["props", "children"]));
    return Object.assign({}, node, { props: Object.assign({}, node.props, { children: below }) });
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
    const found = before !== null && before.page === answer.page ? changes(before.tree, answer.tree, ROOT) : null;
    if (found === null) {
      if (before !== null && before.page !== answer.page) window.scrollTo(0, 0);
      waiting.clear();
      const tree = withoutCharts(answer.tree, ROOT);
      window.requestAnimationFrame(() => window.setTimeout(drawSoon, 0));
      return tree;
    }
    found.forEach((change) => set(change[0], change[1]));
    drawSoon();
    return window.dash_clientside.no_update;
  }

  /* Pictures stand alone: with title, place, period and source, at 2,400 pixels (20 cm in print). */
  const credit = () => document.querySelector("#shell footer span").textContent;

  const PHONE_PX = 1080;
  function saveChart(drawn, format) {
    const phone = format === "phone";
    const layout = JSON.parse(JSON.stringify(drawn.layout));
    layout.title = { text: layout.meta.title, x: 0.02, xanchor: "left", font: { size: phone ? 14 : 19 } };
    layout.margin = Object.assign({}, layout.margin, { t: 96, b: 64, l: 40, r: 40 });
    layout.annotations = (layout.annotations || []).concat([{
      text: credit(), xref: "paper", yref: "paper", x: 0, y: 0, xanchor: "left", yanchor: "bottom", yshift: -60, showarrow: false, font: { size: 12 },
    }]);
    window.Plotly.downloadImage({ data: drawn.data, layout: layout }, {
      format: phone ? "png" : format, filename: layout.meta.filename, scale: 2,
      width: phone ? PHONE_PX / 2 : 1200, height: phone ? PHONE_PX * 5 / 8 : Math.max(640, drawn.offsetHeight),
    });
  }

  async function saveDrawing(box, card, format) {
    const svg = box.querySelector("svg").cloneNode(true), [left, top, width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
    for (const use of svg.querySelectorAll("use")) {
      const [file, id] = use.getAttribute("href").split("#");
      const part = new DOMParser().parseFromString(await (await fetch(file)).text(), "image/svg+xml").getElementById(id);
      part.setAttribute("class", use.getAttribute("class"));
      use.replaceWith(part);
    }
    const style = getComputedStyle(document.documentElement), size = width / 36;
    const names = ["surface", "line", "text", "muted", "land", "border", "missing", ...[0, 1, 2, 3, 4, 5].map((n) => "speed-" + n),
      ...["mean", "warm", "cold", "range", "usual", "pressure", "wind", "gust", "rain", "total"].map((name) => "c-" + name)];
    svg.setAttribute("style", names.map((name) => `--${name}:${style.getPropertyValue("--" + name)}`).join(";"));
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
    const rules = [...document.styleSheets].flatMap((sheet) => { try { return [...sheet.cssRules]; } catch { return []; } });
    svg.prepend(add("style", {}, rules.filter((rule) => (rule.selectorText || "").includes("-drawing")).map((rule) => rule.cssText).join("\n")));
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
    const answer = await response.json();
    if (answer.page === "table") await script(document.body.dataset.grid);
    return answer;
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
  document.addEventListener("click", (event) => { if (event.target.id === "again") tell(); });

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
      save: function () {
        const triggered = window.dash_clientside.callback_context.triggered[0];
        if (!triggered || !triggered.value) return;
        const id = JSON.parse(triggered.prop_id.replace(".n_clicks", ""));
        const card = document.getElementById("card-" + id.save);
        const box = card.querySelector("[data-svg]");
        if (box) saveDrawing(box, card, id.format);
        else saveChart(card.querySelector(".js-plotly-plot"), id.format);
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

  window.dashMantineFunctions = Object.assign({}, window.dashMantineFunctions, {
    folded: function (asked) {
      const wanted = placeKey(asked.search);
      return asked.options.filter((option) => placeKey(`${option.label} ${option.keywords || ""}`).includes(wanted));
    },
    withoutData: function (day, known) {
      return !known.loaded.some((stretch) => stretch[0] <= day && day <= stretch[1]);
    },
  });

  /* Sub-totals stay below the days, whichever way these are sorted. */
  function order(a, b, one, other, descending) {
    const below = Boolean(one.data.subtotal) - Boolean(other.data.subtotal);
    if (below) return descending ? -below : below;
    if (a === b) return 0;
    if (a === null || a === undefined) return -1;
    if (b === null || b === undefined) return 1;
    return a < b ? -1 : 1;
  }

  /* A day leads to where its figures come from. */
  window.dashAgGridComponentFunctions = Object.assign({}, window.dashAgGridComponentFunctions, {
    SiteDay: (cell) =>
      cell.data.origin ? window.React.createElement("a", { href: cell.data.origin, "data-go": "here" }, cell.value) : cell.value,
  });

  window.dashAgGridFunctions = Object.assign({}, window.dashAgGridFunctions, {
    siteOrder: order,
    siteDayOrder: (a, b, one, other, descending) => order(one.data.day, other.data.day, one, other, descending),
    siteNumber: function (value, decimals, language) {
      if (value === null || value === undefined) return "–";
      return value.toLocaleString(language, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    },
  });
})();
