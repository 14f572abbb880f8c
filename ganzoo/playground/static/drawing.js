// Pictures, points and the histogram.

import { make, percent } from "./elements.js";

const BINS = 40;

// Draws a picture, numbers in [-1, 1] of [height, width, channels], onto a canvas of its own size.
export function paint(canvas, numbers, [height, width, channels]) {
  [canvas.width, canvas.height] = [width, height];
  const image = new ImageData(width, height);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    for (let colour = 0; colour < 3; colour += 1) {
      const number = numbers[pixel * channels + (channels >= 3 ? colour : 0)];
      image.data[pixel * 4 + colour] = Math.round((number + 1) * 127.5);
    }
    image.data[pixel * 4 + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);

// Draws points: accepted ones in full, rejected ones the fainter, the less probable.
export function scatter(canvas, proposals) {
  const side = 960;
  [canvas.width, canvas.height] = [side, side];
  const context = canvas.getContext("2d");
  const limit = 1.1 * proposals.reduce((most, { sample: [x, y] }) => Math.max(most, Math.abs(x), Math.abs(y)), 1e-6);
  const [accepted, rejected] = [colour("--c0"), colour("--c1")];
  for (const chosen of [false, true]) {
    context.fillStyle = chosen ? accepted : rejected;
    for (const proposal of proposals) {
      if (proposal.accepted !== chosen) continue;
      const [x, y] = Array.from(proposal.sample, (number) => ((number / limit + 1) / 2) * side);
      context.globalAlpha = chosen ? 0.9 : 0.15 + 0.5 * proposal.probability;
      context.beginPath();
      context.arc(x, side - y, 5, 0, 2 * Math.PI);
      context.fill();
    }
  }
}

const short = (number) => (Math.abs(number) >= 100 ? number.toFixed(0) : Number(number.toPrecision(2)).toString());

// The histogram of log ratios as an element: accepted upon rejected, thresholds, and the chance of acceptance.
// thresholds: [{name, value}]; chance: log ratio -> probability, or null. burnIns: ascending, they set the axis.
export function histogram(proposals, thresholds, chance, burnIns) {
  const ratios = proposals.map(({ logRatio }) => logRatio).filter(Number.isFinite);
  const ends = burnIns.flatMap((burnIn) => {
    const known = burnIn.filter(Number.isFinite);
    return known.length ? [known[Math.floor(known.length / 200)], known.at(-1)] : [];
  });
  const lines = thresholds.filter(({ value }) => Number.isFinite(value));
  const inside = [...ends, ...lines.map(({ value }) => value)];
  let [low, high] = [Math.min(...inside), ratios.reduce((most, ratio) => Math.max(most, ratio), Math.max(...inside))];
  if (!(high > low)) [low, high] = Number.isFinite(low) ? [low - 1, low + 1] : [-1, 1];
  const binOf = (ratio) => Math.min(Math.max(Math.floor(((ratio - low) / (high - low)) * BINS), 0), BINS - 1);
  const counts = Array.from({ length: BINS }, () => ({ accepted: 0, rejected: 0 }));
  for (const { logRatio, accepted } of proposals) counts[binOf(logRatio)][accepted ? "accepted" : "rejected"] += 1;
  const most = Math.max(1, ...counts.map(({ accepted, rejected }) => accepted + rejected));

  const svg = make("svg", { viewBox: "0 0 1000 1000", preserveAspectRatio: "none", "aria-hidden": "true" });
  counts.forEach(({ accepted, rejected }, bin) => {
    const [x, width] = [(1000 / BINS) * bin + 1, 1000 / BINS - 2];
    const [upper, lower] = [(950 * accepted) / most, (950 * rejected) / most];
    if (lower) svg.append(make("rect", { class: "rejected", x, width, y: 1000 - lower, height: lower }));
    if (upper) svg.append(make("rect", { class: "accepted", x, width, y: 1000 - lower - upper, height: upper }));
  });
  if (chance) {
    const at = Array.from({ length: 201 }, (_, place) => low + ((high - low) * place) / 200);
    const path = at.map((ratio, place) => `${place ? "L" : "M"}${place * 5} ${1000 - 950 * chance(ratio)}`).join("");
    svg.append(make("path", { class: "s2", d: path }));
  }
  const plot = make("div", { class: "plot" }, svg);
  const xAxis = make("div", { class: "x" });
  const place = (element, value) => {
    element.style.left = `${(100 * (value - low)) / (high - low)}%`;
    return element;
  };
  const beside = (element, value) => {
    const share = (100 * (value - low)) / (high - low);
    if (share < 50) element.style.left = `${share}%`;
    else element.style.right = `${100 - share}%`;
    return element;
  };
  for (const { name, value } of lines) {
    plot.append(place(make("i", { class: "mark" }), value));
    if (name) plot.append(beside(make("b", { class: "mark" }, name), value));
  }
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => low + share * (high - low));
  ticks.forEach((tick, number) => {
    xAxis.append(place(make("span", number === 4 ? { class: "last" } : {}, short(tick)), tick));
  });
  const yAxis = make("div", { class: "y" });
  for (const [text, bottom] of [["0", 0], [String(most), 95]]) {
    const span = make("span", {}, text);
    span.style.bottom = `${bottom}%`;
    yAxis.append(span);
  }
  const accepted = proposals.filter((proposal) => proposal.accepted).length;
  const named = lines.map(({ name, value }) => `${name ? `${name} ` : ""}${short(value)}`).join(", ");
  const label =
    `Histogram of the log ratios of ${proposals.length} proposals, from ${short(low)} to ${short(high)}. ` +
    `${accepted} were accepted.${named ? ` Half are accepted at: ${named}.` : ""}`;
  return make("div", { class: "chart histogram", role: "img", "aria-label": label }, yAxis, plot, xAxis);
}

// One proposal of a grid; `update` shows another fate, and paints only another sample.
export class Tile {
  constructor(shape) {
    this.shape = shape;
    this.canvas = make("canvas", { role: "img" });
    this.caption = document.createTextNode("");
    this.element = make("li", {}, this.canvas, this.caption);
  }

  update(proposal, className) {
    if (this.sample !== proposal.sample) {
      this.sample = proposal.sample;
      paint(this.canvas, proposal.sample, this.shape);
    }
    const fate = proposal.accepted ? "accepted" : "rejected";
    this.element.className = fate;
    this.caption.textContent = percent(proposal.probability);
    const what = className === null ? "" : `, class ${className}`;
    const chance = `probability ${percent(proposal.probability)}`;
    this.canvas.setAttribute("aria-label", `Proposal ${proposal.index + 1}${what}: ${fate}, ${chance}`);
  }
}
