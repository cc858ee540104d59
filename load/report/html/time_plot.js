// Lines, steps and stacked areas over time.

/**
 * host: where the plot goes. options:
 *   title, about: what it shows, in a few words and in a sentence
 *   series(): [{ label, look, values, kind: "line" | "step" | "stack" | "dashed", times }]
 *     values has one number or null for each column of the data, or for each of `times`
 *   format, scale: "linear" | "log", base: 2 for bytes
 *   height, named (what is shaded has its name there), both optional
 */
function timePlot(host, options) {
  const hidden = new Set();
  const legend = html("div", { class: "legend" });
  const frame = html("div", { class: "plot" });
  host.append(html("figure", {},
    html("figcaption", {}, html("h3", {}, options.title), legend), frame));
  const height = options.height ?? 190;
  let show = () => {};

  function draw(width) {
    const series = options.series();
    const shown = series.filter(({ label }) => !hidden.has(label));
    const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, tabindex: 0, role: "img",
      "aria-label": `${options.title}. ${options.about} Arrow keys move through time.` });
    const layers = stacked(shown);
    const y = valueScale(shown, layers, width);
    drawTime(root, width, height, options.named);
    drawValues(root, width, y, y.ticks, options.format);
    const x = timeScale(width);
    const at = (each, n) => x(each.times ? Math.min(each.times[n], length) : middleOf(n));
    for (const layer of layers) root.append(area(layer, x, y));
    for (const each of shown.filter(({ kind }) => kind !== "stack")) {
      root.append(svg("path", { class: `line ${each.look} ${each.kind ?? ""}`,
        d: linePath(points(each, at, y)) }));
    }
    drawMarks(root, width, height);
    const dots = shown.filter(({ kind }) => kind !== "stack").map((each) => {
      const dot = svg("circle", { class: `dot ${each.look}`, r: 3.5 });
      root.append(dot);
      return [each, dot];
    });
    const readouts = new Map();
    legend.replaceChildren(...series.map((each) => key(each, readouts, () => draw(width))));

    show = followCursor(root, width, height, (time) => shown.map((each) =>
      [each.look, each.label, told(valueAt(each, time))]).reverse(), (time) => {
      for (const [each, dot] of dots) {
        const value = time === null ? null : valueAt(each, time);
        dot.classList.toggle("shown", value !== null);
        if (value === null) continue;
        dot.setAttribute("cx", x(time));
        dot.setAttribute("cy", y(value));
      }
      for (const [each, readout] of readouts) {
        const value = time === null ? null : valueAt(each, time);
        readout.textContent = value === null ? "" : options.format(value);
      }
    });
    frame.replaceChildren(root);
    show(cursor.get());
  }

  const told = (value) => (value === null ? "–" : options.format(value));

  function valueAt(each, time) {
    if (!each.times) return each.values[columnAt(time)] ?? null;
    let nearest = null;
    each.times.forEach((other, n) => {
      if (nearest === null || Math.abs(other - time) < Math.abs(each.times[nearest] - time)) nearest = n;
    });
    if (nearest === null || Math.abs(each.times[nearest] - time) > 5 + 2 * data.width) return null;
    return each.values[nearest];
  }

  function points(each, at, y) {
    const made = [];
    each.values.forEach((value, n) => {
      if (each.kind === "step" && made.length > 0 && value !== null && made.at(-1)) {
        made.push([at(each, n), made.at(-1)[1]]);
      }
      made.push(value === null ? null : [at(each, n), y(value)]);
    });
    return made;
  }

  /** Each stacked series with what lies below it. */
  function stacked(shown) {
    let below = Array(data.columns).fill(0);
    return shown.filter(({ kind }) => kind === "stack").map((each) => {
      const above = each.values.map((value, n) => below[n] + (value ?? 0));
      const layer = { each, below, above };
      below = above;
      return layer;
    });
  }

  function area({ each, below, above }, x, y) {
    const edge = (values) => values.map((value, n) => [x(middleOf(n)), y(value)]);
    const back = edge(below).reverse().map(([px, py]) => `L${px.toFixed(1)} ${py.toFixed(1)}`);
    return svg("path", { class: `area ${each.look}`, d: `${linePath(edge(above))}${back.join("")}Z` });
  }

  function valueScale(shown, layers, width) {
    const { top, bottom } = margins(width);
    const values = shown.filter(({ kind }) => kind !== "stack").flatMap((each) => each.values)
      .concat(layers.flatMap(({ above }) => above)).filter((value) => value !== null);
    const rows = Math.max(2, Math.floor(height / 38));
    if (options.scale === "log") {
      const [low, high] = logBounds(values);
      const y = logScale(low, high, height - bottom, top);
      y.ticks = logTicks(low, high, rows);
      return y;
    }
    const most = Math.max(options.atLeast ?? 0, values.reduce((a, b) => Math.max(a, b), 0)) || 1;
    const ticks = linearTicks(most, rows, options.base);
    const high = Math.max(most * 1.06, ticks.at(-1));
    const y = linearScale(0, high, height - bottom, top);
    y.ticks = options.whole ? ticks.filter(Number.isInteger) : ticks;
    return y;
  }

  /** A button of the legend: hides its series, and shows its value at the cursor. */
  function key(each, readouts, redraw) {
    const readout = html("b", {});
    readouts.set(each, readout);
    const button = html("button", { type: "button", class: "key",
      "aria-pressed": String(!hidden.has(each.label)), title: `Show or hide ${each.label}` },
    html("i", { class: `swatch ${each.look} ${each.kind ?? ""}` }), each.label, readout);
    button.addEventListener("click", () => {
      if (!hidden.delete(each.label)) hidden.add(each.label);
      redraw();
      [...legend.querySelectorAll("button")].find((other) => other.title === button.title)?.focus();
    });
    return button;
  }

  onWidth(frame, draw);
  cursor.listen((time) => show(time));
}
