// Translations of one picture, and the rejection among them where the generator has noise (pix2pix).

import { session } from "./network.js";
import { ACCEPTANCES, CANDIDATES, DROPOUT, foldIn, uniforms } from "./random.js";
import { draw } from "./sampling.js";

const CHUNK = 4;

// `facts` are playground.json's; `read(url)` resolves to a file's ArrayBuffer. Networks are loaded when first used.
export class Translator {
  constructor(facts, read) {
    Object.assign(this, { facts, read, loaded: {} });
  }

  // Float32Array of a picture to its translation by a direction's number. The seed is for generators with noise.
  async translate(picture, direction, seed) {
    const { samples } = await this.run(picture, direction, seed, [0]);
    return samples;
  }

  // {samples, logRatios}: translations with the noise of rows of the seed's stream; log ratios where there is noise.
  async run(picture, direction, seed, rows) {
    const { onnx, domain } = this.facts.directions[direction];
    this.loaded[onnx] ??= session(onnx, this.read);
    const { ort, session: network } = await this.loaded[onnx];
    const repeated = new Float32Array(rows.length * picture.length);
    rows.forEach((_, place) => repeated.set(picture, place * picture.length));
    const inputs = { images: new ort.Tensor("float32", repeated, [rows.length, ...this.facts.image_shape]) };
    if (domain !== undefined) {
      inputs.domains = new ort.Tensor("int64", BigInt64Array.from(rows, () => BigInt(domain)), [rows.length]);
    }
    if (this.facts.dropouts) {
      const numbers = this.#numbers(seed, rows);
      inputs.numbers = new ort.Tensor("float32", numbers, [rows.length, numbers.length / rows.length]);
    }
    const { images_out, log_ratio } = await network.run(inputs);
    return { samples: images_out.data, logRatios: log_ratio?.data };
  }

  // The uniform numbers of `SeededDropout`, those of each layer one after another.
  #numbers(seed, rows) {
    const total = this.facts.dropouts.reduce((sum, [, count]) => sum + count, 0);
    const numbers = new Float32Array(rows.length * total);
    const layers = this.facts.dropouts.map(([index, count]) => [foldIn(foldIn(seed, DROPOUT), index), count]);
    rows.forEach((row, place) => {
      let offset = place * total;
      for (const [layerSeed, count] of layers) {
        numbers.set(uniforms(layerSeed, 1, count, row), offset);
        offset += count;
      }
    });
    return numbers;
  }
}

// Proposals for one picture, with the interface of `Proposals` in sampling.js.
class Translations {
  constructor(translator, picture, direction) {
    Object.assign(this, { translator, picture, direction, facts: translator.facts });
  }

  begin(seed) {
    Object.assign(this, { seed, uniformSeed: foldIn(seed, ACCEPTANCES) });
  }

  async at(places) {
    const rows = places.map(({ index }) => index);
    const { samples, logRatios } = await this.translator.run(this.picture, this.direction, this.seed, rows);
    return places.map((place, row) => {
      const logRatio = Number.isFinite(logRatios[row]) ? logRatios[row] : -Infinity;
      const sample = samples.slice(row * this.picture.length, (row + 1) * this.picture.length);
      return { ...place, sample, logRatio, uniform: uniforms(this.uniformSeed, 1, 1, place.index)[0] };
    });
  }
}

// `drs` of a picture: the log ratios of its candidates are the burn-in, and the first accepted proposal is the answer.
// Arguments and result as of `draw` in sampling.js; `request` has {picture, direction, seed, gammaPercentile}.
export async function drawTranslation(translator, request, onProposals) {
  const { picture, direction, seed, gammaPercentile } = request;
  const candidateSeed = foldIn(seed, CANDIDATES);
  const ratios = [];
  for (let row = 0; row < translator.facts.sampling.candidates; row += CHUNK) {
    const count = Math.min(CHUNK, translator.facts.sampling.candidates - row);
    const rows = Array.from({ length: count }, (_, place) => row + place);
    ratios.push(...(await translator.run(picture, direction, candidateSeed, rows)).logRatios);
    if ((await onProposals([])) === false) return null;
  }
  const burnIn = Float32Array.from(ratios, (ratio) => (Number.isFinite(ratio) ? ratio : -Infinity)).sort();
  const own = { sampler: "drs", gammaPercentile, numSamples: 1, seed, labels: [0] };
  return draw(new Translations(translator, picture, direction), [burnIn], own, onProposals, CHUNK);
}
