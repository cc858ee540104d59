// Latency by percentile on an axis that gives each further nine the same room (as HdrHistogram's
// plots do), so that the tail is not squeezed into the last pixel.

function spectrumPlot(host) {
  const legend = html("div", { class: "legend" });
  const frame = html("div", { class: "plot" });
  host.append(html("figure", {},
    html("figcaption", {}, html("h3", {}, "Latency by percentile"), legend), frame));
  const height = 300;
  const looks = [["latency", "p99", "latency, from the planned send time"],
    ["good", "good", "of good answers only"],
    ["service", "service", "service time, from the first byte sent"]];
  const place = (quantile) => -Math.log10(1 - quantile);

  function draw(width) {
    const series = looks.map(([name, look, label]) =>
      ({ look, label, points: data.steps[step.get()].spectrum[name] }))
      .filter(({ points }) => points.length > 0);
    const { left, right, top, bottom } = margins(width);
    const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, tabindex: 0, role: "img",
      "aria-label": "Latency by percentile. The table of percentiles has the same values." });
    legend.replaceChildren(...series.map(({ look, label }) =>
      html("span", { class: "key" }, html("i", { class: `swatch ${look}` }), label)));
    const all = series.flatMap(({ points }) => points);
    if (all.length > 0) {
      const nines = Math.max(2, ...all.map(([quantile]) => place(quantile)));
      const x = linearScale(0, nines, left, width - right);
      const [low, high] = logBounds(all.map(([, value]) => value));
      const y = logScale(low, high, height - bottom, top);
      drawValues(root, width, y, logTicks(low, high, 7), formatDuration);
      for (const percent of ["0", "50", "90", "99", "99.9", "99.99", "99.999", "99.9999"]) {
        const at = x(place(percent / 100));
        if (at > width - right + 1) break;
        root.append(svg("line", { class: "grid", x1: at, x2: at, y1: top, y2: height - bottom }),
          svg("text", { class: "tick", x: at, y: height - 6, "text-anchor":
            at > width - 36 ? "end" : "middle" }, `${percent} %`));
      }
      for (const { look, points } of series) {
        root.append(svg("path", { class: `line ${look}`,
          d: linePath(points.map(([quantile, value]) => [x(place(quantile)), y(value)])) }));
      }
      follow(root, width, series, x, nines);
    }
    frame.replaceChildren(root);
  }

  function follow(root, width, series, x, nines) {
    const { top, bottom } = margins(width);
    const line = svg("line", { class: "cursor", y1: top, y2: height - bottom });
    root.append(line);
    let at = 0;
    const show = (clientX, clientY) => {
      line.classList.add("shown");
      line.setAttribute("x1", x(at));
      line.setAttribute("x2", x(at));
      const quantile = 1 - 10 ** -at;
      const rows = series.map(({ look, label, points }) => {
        const found = points.find(([each]) => each >= quantile - 1e-12) ?? points.at(-1);
        return [look, label, formatDuration(found[1])];
      });
      const percent = (quantile * 100).toFixed(Math.max(1, Math.ceil(at)));
      showTooltip(`p${percent.replace(/0+$|\.0+$/, "")}`, rows, clientX, clientY);
      spoken.textContent = rows.map(([, label, value]) => `${label} ${value}`).join(", ");
    };
    root.addEventListener("pointermove", (event) => {
      const box = root.getBoundingClientRect();
      const pixel = ((event.clientX - box.left) * width) / box.width;
      at = Math.max(0, Math.min(x.invert(pixel), nines));
      show(event.clientX, event.clientY);
    });
    const leave = () => {
      line.classList.remove("shown");
      hideTooltip();
    };
    root.addEventListener("pointerleave", leave);
    root.addEventListener("blur", leave);
    root.addEventListener("keydown", (event) => {
      if (event.key === "Escape") leave();
      const by = { ArrowRight: 0.1, ArrowLeft: -0.1 }[event.key];
      if (by === undefined) return;
      event.preventDefault();
      at = Math.max(0, Math.min(at + by, nines));
      const box = root.getBoundingClientRect();
      show(box.left + (x(at) * box.width) / width, box.top + 20);
    });
  }

  onWidth(frame, draw);
}
