// The page of a translator: a picture by file, drop or drawing, and its translation. Where the generator has noise
// (pix2pix), `drs` accepts one of several translations.

import { make, radios, section, seedOf, slider } from "./elements.js";
import { Tile, paint } from "./drawing.js";

const PAUSE = 60; // milliseconds without a change, before the page translates
const BRUSH = 0.03; // the pen's radius, as a share of the picture's width

export class TranslationPage {
  constructor(parts, worker, facts) {
    Object.assign(this, { facts, worker, number: 0, tiles: [] });
    [this.height, this.width, this.channels] = facts.image_shape;
    this.#build(parts);
    this.#clear();
  }

  #build(parts) {
    const { facts } = this;
    const redraw = () => this.redraw();
    const names = facts.directions.map(({ label }, place) => [String(place), label]);
    this.direction = radios("Direction", "direction", names, "0");
    this.input = make("canvas", { class: "picture", width: this.width, height: this.height });
    this.output = make("canvas", { class: "picture", role: "img", "aria-label": "No translation yet" });
    this.context = this.input.getContext("2d", { willReadFrequently: true });
    const file = make("input", { type: "file", id: "file", accept: "image/*" });
    file.addEventListener("change", () => file.files[0] && this.#read(file.files[0]));
    this.said = make("p", { class: "soft", role: "status" });
    const form = make("form", { "aria-label": "Settings" });
    if (facts.directions.length > 1) form.append(this.direction.row);
    form.append(make("div", { class: "setting" }, make("label", { for: "file" }, "picture"), file));
    if (facts.is_drawn) {
      this.ink = radios("Ink", "ink", [["white", "white on black"], ["black", "black on white"]], "white");
      this.ink.row.addEventListener("input", () => this.#clear());
      const clear = make("button", { type: "button" }, "Clear");
      clear.addEventListener("click", () => this.#clear());
      form.append(this.ink.row, clear);
      this.#makeDrawable();
    } else {
      this.input.setAttribute("role", "img");
      this.input.setAttribute("aria-label", "The picture");
    }
    if (facts.dropouts) {
      this.gamma = slider("gamma", {
        id: "gamma", min: 0, max: 100, step: 0.5, value: facts.sampling.gamma_percentile,
        words: (value) => `${value} %, larger is stricter`,
      });
      this.seed = seedOf(redraw);
      form.append(this.gamma.row, this.seed.row);
    }
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", (event) => event.target !== file && redraw()); // a file is read first

    const how = facts.is_drawn
      ? "Draw into the left picture by mouse, finger or pen; by keys, arrows move the pen and Space lowers or lifts it. Or drop a picture anywhere on the page, or choose a file."
      : "Drop a picture anywhere on the page, or choose a file.";
    const figure = (name, canvas) => make("figure", {}, make("figcaption", {}, name), canvas);
    parts.append(
      section("settings", "Settings", form),
      section("translation", "Translation",
        make("p", {}, `${how} It is cut to ${this.width} x ${this.height} pixels, as the model was trained.`),
        this.said,
        make("div", { class: "pair" }, figure("Input", this.input), figure("Output", this.output))));
    if (facts.dropouts) {
      this.shown = make("ol", { class: "proposals" });
      parts.append(section("candidates", "Rejection among translations",
        make("p", {}, `The log ratios of ${facts.sampling.candidates} candidates set the threshold. Then translations are proposed until one is accepted, which is the output. Each has its probability.`),
        this.shown));
    }
    for (const name of ["dragover", "drop"]) {
      document.addEventListener(name, (event) => {
        event.preventDefault();
        const dropped = name === "drop" && event.dataTransfer.files[0];
        if (dropped) this.#read(dropped);
      });
    }
  }

  // Drawing by pointer and by keys; positions are in pixels of the picture.
  #makeDrawable() {
    const { input } = this;
    input.setAttribute("tabindex", "0");
    input.setAttribute("role", "application");
    input.setAttribute("aria-label", "Drawing: arrows move the pen, Space lowers or lifts it");
    input.classList.add("drawable");
    const placeOf = (event) => {
      const box = input.getBoundingClientRect();
      return [((event.clientX - box.left) / box.width) * this.width, ((event.clientY - box.top) / box.height) * this.height];
    };
    let last = null;
    input.addEventListener("pointerdown", (event) => {
      input.setPointerCapture(event.pointerId);
      last = placeOf(event);
      this.#line(last, last);
    });
    input.addEventListener("pointermove", (event) => {
      if (last === null) return;
      const place = placeOf(event);
      this.#line(last, place);
      last = place;
    });
    for (const name of ["pointerup", "pointercancel"]) input.addEventListener(name, () => { last = null; });
    const pen = { place: [this.width / 2, this.height / 2], isDown: false };
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    input.addEventListener("keydown", (event) => {
      if (event.key === " ") {
        pen.isDown = !pen.isDown;
        if (pen.isDown) this.#line(pen.place, pen.place);
        this.said.textContent = pen.isDown ? "The pen is down." : "The pen is up.";
      } else if (moves[event.key]) {
        const step = Math.max(1, this.width / 64);
        const before = pen.place;
        const limits = [this.width - 1, this.height - 1];
        pen.place = before.map((side, axis) => Math.min(Math.max(side + step * moves[event.key][axis], 0), limits[axis]));
        if (pen.isDown) this.#line(before, pen.place);
      } else {
        return;
      }
      event.preventDefault();
    });
  }

  #line(from, to) {
    Object.assign(this.context, { strokeStyle: this.ink.value(), lineCap: "round" });
    this.context.lineWidth = Math.max(1, 2 * BRUSH * this.width);
    this.context.beginPath();
    this.context.moveTo(...from);
    this.context.lineTo(...to);
    this.context.stroke();
    this.redraw();
  }

