/* The site's few functions in the browser: read the address and the screen, put choices into the address, save
   pictures, copy the link. */
(function () {
  "use strict";

  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const narrow = window.matchMedia("(max-width: 700px)");
  const fold = (text) =>
    text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/œ/g, "oe").replace(/[^a-z0-9]+/g, " ").trim();
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  const here = () => ({ dark: dark.matches, narrow: narrow.matches });

  function tell() {
    if (window.dash_clientside.set_props) window.dash_clientside.set_props("system", { data: here() });
  }
  dark.addEventListener("change", tell);
  narrow.addEventListener("change", tell);

  function go(pathname, query) {
    const search = query.toString().replace(/%2C/g, ",");
    window.dash_clientside.set_props("url", { pathname: pathname, search: search ? "?" + search : "" });
  }

  /* How a control's value is written in the address. */
  const written = {
    city: (query, value) => query.set("city", value),
    cities: (query, value) => query.set("city", value.join(",")),
    period: (query, value) => { query.set("from", value[0]); query.set("to", value[1]); },
    day: (query, value) => query.set("day", value),
  };
  const complete = (value) => value != null && value.length !== 0 && !(Array.isArray(value) && value.includes(null));

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    site: {
      look: function (pathname, search) {
        return { pathname: pathname || "/", search: search || "", scheme: dark.matches ? "dark" : "light", width: window.innerWidth };
      },
      choose: function (values, rendered, search) {
        const query = new URLSearchParams(search || "");
        const ids = window.dash_clientside.callback_context.inputs_list[0].map((input) => input.id.control);
        let changed = false;
        ids.forEach(function (name, i) {
          if (!complete(values[i]) || !rendered || same(values[i], rendered.controls[name])) return;
          (written[name] || ((to, value) => to.set(name, value)))(query, values[i]);
          changed = true;
        });
        if (changed) go(window.location.pathname, query);
      },
      follow: function (clicks, search) {
        const triggered = window.dash_clientside.callback_context.triggered[0];
        if (!triggered || !triggered.value || !triggered.prop_id.includes('"map"')) return;
        const query = new URLSearchParams(search || "");
        query.set("city", triggered.value.points[0].customdata);
        go("/city", query);
      },
      save: function () {
        const triggered = window.dash_clientside.callback_context.triggered[0];
        if (!triggered || !triggered.value) return;
        const id = JSON.parse(triggered.prop_id.replace(".n_clicks", ""));
        const drawn = document.querySelector("#card-" + id.save + " .js-plotly-plot");
        const filename = drawn.layout.meta.filename;
        window.Plotly.downloadImage(drawn, {
          format: id.format, filename: filename, width: Math.max(drawn.offsetWidth, 700), height: drawn.offsetHeight, scale: 2,
        });
      },
      copy: function (clicks) {
        if (!clicks) return;
        const button = document.getElementById("copy");
        const done = function () {
          button.textContent = button.dataset.copied;
          window.setTimeout(() => { button.textContent = button.dataset.copy; }, 2000);
        };
        navigator.clipboard.writeText(window.location.href).then(done, () => window.prompt(button.dataset.copy, window.location.href));
      },
      arrived: function (rendered) {
        if (rendered) document.title = rendered.title;
      },
    },
  });

  window.dashMantineFunctions = Object.assign({}, window.dashMantineFunctions, {
    folded: function (asked) {
      const wanted = fold(asked.search);
      return asked.options.filter((option) => fold(option.label).includes(wanted));
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

  window.dashAgGridFunctions = Object.assign({}, window.dashAgGridFunctions, {
    siteOrder: order,
    siteDayOrder: (a, b, one, other, descending) => order(one.data.day, other.data.day, one, other, descending),
    siteNumber: function (value, decimals, language) {
      if (value === null || value === undefined) return "–";
      return value.toLocaleString(language, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    },
  });
})();
