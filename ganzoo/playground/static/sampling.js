// Rejection sampling, proposal by proposal, with the results of ganzoo/sampling/rejection.py and per_class.py.

import { drs, everything, obrs } from "./acceptance.js";
import { latentsOf, latentsWithCodes } from "./latents.js";
import { ACCEPTANCES, foldIn, uniforms } from "./random.js";

const MOST_KEPT = 64e6; // bytes of evaluated proposals

// Proposals that the network has evaluated, kept until the seed or the codes change: a slider then costs no network.
export class Proposals {
  // `network.propose(latents, uniforms, labels)` resolves to {samples, logRatios}; `facts` are playground.json's.
  constructor(facts, network) {
    Object.assign(this, { facts, network, kept: new Map(), key: "" });
    this.size = facts.sample_shape.reduce((product, side) => product * side, 1);
  }

  begin(seed, codes) {
    const key = JSON.stringify([seed, codes]);
    if (key !== this.key) this.kept = new Map();
    Object.assign(this, { seed, codes, key, uniformSeed: foldIn(seed, ACCEPTANCES) });
  }

  // Proposals [{index, label, sample, logRatio, uniform}] of places in the stream, in their order.
  // `places` are {index, label}, with ascending indices; label is a class's number, 0 where there are no classes.
  async at(places) {
    if (this.kept.size * this.size * 4 > MOST_KEPT) this.kept = new Map();
    const { kept } = this; // of this seed, whatever begins while the network runs
    const nameOf = ({ index, label }) => `${index}:${label}`;
    const missing = places.filter((place) => !kept.has(nameOf(place)));
    if (missing.length) {
      const drawn = missing.map(({ index }) => this.#latents(index));
      const latents = new Float32Array(missing.length * this.facts.latents.dim);
      drawn.forEach((row, place) => latents.set(row, place * this.facts.latents.dim));
      const numbers = Float32Array.from(missing, ({ index }) => uniforms(this.uniformSeed, 1, 1, index)[0]);
      const labels = this.facts.classes && missing.map(({ label }) => this.facts.classes[label]);
      const { samples, logRatios } = await this.network.propose(latents, numbers, labels);
      missing.forEach((place, row) => {
        const sample = samples.slice(row * this.size, (row + 1) * this.size);
        const logRatio = Number.isFinite(logRatios[row]) ? logRatios[row] : -Infinity;
        kept.set(nameOf(place), { ...place, sample, logRatio, uniform: numbers[row] });
      });
    }
    return places.map((place) => kept.get(nameOf(place)));
  }

  #latents(index) {
    const { latents } = this.facts;
    return this.codes
      ? latentsWithCodes(latents, this.seed, index, 1, this.codes)
      : latentsOf(latents, this.seed, index, 1);
  }
}

// The rule of a request: {sampler: "drs" | "obrs" | "generate", gammaPercentile, budget}.
export function ruleOf(facts, burnIns, { sampler, gammaPercentile, budget }) {
  if (sampler === "drs") return drs(burnIns, gammaPercentile, facts.sampling.maximum_percentile);
  return sampler === "obrs" ? obrs(burnIns, budget) : everything();
}

// Draws until `numSamples` are accepted or the limit on proposals is reached.
//
// request: {sampler, gammaPercentile, budget, numSamples, seed: two int32, labels: the classes' numbers or null,
//   codes: {category, continuous} or null}. With labels, each gets one sample.
// onProposals(proposals) is awaited for each chunk, of proposals with their {probability, threshold, accepted}. If it
//   resolves to false, the drawing ends early and resolves to null.
// Resolves to {accepted: proposals in the order of the signature's rows, numProposed}.
export async function draw(proposals, burnIns, request, onProposals, chunk = chunkOf(proposals.facts)) {
  const rule = ruleOf(proposals.facts, burnIns, request);
  proposals.begin(request.seed, request.codes ?? null);
  const sampler = request.labels && request.sampler !== "generate" ? acceptEach : acceptReject;
  return sampler(proposals, rule, burnIns, request, onProposals, chunk);
}

// Rows that one run of the network takes, so that the first samples show soon.
export function chunkOf({ sample_shape: [height, width] }) {
  return width === undefined ? 256 : Math.min(16, Math.max(1, Math.round((16 * 28 * 28) / (height * width))));
}

