// The frame of a plot over time: the same margins and the same time axis for all, so that a moment
// is at the same place in each.

const length = Math.max(data.length, 1);
const margins = (width) => ({ left: width < 480 ? 54 : 62, right: 10, top: 16, bottom: 22 });

function timeScale(width) {
  const { left, right } = margins(width);
  return linearScale(0, length, left, width - right);
}

/** The column of data whose seconds hold `time`. */
const columnAt = (time) =>
  Math.max(0, Math.min(data.columns - 1, Math.floor(time / data.width)));
const middleOf = (column) => Math.min((column + 0.5) * data.width, length);

/** Shades what no figure counts, named in the first plot, and draws the time axis. */
function drawTime(root, width, height, named) {
  const x = timeScale(width);
  const { top, bottom } = margins(width);
  for (const [from, upto, what] of [[0, data.warmUp, "warm-up"], [data.loadEnd, length, "drain"]]) {
    if (upto - from < length / 1000) continue;
    root.append(svg("rect", { class: "uncounted", x: x(from), y: top, width: x(upto) - x(from),
      height: height - top - bottom }, svg("title", {}, `${what}: in no figure of the tables`)));
    if (named && x(upto) - x(from) > 52) {
      root.append(svg("text", { class: "faint", x: x(from) + 5, y: top + 12 }, what));
    }
  }
  for (const tick of timeTicks(length, Math.max(2, Math.floor(width / 90)))) {
    root.append(svg("line", { class: "grid", x1: x(tick), x2: x(tick), y1: top, y2: height - bottom }),
      svg("text", { class: "tick", x: x(tick), y: height - 6,
        "text-anchor": x(tick) > width - 24 ? "end" : "middle" }, formatTime(tick)));
  }
}

function drawValues(root, width, y, ticks, format) {
  const { left, right } = margins(width);
  for (const tick of ticks) {
    root.append(svg("line", { class: "grid", x1: left, x2: width - right, y1: y(tick), y2: y(tick) }),
      svg("text", { class: "tick", x: left - 7, y: y(tick) + 4, "text-anchor": "end" }, format(tick)));
  }
}

function drawMarks(root, width, height) {
  const x = timeScale(width);
  const { top, bottom } = margins(width);
  data.marks.forEach((mark, n) => {
    const at = x(Math.min(mark.second, length));
    root.append(svg("g", { class: mark.failed ? "mark failed" : "mark" },
      svg("title", {}, `${formatTime(mark.second)} ${mark.label}`),
      svg("line", { x1: at, x2: at, y1: top, y2: height - bottom }),
      svg("text", { x: at, y: top - 4, "text-anchor": "middle" }, String(n + 1))));
  });
}

/** A line with a gap wherever there is no value. */
function linePath(points) {
  let path = "";
  let open = false;
  for (const point of points) {
    if (point) path += `${open ? "L" : "M"}${point[0].toFixed(1)} ${point[1].toFixed(1)}`;
    open = Boolean(point);
  }
  return path;
}

/**
 * The moving parts: a line at the cursor in every plot, the box in the one that is pointed at.
 * `tell(time, y)` gives rows for the box; `mark(time)` may show more in the plot.
 */
function followCursor(root, width, height, tell, mark) {
  const x = timeScale(width);
  const { left, right, top, bottom } = margins(width);
  const line = svg("line", { class: "cursor", y1: top, y2: height - bottom });
  root.append(line);
  const show = (time) => {
    line.classList.toggle("shown", time !== null);
    if (time !== null) {
      line.setAttribute("x1", x(time));
      line.setAttribute("x2", x(time));
    }
    mark?.(time);
  };
  const near = (time) => data.marks.map((each, n) => [each, n + 1])
    .filter(([each]) => Math.abs(each.second - time) <= Math.max(data.width, length / 100))
    .map(([each, n]) => ["", `${n} ${each.label}`, each.failed ? "failed" : ""]);
  const tellAt = (time, clientX, clientY, y) =>
    showTooltip(formatTime(time), [...near(time), ...tell(time, y)], clientX, clientY);

  root.addEventListener("pointermove", (event) => {
    const box = root.getBoundingClientRect();
    const ratio = width / box.width;
    const pixel = Math.max(left, Math.min((event.clientX - box.left) * ratio, width - right));
    const time = middleOf(columnAt(x.invert(pixel)));
    cursor.set(time);
    tellAt(time, event.clientX, event.clientY, (event.clientY - box.top) * ratio);
  });
  const leave = () => {
    cursor.set(null);
    hideTooltip();
  };
  root.addEventListener("pointerleave", leave);
  root.addEventListener("blur", leave);
  root.addEventListener("keydown", (event) => {
    const now = cursor.get() === null ? -1 : columnAt(cursor.get());
    const far = Math.max(1, Math.round(data.columns / 20));
    const to = { ArrowRight: now + 1, ArrowLeft: now < 0 ? data.columns - 1 : now - 1, Home: 0,
      PageDown: now + far, PageUp: now - far, End: data.columns - 1 }[event.key];
    if (event.key === "Escape") leave();
    if (to === undefined) return;
    event.preventDefault();
    const time = middleOf(Math.max(0, Math.min(to, data.columns - 1)));
    cursor.set(time);
    const box = root.getBoundingClientRect();
    tellAt(time, box.left + (x(time) * box.width) / width, box.top + 20, null);
    spoken.textContent = [formatTime(time), ...[...near(time), ...tell(time, null)]
      .map(([, label, value]) => `${label} ${value}`)].join(", ");
  });
  return show;
}
