// The random numbers of ganzoo/noise.py: Philox 4x32-10 (Salmon et al., SC 2011) as TensorFlow seeds and counts it.
// A seed is two int32. Row i of a stream depends on the seed and on i alone.

// Purposes of streams, folded into a seed; numbers of `ganzoo.noise.Purpose`.
export const ACCEPTANCES = 30;
export const CANDIDATES = 32;
export const DROPOUT = 40;

const BLOCK = 4; // 32-bit numbers from one step of the counter
const BEYOND_ROWS = [0, 0x80000000]; // the lower half of the counter, where no row reaches
const SMALLEST = Math.fround(1e-7); // TensorFlow's least uniform number under a logarithm

// The upper 32 bits of a product of two uint32.
function high(a, b) {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const [low, middle, other] = [aLow * bLow, aLow * bHigh, aHigh * bLow];
  const carry = (low >>> 16) + (middle & 0xffff) + (other & 0xffff);
  return (aHigh * bHigh + (middle >>> 16) + (other >>> 16) + (carry >>> 16)) >>> 0;
}

// One step of Philox 4x32-10: four uint32 of a counter of four words and a key of two.
export function philox([c0, c1, c2, c3], [k0, k1]) {
  for (let round = 0; round < 10; round += 1) {
    const [high0, high2] = [high(0xd2511f53, c0), high(0xcd9e8d57, c2)];
    const [low0, low2] = [Math.imul(0xd2511f53, c0), Math.imul(0xcd9e8d57, c2)];
    [c0, c1, c2, c3] = [(high2 ^ c1 ^ k0) >>> 0, low2 >>> 0, (high0 ^ c3 ^ k1) >>> 0, low0 >>> 0];
    [k0, k1] = [(k0 + 0x9e3779b9) >>> 0, (k1 + 0xbb67ae85) >>> 0];
  }
  return [c0, c1, c2, c3];
}

// The key and the upper half of the counter of a seed, as TensorFlow's StatelessRandomGetKeyCounter mixes them.
export function keyAndCounter([seed0, seed1]) {
  const sign = (word) => (word < 0 ? 0xffffffff : 0);
  const mixed = philox([seed0 >>> 0, sign(seed0), seed1 >>> 0, sign(seed1)], [0x3ec8f720, 0x02461e29]);
  return { key: mixed.slice(0, 2), upper: mixed.slice(2) };
}

// A 64-bit number in two words, plus a whole number of at least 0.
function plus([low, high], number) {
  const sum = low + (number % 2 ** 32);
  return [sum >>> 0, (high + Math.floor(number / 2 ** 32) + (sum >= 2 ** 32 ? 1 : 0)) >>> 0];
}

// A new seed for each value, such as a purpose; `noise.fold_in`.
export function foldIn(seed, value) {
  const { key, upper } = keyAndCounter(seed);
  const [first, second] = philox([...BEYOND_ROWS, ...plus(upper, value)], key);
  return [first | 0, second | 0];
}

// Uniform in [0, 1): the lower 23 bits are the fraction of a float32 in [1, 2).
const toUnit = (bits) => (bits & 0x7fffff) / 0x800000;

// Two normal numbers, each step rounded to float32 as TensorFlow rounds it: 98 % of the numbers are bit-equal.
function boxMuller(first, second) {
  const uniform = Math.fround(Math.max(toUnit(first), SMALLEST));
  const angle = Math.fround(2 * Math.PI * toUnit(second));
  const radius = Math.fround(Math.sqrt(Math.fround(-2 * Math.fround(Math.log(uniform)))));
  return [Math.fround(Math.fround(Math.sin(angle)) * radius), Math.fround(Math.fround(Math.cos(angle)) * radius)];
}

const TO_UNITS = (words) => words.map(toUnit);
const TO_NORMALS = ([a, b, c, d]) => [...boxMuller(a, b), ...boxMuller(c, d)];

// Rows take whole blocks of the counter, so that every row begins with a new block.
function rows(toNumbers, seed, rowCount, dim, firstRow) {
  const { key, upper } = keyAndCounter(seed);
  const blocks = Math.ceil(dim / BLOCK);
  const numbers = new Float32Array(rowCount * dim);
  for (let row = 0; row < rowCount; row += 1) {
    for (let block = 0; block < blocks; block += 1) {
      const drawn = toNumbers(philox([...plus([0, 0], (firstRow + row) * blocks + block), ...upper], key));
      const kept = Math.min(BLOCK, dim - block * BLOCK);
      for (let place = 0; place < kept; place += 1) numbers[row * dim + block * BLOCK + place] = drawn[place];
    }
  }
  return numbers;
}

// Float32Array [rowCount * dim]: uniform numbers in [0, 1) of the rows from `firstRow` on; `noise.uniforms`.
export const uniforms = (seed, rowCount, dim = 1, firstRow = 0) => rows(TO_UNITS, seed, rowCount, dim, firstRow);

// Float32Array [rowCount * dim]: standard normal numbers of the rows from `firstRow` on; `noise.normal`.
export const normals = (seed, rowCount, dim, firstRow = 0) => rows(TO_NORMALS, seed, rowCount, dim, firstRow);