const mostProposals = (proposals, request) => request.numSamples * proposals.facts.sampling.max_proposals_per_sample;

async function acceptReject(proposals, rule, burnIns, request, onProposals, chunk) {
  const accepted = [];
  const most = mostProposals(proposals, request);
  let [index, largest] = [0, burnIns[0].at(-1)];
  while (accepted.length < request.numSamples && index < most) {
    const missing = Math.ceil((request.numSamples - accepted.length) / Math.max(rule.expected(0), 1e-6));
    const count = Math.min(chunk, missing, most - index);
    const labelAt = (place) => (request.labels ? request.labels[place % request.labels.length] : 0);
    const places = Array.from({ length: count }, (_, place) => ({ index: index + place, label: labelAt(index + place) }));
    const decided = [];
    for (const proposal of await proposals.at(places)) {
      largest = Math.max(largest, proposal.logRatio);
      decided.push(decide(proposal, rule, request.labels ? burnIns[proposal.label].at(-1) : largest));
      index += 1;
      if (decided.at(-1).accepted) accepted.push(decided.at(-1));
      if (accepted.length === request.numSamples) break;
    }
    if ((await onProposals(decided)) === false) return null;
  }
  return { accepted, numProposed: index };
}

function decide(proposal, rule, largest) {
  const probability = rule.probability(proposal.logRatio, largest, proposal.label);
  const threshold = rule.threshold(largest, proposal.label);
  return { ...proposal, probability, threshold, accepted: proposal.uniform < probability };
}

// Each round deals its proposals out to the labels without a sample. A label keeps its first accepted proposal; further
// proposals of the round for that label decide nothing and are left out, but count as proposed.
async function acceptEach(proposals, rule, burnIns, request, onProposals, chunk) {
  const { labels } = request;
  const most = mostProposals(proposals, request);
  const owned = labels.map(() => null);
  const expected = labels.length / labels.reduce((sum, label) => sum + 1 / Math.max(rule.expected(label), 1e-6), 0);
  let [waiting, proposed] = [labels.map((_, slot) => slot), 0];
  while (waiting.length && proposed < most) {
    const count = labels.length - waiting.length;
    const rowCount = roundRowCount(waiting.length, count, proposed, expected, proposals.facts.sampling.batch_size);
    let [place, last] = [0, -1];
    while (place < rowCount && proposed + place < most && waiting.some((slot) => !owned[slot])) {
      const places = [];
      for (; place < rowCount && proposed + place < most && places.length < chunk; place += 1) {
        const slot = waiting[place % waiting.length];
        if (!owned[slot]) places.push({ index: proposed + place, label: labels[slot], slot });
      }
      const decided = [];
      const found = await proposals.at(places.map(({ index, label }) => ({ index, label })));
      found.forEach((proposal, number) => {
        const { slot } = places[number];
        if (owned[slot]) return;
        const largest = Math.max(burnIns[proposal.label].at(-1), proposal.logRatio);
        decided.push(decide(proposal, rule, largest));
        if (decided.at(-1).accepted) {
          owned[slot] = decided.at(-1);
          last = proposal.index - proposed;
        }
      });
      if ((await onProposals(decided)) === false) return null;
    }
    waiting = waiting.filter((slot) => !owned[slot]);
    proposed = Math.min(proposed + (waiting.length ? rowCount : last + 1), most);
  }
  return { accepted: owned.filter((proposal) => proposal), numProposed: proposed };
}

// `round_row_count` and `batch_row_count` of ganzoo/sampling, in float32 as there.
export function roundRowCount(missing, count, proposed, expected, batchSize) {
  const rate = Math.fround(Math.fround(count + Math.fround(16 * expected)) / Math.fround(proposed + 16));
  const needed = Math.fround(missing / Math.max(rate, Math.fround(1e-6)));
  const step = Math.max(1, Math.floor(batchSize / 16));
  const shapes = [];
  for (let power = 1; power < step; power *= 2) shapes.push(power);
  for (let size = step; size < batchSize; size += step) shapes.push(size);
  return shapes.find((size) => size >= needed) ?? batchSize;
}
