// The latents of a model's proposals, row by row, as its Python class draws them.

import { normals } from "./random.js";

const INVERSE_ROOT = 1 / Math.sqrt(2);

// The error function. Abramowitz and Stegun 7.1.6 for |x| < 3; 1 - erf is a continued fraction (7.1.14) beyond.
export function erf(x) {
  const size = Math.abs(x);
  if (size > 6) return Math.sign(x);
  const scale = Math.exp(-size * size) / Math.sqrt(Math.PI);
  if (size < 3) {
    let [term, sum] = [size, size];
    for (let n = 1; term > 1e-17 * sum; n += 1) {
      term *= (2 * size * size) / (2 * n + 1);
      sum += term;
    }
    return Math.sign(x) * 2 * scale * sum;
  }
  let fraction = size;
  for (let n = 60; n > 0; n -= 1) fraction = size + n / 2 / fraction;
  return Math.sign(x) * (1 - scale / fraction);
}

// Float32Array [count * dim]. `latents` of playground.json says which distribution:
// "normal"; "uniform" on [-1, 1] (dcgan); "codes" (infogan): noise, a one-hot category, codes that are uniform on [-1, 1].
export function latentsOf(latents, seed, first, count) {
  const { dim, distribution, categories, continuous } = latents;
  if (distribution !== "codes") {
    const numbers = normals(seed, count, dim, first);
    return distribution === "normal" ? numbers : numbers.map((number) => erf(number * INVERSE_ROOT));
  }
  const noiseDim = dim - categories - continuous;
  const width = noiseDim + 1 + continuous;
  const numbers = normals(seed, count, width, first);
  return joined(latents, count, (row) => {
    const own = numbers.subarray(row * width, (row + 1) * width);
    const [category, ...codes] = Array.from(own.subarray(noiseDim), (number) => Math.fround(erf(number * INVERSE_ROOT)));
    const chosen = Math.min(Math.floor(Math.fround((category + 1) / 2) * categories), categories - 1);
    return { noise: own.subarray(0, noiseDim), category: chosen, codes };
  });
}

// The same with codes that the caller sets, as the signature `generate_from_codes` has them.
export function latentsWithCodes(latents, seed, first, count, { category, continuous }) {
  const noiseDim = latents.dim - latents.categories - latents.continuous;
  const numbers = normals(seed, count, noiseDim, first);
  return joined(latents, count, (row) => {
    return { noise: numbers.subarray(row * noiseDim, (row + 1) * noiseDim), category, codes: continuous };
  });
}

function joined({ dim, categories, continuous }, count, rowOf) {
  const values = new Float32Array(count * dim);
  for (let row = 0; row < count; row += 1) {
    const { noise, category, codes } = rowOf(row);
    const noiseDim = dim - categories - continuous;
    values.set(noise, row * dim);
    values[row * dim + noiseDim + category] = 1;
    values.set(codes, row * dim + noiseDim + categories);
  }
  return values;
}
