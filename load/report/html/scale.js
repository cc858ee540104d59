// Numbers as people read them, and from values to pixels.

function trim(value) {
  const digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return value.toFixed(digits).replace(/\.0+$|(\.\d*?)0+$/, "$1");
}

function formatDuration(seconds) {
  if (seconds === 0) return "0";
  if (seconds < 1e-6) return `${trim(seconds * 1e9)} ns`;
  if (seconds < 0.9995e-3) return `${trim(seconds * 1e6)} µs`;
  if (seconds < 0.9995) return `${trim(seconds * 1e3)} ms`;
  return `${trim(seconds)} s`;
}

function formatCount(value) {
  if (value >= 1e6) return `${trim(value / 1e6)} M`;
  return value >= 99.95 ? Math.round(value).toLocaleString("en-US") : trim(value);
}

const formatRate = (value) => `${formatCount(value)}/s`;
const formatShare = (value) => `${trim(value * 100)} %`;

function formatBytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  for (; value >= 1023.5 && unit + 1 < units.length; ++unit) value /= 1024;
  return `${trim(value)} ${units[unit]}`;
}

function formatTime(seconds) {
  const whole = Math.floor(seconds + 1e-9);
  const two = (value) => String(value).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  if (minutes >= 60) return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
  return `${minutes}:${two(whole % 60)}`;
}

function linearScale(low, high, from, to) {
  const slope = (to - from) / (high - low || 1);
  const scale = (value) => from + (value - low) * slope;
  scale.invert = (pixel) => low + (pixel - from) / slope;
  return scale;
}

function logScale(low, high, from, to) {
  const inner = linearScale(Math.log10(low), Math.log10(high), from, to);
  const scale = (value) => inner(Math.log10(Math.max(value, low)));
  scale.invert = (pixel) => 10 ** inner.invert(pixel);
  return scale;
}

/** Multiples of 1, 2 or 5 times a power of `base`, about `count` of them up to `high`. */
function linearTicks(high, count, base = 10) {
  const raw = high / count;
  const power = base ** Math.floor(Math.log(raw) / Math.log(base));
  const factors = base === 10 ? [1, 2, 5, 10] : [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
  const step = power * factors.find((factor) => factor * power >= raw * 0.999);
  const ticks = [];
  for (let n = 0; n * step <= high * 1.0001; ++n) ticks.push(n * step);
  return ticks;
}

/** 1, 2 and 5 of each power of ten, or 1 alone where there is no room. */
function logTicks(low, high, count) {
  const every = (factors) => {
    const ticks = [];
    for (let power = Math.floor(Math.log10(low)) - 1; 10 ** power <= high; ++power) {
      for (const factor of factors) {
        const tick = Number((factor * 10 ** power).toPrecision(3));
        if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
      }
    }
    return ticks;
  };
  const fine = every([1, 2, 5]);
  return fine.length <= count + 1 ? fine : every([1]);
}

function timeTicks(length, count) {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400];
  const step = steps.find((each) => length / each <= count) ?? 86400;
  const ticks = [];
  for (let tick = 0; tick <= length; tick += step) ticks.push(tick);
  return ticks;
}

/** Bounds of a log axis: whole steps of 1, 2, 5 around all that is shown. */
function logBounds(values) {
  const shown = values.filter((value) => value > 0);
  if (shown.length === 0) return [1e-3, 1];
  const around = (value, up) => {
    const power = 10 ** Math.floor(Math.log10(value));
    const factors = up ? [1, 2, 5, 10] : [10, 5, 2, 1];
    const fits = (factor) => (up ? factor * power >= value * 0.999 : factor * power <= value * 1.001);
    return power * factors.find(fits);
  };
  const low = around(shown.reduce((a, b) => Math.min(a, b)), false);
  const high = around(shown.reduce((a, b) => Math.max(a, b)), true);
  return high > low ? [low, high] : [low / 2, low * 2];
}
