// The page of a model that samples: settings, proposals as they come, and the histogram of their log ratios.

import { checks, make, percent, radios, section, seedOf, slider, swatch } from "./elements.js";
import { Tile, histogram, scatter } from "./drawing.js";
import { ruleOf } from "./sampling.js";

const MOST_TILES = 400;
const PAUSE = 60; // milliseconds without a change of a setting, before the page draws

/** Classes as `--labels` takes them from a shell. */
function listed(classes) {
  const text = classes.map(String).map((one) => (/[,"]/.test(one) ? `"${one.replaceAll('"', '""')}"` : one)).join(",");
  return /^[\w,.-]*$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

export class Playground {
  constructor(parts, worker, facts, { burnIns }) {
    Object.assign(this, { facts, burnIns, worker, number: 0, proposals: [], tiles: [], done: null });
    this.isOfPoints = facts.sample_shape.length === 1;
    this.#build(parts);
    this.redraw();
  }

  #build(parts) {
    const { facts } = this;
    const { gamma_percentile, budget, max_proposals_per_sample, max_samples } = facts.sampling;
    const most = Math.min(this.isOfPoints ? 2000 : 256, max_samples);
    this.sampler = radios("Rejection", "sampler", [
      ["drs", "drs: by a percentile gamma"],
      ["obrs", "obrs: by a budget"],
      ["generate", "none: the generator alone"],
    ], "drs");
    this.gamma = slider("gamma", {
      id: "gamma", min: 0, max: 100, step: 0.5, value: gamma_percentile, words: (value) => `${value} %, larger is stricter`,
    });
    this.budget = slider("budget", {
      id: "budget", min: 1, max: Math.min(20, max_proposals_per_sample), step: 0.1, value: budget,
      words: (value) => `${value} proposals per sample`,
    });
    this.count = slider("samples", {
      id: "count", min: 1, max: most, step: 1, value: Math.min(most, this.isOfPoints ? 500 : 64),
    });
    this.seed = seedOf(() => this.redraw());
    this.stop = make("button", { type: "button" }, "Stop");
    this.stop.addEventListener("click", () => this.#stop());
    const names = facts.classes && (facts.class_names ?? facts.classes);
    this.classes = names && checks("Classes, taken in turn", "class", names);
    this.className = (label) => (names ? names[label] : null);
    this.codes = facts.latents.distribution === "codes" ? this.#codes() : null;
    this.withRejected = make("input", { type: "checkbox", id: "rejected", checked: true });
    this.withRejected.addEventListener("change", () => this.#show());
    const form = make("form", { class: "settings", "aria-label": "Settings" },
      this.sampler.row, this.gamma.row, this.budget.row, this.count.row,
      this.seed.row,
      ...(this.classes ? [this.classes.row] : []),
      ...(this.codes ? [this.codes.row] : []));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", () => this.redraw());

    this.rates = make("p", { class: "state" });
    this.announced = make("p", { class: "hidden", role: "status" });
    this.shown = this.isOfPoints ? make("canvas", { class: "scatter", role: "img" }) : make("ol", { class: "proposals" });
    this.note = make("p", { class: "soft" });
    this.chart = make("div");
    this.command = make("code");
    const legend = make("ul", { class: "legend" },
      make("li", {}, swatch("s0"), "accepted"),
      make("li", {}, swatch("s1"), this.isOfPoints ? "rejected, the fainter the less probable" : "rejected"));
    const ofChart = legend.cloneNode(true);
    this.ofChance = make("li", {}, swatch("s2"), "probability of acceptance, 0 to 1");
    ofChart.append(this.ofChance);
    ofChart.append(make("li", {}, "dotted: the threshold, at which half are accepted"));
    const ratios = section("ratios", "Log ratios and the threshold",
      make("p", {}, "The log ratio says how much more probable a sample is in the data than in the generator."),
      this.chart, ofChart);
    parts.append(
      make("div", { class: "columns" }, section("settings", "Settings", form), ratios),
      section("samples", "Proposals", this.rates, this.announced,
        make("div", { class: "setting" },
          make("span", { class: "choice" }, this.withRejected, make("label", { for: "rejected" }, "show rejected proposals")),
          this.stop),
        this.isOfPoints ? legend : "", this.shown, this.note),
      section("same", "The same by TensorFlow",
        make("p", {}, "The same seed gives the same samples there. Put the folder of the run's export for EXPORT."),
        make("pre", { tabindex: "0", role: "group", "aria-label": "Command" }, this.command)));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#show());
  }

  #codes() {
    const { categories, continuous } = this.facts.latents;
    const drawn = radios("Codes", "codes", [["random", "drawn at random"], ["chosen", "chosen"]], "random");
    const category = slider("category", { id: "category", min: 0, max: categories - 1, step: 1, value: 0 });
    const numbers = Array.from({ length: continuous }, (_, place) =>
      slider(`code ${place + 1}`, { id: `code-${place}`, min: -1, max: 1, step: 0.05, value: 0 }));
    const sliders = [category, ...numbers];
    const row = make("div", { class: "codes" }, drawn.row, ...sliders.map((one) => one.row));
    const value = () =>
      drawn.value() === "random"
        ? null
        : { category: category.value(), continuous: numbers.map((number) => number.value()) };
    return { row, value, sliders };
  }

  #request() {
    const chosen = this.classes?.value() ?? null;
    const numSamples = this.count.value();
    const labels = chosen && Array.from({ length: numSamples }, (_, place) => chosen[place % chosen.length]);
    return {
      sampler: this.sampler.value(),
      gammaPercentile: this.gamma.value(),
      budget: this.budget.value(),
      numSamples,
      seed: [this.seed.value(), 0],
      labels,
      codes: this.codes?.value() ?? null,
    };
  }

  // Draws anew a moment after the last change.
  redraw() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#draw(), PAUSE);
  }

  #draw() {
    const request = this.#request();
    this.gamma.row.hidden = request.sampler !== "drs";
    this.budget.row.hidden = request.sampler !== "obrs";
    for (const one of this.codes?.sliders ?? []) one.row.hidden = request.codes === null;
    this.number += 1;
    Object.assign(this, { request, fresh: [], done: null });
    this.command.textContent = this.#commandOf(request);
    if (request.labels?.includes(undefined)) {
      this.worker.postMessage({ type: "stop" });
      Object.assign(this, { fresh: null, proposals: [], request: { ...request, labels: [] } });
      this.#show();
      this.rates.textContent = "Choose a class.";
      return;
    }
    this.stop.disabled = false;
    this.worker.postMessage({ type: "draw", number: this.number, request });
  }

  #stop() {
    this.worker.postMessage({ type: "stop" });
    this.done = { stopped: true };
    this.#show();
  }

  hear(data) {
    if (data.number !== this.number || this.done?.stopped) return;
    if (data.type === "proposals") {
      if (this.fresh !== null) this.proposals = this.fresh; // the older request's proposals give way to these
      this.fresh = null;
      for (const proposal of data.proposals) this.proposals.push(proposal);
    }
    if (data.type === "done") this.done = data;
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.#show();
    });
  }

  #show() {
    const { proposals, done } = this;
    const accepted = proposals.filter((proposal) => proposal.accepted).length;
    const count = done?.numProposed ?? proposals.length;
    const rate = count ? ` (${percent(accepted / count)})` : "";
    const wanted = this.request.numSamples;
    this.stop.disabled = done !== null;
    let text = `${accepted} of ${wanted} samples accepted, from ${count} proposals${rate}`;
    if (done?.seconds !== undefined) text += `, in ${done.seconds.toPrecision(2)} s`;
    if (done?.stopped) text += ". Stopped";
    else if (done && accepted < wanted) text += ". The limit on proposals was reached";
    this.rates.textContent = `${text}.`;
    if (done) this.announced.textContent = this.rates.textContent;
    const visible = this.withRejected.checked ? proposals : proposals.filter((proposal) => proposal.accepted);
    if (this.isOfPoints) {
      scatter(this.shown, visible);
      const label = `${accepted} accepted points${this.withRejected.checked ? `, ${proposals.length - accepted} rejected ones faded` : ""}`;
      this.shown.setAttribute("aria-label", label);
    } else {
      this.#tile(visible.slice(0, MOST_TILES));
    }
    const left = this.isOfPoints ? 0 : visible.length - Math.min(visible.length, MOST_TILES);
    const spared = (done?.numProposed ?? 0) - proposals.length;
    const notes = [];
    if (left) notes.push(`${left} more proposals are counted but not shown.`);
    if (spared > 0) notes.push(`${spared} proposals were not needed, because their class had its sample.`);
    this.note.textContent = notes.join(" ");
    this.#chart();
  }

  #tile(proposals) {
    while (this.tiles.length < proposals.length) {
      this.tiles.push(new Tile(this.facts.sample_shape));
      this.shown.append(this.tiles.at(-1).element);
    }
    this.tiles.forEach((tile, place) => {
      tile.element.hidden = place >= proposals.length;
      if (place < proposals.length) tile.update(proposals[place], this.className(proposals[place].label));
    });
  }

  #chart() {
    const { request } = this;
    const rule = ruleOf(this.facts, this.burnIns, request);
    const labels = request.labels ? [...new Set(request.labels)] : [0];
    const largest = (label) =>
      this.proposals.reduce((most, one) => (one.label === label ? Math.max(most, one.logRatio) : most), this.burnIns[label].at(-1));
    const largestOf = new Map(labels.map((label) => [label, request.labels ? this.burnIns[label].at(-1) : largest(label)]));
    const thresholds = request.sampler === "generate" ? [] : labels.map((label) => {
      return { name: labels.length > 1 ? String(this.className(label)) : "", value: rule.threshold(largestOf.get(label), label) };
    });
    const chance = labels.length === 1
      ? (ratio) => rule.probability(ratio, Math.max(ratio, largestOf.get(labels[0])), labels[0])
      : null;
    this.ofChance.hidden = chance === null;
    const burnIns = labels.map((label) => this.burnIns[label]);
    this.chart.replaceChildren(histogram(this.proposals, thresholds, chance, burnIns));
  }

  #commandOf({ sampler, gammaPercentile, budget, numSamples, seed, labels, codes }) {
    if (codes) return "Chosen codes: the signature generate_from_codes has the same proposals, without rejection.";
    const own = { drs: ` --gamma_percentile ${gammaPercentile}`, obrs: ` --budget ${budget}`, generate: "" }[sampler];
    const ofClasses = labels && new Set(labels).size < this.facts.classes.length
      ? ` --labels ${listed([...new Set(labels)].map((label) => (this.facts.class_names ?? this.facts.classes)[label]))}`
      : "";
    const out = this.isOfPoints ? "points.npz" : "grid.png";
    return `python -m ganzoo.sample --export_dir EXPORT --signature ${sampler} --num_samples ${numSamples} --seed ${seed[0]}${own}${ofClasses} --out ${out}`;
  }
}
