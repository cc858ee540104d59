// Which plots there are, who switches between steps and themes, and links to a moment (#t=42).

function addTimePlots(host) {
  const of = (name) => data.steps[step.get()][name];
  const errorsOf = () => Object.entries(of("errors")).map(([label, values]) =>
    ({ label, look: `error-${label}`, kind: "stack", values }));
  timePlot(host, { title: "Latency", scale: "log", format: formatDuration, height: 240, named: true,
    about: "Percentiles of the time from a request's planned send to its last byte.",
    series: () => [["p50", "p50"], ["p90", "p90"], ["p99", "p99"], ["p99.9", "p999"], ["max", "max"]]
      .map(([label, look]) =>
        ({ label, look, values: of(look), kind: look === "max" ? "dashed" : "line" })) });
  timePlot(host, { title: "Requests per second", format: formatRate,
    about: "Planned, good answers, and errors by kind.",
    series: () => [{ label: "good", look: "good", kind: "stack", values: of("good") },
      ...errorsOf(),
      { label: data.closedLoop ? "sent" : "planned", look: "planned", values: of("sent") }] });
  if (Object.keys(data.steps[0].errors).length > 0) {
    timePlot(host, { title: "Errors per second", format: formatRate, height: 150,
      about: "Requests that ended with an error, by its kind.", series: () => errorsOf() });
  }
  heatMap(host, { title: "Latency, all requests",
    about: "How many requests took how long in each moment." });
  timePlot(host, { title: "In flight", format: formatCount, height: 150,
    about: "Requests that were sent and not answered yet, and planned ones without a connection.",
    series: () => [{ label: "in flight", look: "first", values: data.client.inFlight },
      { label: "waiting for a connection", look: "second", values: data.client.waiting }] });
  if (data.ops.second.length > 0) addGatewayPlots(host);
  timePlot(host, { title: "Generator: lateness", scale: "log", format: formatDuration, height: 150,
    about: "How late the generator itself woke for a planned send.",
    series: () => [{ label: "slip p50", look: "p50", values: data.generator.slip50 },
      { label: "slip p99", look: "p99", values: data.generator.slip99 }] });
  timePlot(host, { title: "Generator: CPU of a process", format: formatShare, height: 130, atLeast: 1,
    about: "Share of a core that each generator process used. From 90 % on it cannot keep up.",
    series: () => [{ label: "CPU", look: "first", values: data.generator.cpu }] });
}

function addGatewayPlots(host) {
  const gateway = (label, look, values, kind) =>
    ({ label, look, values, kind, times: data.ops.second });
  timePlot(host, { title: "Gateway: pending requests", format: formatCount, height: 150,
    about: "Requests that the gateway held, from its ops port.",
    series: () => [gateway("pending", "first", data.ops.pending)] });
  timePlot(host, { title: "Gateway: memory", format: formatBytes, base: 1024, height: 150,
    about: "Resident memory of the gateway, and the bytes of the requests that it held.",
    series: () => [gateway("resident", "first", data.ops.resident),
      gateway("pending bytes", "second", data.ops.bytes)] });
  timePlot(host, { title: "Gateway: workers and CPU", format: formatCount, height: 130, atLeast: 1,
    about: "Live workers, and the cores that the gateway used.",
    series: () => [gateway("workers", "first", data.ops.workers, "step"),
      gateway("cores", "second", data.ops.cpu)] });
}

/** Labels of the marks above the plots, in as many rows as keep them apart. */
function addMarkLane(host) {
  const lane = html("div", { class: "plot lane" });
  host.append(lane);
  onWidth(lane, (width) => {
    const root = svg("svg", { role: "img",
      "aria-label": "Labels of the marks; the table of marks has the same." });
    lane.replaceChildren(root);
    const x = timeScale(width);
    const ends = [];
    data.marks.forEach((mark, n) => {
      const label = mark.label.length > 32 ? `${mark.label.slice(0, 31)}…` : mark.label;
      const text = svg("text", {}, width < 480 ? String(n + 1) : `${n + 1} ${label}`);
      const box = svg("rect", { height: 20, rx: 10 });
      root.append(svg("g", { class: mark.failed ? "pill failed" : "pill" },
        svg("title", {}, `${formatTime(mark.second)} ${mark.label}`), box, text));
      const wide = text.getComputedTextLength() + 16;
      const left = Math.max(0, Math.min(x(Math.min(mark.second, length)) - 12, width - wide - 1));
      const free = ends.findIndex((end) => end + 6 < left);
      const row = free < 0 ? ends.length : free;
      ends[row] = left + wide;
      for (const [name, value] of Object.entries({ x: left, y: row * 24 + 1, width: wide })) {
        box.setAttribute(name, value);
      }
      text.setAttribute("x", left + 8);
      text.setAttribute("y", row * 24 + 15);
    });
    root.setAttribute("viewBox", `0 0 ${width} ${ends.length * 24 + 2}`);
  });
}

function addStepSwitch(host) {
  if (data.steps.length < 3) return;
  const select = html("select", { id: "step" },
    ...data.steps.map(({ name }, n) => html("option", { value: n }, name)));
  select.addEventListener("change", () => step.set(Number(select.value)));
  host.append(html("label", { class: "step-switch" }, "step ", select));
}

function addThemeSwitch(button) {
  const themes = ["auto", "light", "dark"];
  const apply = (theme) => {
    document.documentElement.dataset.theme = theme;
    button.textContent = { auto: "◐ auto", light: "☀ light", dark: "☾ dark" }[theme];
    button.setAttribute("aria-label", `Theme: ${theme}. Switch to the next`);
  };
  // A browser may give a file no storage at all.
  const stored = (act) => {
    try {
      return act();
    } catch {
      return null;
    }
  };
  const kept = stored(() => localStorage.getItem("holdfast-load-theme"));
  let at = Math.max(0, themes.indexOf(kept));
  apply(themes[at]);
  button.addEventListener("click", () => {
    at = (at + 1) % themes.length;
    apply(themes[at]);
    stored(() => localStorage.setItem("holdfast-load-theme", themes[at]));
  });
  button.hidden = false;
}

function followLinks() {
  const apply = () => {
    const at = /^#t=(\d+(?:\.\d+)?)$/.exec(location.hash);
    if (at) cursor.set(Math.min(Number(at[1]), length));
  };
  addEventListener("hashchange", apply);
  apply();
}

addThemeSwitch(document.getElementById("theme"));
if (data.columns > 0) {
  const host = document.getElementById("plots");
  addStepSwitch(document.getElementById("plot-tools"));
  if (data.marks.length > 0) addMarkLane(host);
  addTimePlots(host);
  spectrumPlot(document.getElementById("spectrum"));
  followLinks();
}
document.documentElement.dataset.ready = String(document.querySelectorAll("figure").length);