  #clear() {
    this.context.fillStyle = this.ink?.value() === "black" ? "white" : "black";
    this.context.fillRect(0, 0, this.width, this.height);
  }

  async #read(file) {
    let bitmap;
    try {
      bitmap = await createImageBitmap(file);
    } catch {
      this.said.textContent = `${file.name} is no picture that this browser can read.`;
      return;
    }
    const scale = Math.max(this.width / bitmap.width, this.height / bitmap.height);
    const [width, height] = [bitmap.width * scale, bitmap.height * scale];
    this.#clear();
    this.context.imageSmoothingQuality = "high";
    this.context.drawImage(bitmap, (this.width - width) / 2, (this.height - height) / 2, width, height);
    this.redraw();
  }

  // The picture as float32 numbers in [-1, 1] of [height, width, channels].
  #picture() {
    const { data } = this.context.getImageData(0, 0, this.width, this.height);
    const numbers = new Float32Array(this.width * this.height * this.channels);
    for (let pixel = 0; pixel < this.width * this.height; pixel += 1) {
      const [red, green, blue] = data.subarray(pixel * 4, pixel * 4 + 3);
      const levels = this.channels === 1 ? [Math.round(0.299 * red + 0.587 * green + 0.114 * blue)] : [red, green, blue];
      levels.forEach((level, channel) => { numbers[pixel * this.channels + channel] = level / 127.5 - 1; });
    }
    return numbers;
  }

  // Translates a moment after the last change.
  redraw() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.number += 1;
      this.proposals = [];
      const seed = [this.seed?.value() ?? 0, 0];
      const settings = { seed, direction: Number(this.direction.value()), gammaPercentile: this.gamma?.value() };
      this.worker.postMessage({ type: "draw", number: this.number, request: { ...settings, picture: this.#picture() } });
    }, PAUSE);
  }

  hear(data) {
    if (data.number !== this.number) return;
    if (data.type === "translated") {
      this.#put(data.image, `The picture translated from ${this.facts.directions[Number(this.direction.value())].label}`);
      this.said.textContent = `Translated in ${data.seconds.toPrecision(2)} s.`;
    }
    if (data.type === "proposals") {
      this.proposals.push(...data.proposals);
      this.#tile();
    }
    if (data.type === "done") {
      const accepted = this.proposals.find((proposal) => proposal.accepted);
      if (accepted) this.#put(accepted.sample, `Translation ${accepted.index + 1}, which was accepted`);
      this.said.textContent = accepted
        ? `Accepted translation ${accepted.index + 1}, in ${data.seconds.toPrecision(2)} s.`
        : `The limit of ${data.numProposed} proposals was reached, and none was accepted; the output is the first.`;
    }
  }

  #put(numbers, label) {
    paint(this.output, numbers, this.facts.image_shape);
    this.output.setAttribute("aria-label", label);
  }

  #tile() {
    while (this.tiles.length < this.proposals.length) {
      this.tiles.push(new Tile(this.facts.image_shape));
      this.shown.append(this.tiles.at(-1).element);
    }
    this.tiles.forEach((tile, place) => {
      tile.element.hidden = place >= this.proposals.length;
      if (place < this.proposals.length) tile.update(this.proposals[place], null);
    });
  }
}
