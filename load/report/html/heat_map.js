// How many requests took how long, over time: what percentiles hide, such as two humps.

const heatLevels = 7;

function heatMap(host, options) {
  const frame = html("div", { class: "plot" });
  const legend = html("div", { class: "legend heat-legend" }, html("span", {}, "fewer"));
  for (let level = 1; level <= heatLevels; ++level) {
    legend.append(html("i", { class: `swatch heat-${level}` }));
  }
  legend.append(html("span", {}, "more requests"));
  host.append(html("figure", {},
    html("figcaption", {}, html("h3", {}, options.title), legend), frame));
  const height = 210;
  let show = () => {};

  function draw(width) {
    const cells = data.steps[step.get()].heat; // by column: row, count, row, count, ...
    const rows = cells.flatMap((column) => column.filter((_, n) => n % 2 === 0));
    const { top, bottom } = margins(width);
    const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, tabindex: 0, role: "img",
      "aria-label": `${options.title}. ${options.about} Arrow keys move through time.` });
    drawTime(root, width, height);
    if (rows.length > 0) {
      const lowest = rows.reduce((a, b) => Math.min(a, b)) - 1;
      const highest = rows.reduce((a, b) => Math.max(a, b)) + 2;
      const y = linearScale(lowest, highest, height - bottom, top);
      const [low, high] = [edgeOf(lowest), edgeOf(highest)];
      const ofValue = logScale(low, high, height - bottom, top);
      drawValues(root, width, ofValue, logTicks(low, high, 5), formatDuration);
      for (const [level, path] of levels(cells, timeScale(width), y)) {
        root.append(svg("path", { class: `heat heat-${level}`, d: path }));
      }
      drawMarks(root, width, height);
      const tell = (time, pixel) => told(cells[columnAt(time)] ?? [], pixel, y);
      show = followCursor(root, width, height, tell);
    }
    frame.replaceChildren(root);
    show(cursor.get());
  }

  /** The lower end of a row, in seconds: data.heatRows rows for each power of ten from 1 ns on. */
  const edgeOf = (row) => 10 ** (row / data.heatRows - 9);

  function levels(cells, x, y) {
    const most = Math.max(1, ...cells.map((column) =>
      column.reduce((a, count, n) => (n % 2 ? Math.max(a, count) : a), 0)));
    const paths = new Map();
    cells.forEach((column, n) => {
      const left = x(n * data.width);
      const right = x(Math.min((n + 1) * data.width, length));
      for (let at = 0; at < column.length; at += 2) {
        // Bent upwards: single slow requests must be seen beside thousands of quick ones.
        const share = (column[at + 1] / most) ** 0.4;
        const level = Math.max(1, Math.ceil(share * heatLevels));
        const above = y(column[at] + 1);
        const cell = `M${left.toFixed(1)} ${above.toFixed(1)}H${(right + 0.3).toFixed(1)}` +
          `V${(y(column[at]) + 0.3).toFixed(1)}H${left.toFixed(1)}Z`;
        paths.set(level, (paths.get(level) ?? "") + cell);
      }
    });
    return paths;
  }

  function told(column, pixel, y) {
    const count = (row) => {
      for (let at = 0; at < column.length; at += 2) if (column[at] === row) return column[at + 1];
      return 0;
    };
    const total = column.reduce((a, each, n) => (n % 2 ? a + each : a), 0);
    const all = ["", "requests that ended", formatCount(total)];
    if (pixel === null) return [all];
    const row = Math.floor(y.invert(pixel));
    return [["", `${formatDuration(edgeOf(row))} to ${formatDuration(edgeOf(row + 1))}`,
      formatCount(count(row))], all];
  }

  onWidth(frame, draw);
  cursor.listen((time) => show(time));
}
