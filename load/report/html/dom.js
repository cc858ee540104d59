// Elements, and what all plots share: the moment under the cursor and the box that tells about it.

const data = JSON.parse(document.getElementById("data").textContent);

function element(space, name, attributes, children) {
  const made = space ? document.createElementNS(space, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...(children ?? []));
  return made;
}

const html = (name, attributes, ...children) => element(null, name, attributes, children);
const svg = (name, attributes, ...children) =>
  element("http://www.w3.org/2000/svg", name, attributes, children);

/** Calls every listener with what it was set to, such as the moment that a pointer is on. */
function signal(initial) {
  const listeners = [];
  let value = initial;
  return {
    get: () => value,
    set(next) {
      value = next;
      for (const listener of listeners) listener(next);
    },
    listen: (listener) => listeners.push(listener),
  };
}

const cursor = signal(null); // seconds since the run's start
const step = signal(0); // 0: all steps together, then by number

const tooltip = document.body.appendChild(html("div", { class: "tooltip", "aria-hidden": "true" }));
const spoken = document.body.appendChild(html("div", { class: "unseen", "aria-live": "polite" }));

/** rows: [class of the swatch, label, value]; x and y of the window. */
function showTooltip(heading, rows, x, y) {
  const body = rows.map(([swatch, label, value]) =>
    html("div", { class: "tooltip-row" }, html("i", { class: `swatch ${swatch}` }),
      html("span", {}, label), html("b", {}, value)));
  tooltip.replaceChildren(html("strong", {}, heading), ...body);
  tooltip.classList.add("shown");
  const { width, height } = tooltip.getBoundingClientRect();
  const right = x + 16 + width < innerWidth - 4;
  tooltip.style.left = `${Math.max(4, right ? x + 16 : x - width - 16)}px`;
  tooltip.style.top = `${Math.max(4, Math.min(y + 16, innerHeight - height - 4))}px`;
}

const hideTooltip = () => tooltip.classList.remove("shown");

/** Draws, and draws anew whenever the width changes; `draw` is given the width in pixels. */
function onWidth(host, draw) {
  let last = 0;
  const check = () => {
    const width = Math.round(host.clientWidth);
    if (width > 0 && width !== last) draw((last = width));
  };
  check();
  // In a frame of its own: a drawing changes heights, which an observer must not do.
  new ResizeObserver(() => requestAnimationFrame(check)).observe(host);
  step.listen(() => last > 0 && draw(last));
}
