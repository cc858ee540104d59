// Appended to a copy of a report: uses it as a reader does, and leaves what it saw in the document
// for the test to read.
addEventListener("load", () => {
  const seen = { contrast: [] };
  const plot = (title) => [...document.querySelectorAll("figure")]
    .find((figure) => figure.querySelector("h3").textContent === title);
  const tooltip = document.querySelector(".tooltip");
  const shown = () => getComputedStyle(tooltip).visibility === "visible";
  const point = (svg, x, y) => {
    const box = svg.getBoundingClientRect();
    svg.dispatchEvent(new PointerEvent("pointermove",
      { clientX: box.left + box.width * x, clientY: box.top + box.height * y, bubbles: true }));
  };

  const latency = plot("Latency").querySelector("svg");
  point(latency, 0.6445, 0.5);
  seen.hover = { shown: shown(), text: tooltip.innerText };
  seen.cursors = document.querySelectorAll("#plots .cursor.shown").length;
  seen.readouts = [...document.querySelectorAll(".key b")].filter((each) => each.textContent).length;
  latency.dispatchEvent(new PointerEvent("pointerleave"));
  seen.left = { shown: shown(), cursors: document.querySelectorAll(".cursor.shown").length };

  const key = (name) => latency.dispatchEvent(new KeyboardEvent("keydown", { key: name }));
  key("Home");
  key("ArrowRight");
  seen.keys = { shown: shown(), text: tooltip.innerText,
    spoken: document.querySelector("[aria-live]").textContent };
  key("Escape");

  const heat = plot("Latency, all requests").querySelector("svg");
  point(heat, 0.65, 0.3);
  seen.heat = tooltip.innerText;
  heat.dispatchEvent(new PointerEvent("pointerleave"));
  point(plot("Latency by percentile").querySelector("svg"), 0.5, 0.5);
  seen.spectrum = tooltip.innerText;

  const lines = () => plot("Latency").querySelectorAll("path.line").length;
  seen.lines = [lines()];
  plot("Latency").querySelector(".key").click();
  seen.lines.push(lines());
  plot("Latency").querySelector(".key").click();
  const path = () => plot("Latency").querySelector("path.p99").getAttribute("d");
  const before = path();
  const select = document.querySelector("#step");
  select.value = "2";
  select.dispatchEvent(new Event("change"));
  seen.stepChanged = path() !== before;

  // Contrast after WCAG 2.2, of each kind of text with what lies behind it.
  const parse = (text) => text.match(/[\d.]+/g).map(Number);
  const luminance = (text) => parse(text).slice(0, 3).map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, n) => sum + value * [0.2126, 0.7152, 0.0722][n], 0);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if (parse(colour).length < 4 || parse(colour)[3] === 1) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  for (const selector of ["h1", ".soft", ".tile .value", ".tile.bad .value", ".tile .more",
    ".verdict", ".callout", ".callout strong", "th", "td", "td.pass", "td.fail", ".key", ".tick",
    ".pill text", ".mark text", "dt", "dd"]) {
    const element = document.querySelector(selector);
    if (!element) continue;
    const style = getComputedStyle(element);
    const colour = element instanceof SVGElement ? style.fill : style.color;
    const [light, dark] = [luminance(colour), luminance(behind(element))].sort((a, b) => b - a);
    seen.contrast.push([selector, Number(((light + 0.05) / (dark + 0.05)).toFixed(2))]);
  }

  seen.page = getComputedStyle(document.body).backgroundColor;
  const theme = document.getElementById("theme");
  seen.themes = [1, 2, 3].map(() => {
    theme.click();
    return [document.documentElement.dataset.theme, getComputedStyle(document.body).backgroundColor];
  });
  seen.wide = document.documentElement.scrollWidth - innerWidth;
  document.documentElement.dataset.seen = JSON.stringify(seen);
});
