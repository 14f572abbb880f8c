// The rules of acceptance of ganzoo/sampling: drs (Azadi et al. 2019) and obrs (Verine et al. 2024).
// A burn-in is an ascending Float32Array of log ratios, one for each class.

const EPSILON = 1e-8; // in the logarithm of F, as in ganzoo/sampling/drs.py

const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

// The two values of a burn-in that a percentile lies between, and the weight of the upper one; positions are float32.
function neighbours(ascending, percent) {
  const last = ascending.length - 1;
  const position = Math.fround(Math.fround(Math.fround(percent) / 100) * last);
  const below = Math.min(Math.max(Math.floor(position), 0), last);
  return [ascending[below], ascending[Math.min(below + 1, last)], Math.fround(position - below)];
}

const between = ([lower, upper, weight]) => (1 - weight) * lower + (weight > 0 ? weight * upper : 0);

export const percentile = (ascending, percent) => between(neighbours(ascending, percent));

// F(x) + M = x - log(1 - exp(x - M - epsilon))
function above(logRatio, maximum) {
  const gap = logRatio - maximum;
  return logRatio - Math.log(-Math.expm1(gap) - Math.exp(gap) * Math.expm1(-EPSILON));
}

// {level, maximum}: gamma + M, and M itself, for the largest log ratio so far.
function levelAndMaximum(burnIn, largest, gammaPercentile, maximumPercentile) {
  let [lower, upper, weight] = neighbours(burnIn, gammaPercentile);
  let maximum = largest;
  if (maximumPercentile < 100) {
    const most = percentile(burnIn, maximumPercentile);
    [lower, upper, maximum] = [lower, upper, maximum].map((value) => Math.min(value, most));
  }
  return { level: between([above(lower, maximum), above(upper, maximum), weight]), maximum };
}

const probabilityWithin = (logRatio, { level, maximum }) =>
  logRatio === -Infinity ? 0 : sigmoid(above(Math.min(logRatio, maximum), maximum) - level);

// drs. `largest` is the largest log ratio so far, this one's and the burn-in's included.
// A rule has `probability(logRatio, largest, class)`, `threshold(largest, class)` and `expected(class)`:
// the log ratio at which half is accepted, and the share of proposals that will be accepted.
export function drs(burnIns, gammaPercentile, maximumPercentile) {
  const kept = burnIns.map(() => ({ largest: NaN }));
  const boundsOf = (largest, label) => {
    if (kept[label].largest !== largest) {
      const bounds = levelAndMaximum(burnIns[label], largest, gammaPercentile, maximumPercentile);
      kept[label] = { largest, bounds };
    }
    return kept[label].bounds;
  };
  return {
    probability: (logRatio, largest, label) => probabilityWithin(logRatio, boundsOf(largest, label)),
    threshold(largest, label) {
      const { level, maximum } = boundsOf(largest, label);
      return level - softplus(level - maximum - EPSILON);
    },
    expected(label) {
      const burnIn = burnIns[label];
      const every = Math.max(1, Math.floor(burnIn.length / 256));
      const bounds = boundsOf(burnIn.at(-1), label);
      let [sum, count] = [0, 0];
      for (let place = every >> 1; place < burnIn.length; place += every) {
        sum += probabilityWithin(burnIn[place], bounds);
        count += 1;
      }
      return sum / count;
    },
  };
}

// obrs at a budget of K proposals per sample: probability min(1, r c_K / M).
export function obrs(burnIns, budget) {
  const scales = burnIns.map((burnIn) => logScale(burnIn, budget));
  return {
    probability: (logRatio, _, label) => Math.exp(Math.min(logRatio + scales[label], 0)),
    threshold: (_, label) => Math.log(0.5) - scales[label],
    expected: () => 1 / budget,
  };
}

// log(c_K / M), with which the mean acceptance over a burn-in is 1/K; `log_scale` of ganzoo/sampling/obrs.py.
export function logScale(burnIn, budget) {
  const count = burnIn.length;
  const target = count / Math.max(budget, 1);
  const logSums = [];
  let [impossible, below, sum] = [0, 0, -Infinity];
  burnIn.forEach((logRatio, place) => {
    const larger = Math.max(sum, logRatio);
    sum = larger === -Infinity ? larger : larger + Math.log(Math.exp(sum - larger) + Math.exp(logRatio - larger));
    logSums.push(sum);
    if (sum === -Infinity) impossible += 1;
    const ones = count - 1 - place;
    if (ones + (Number.isFinite(logRatio) ? Math.exp(sum - logRatio) : 1) > target) below += 1;
  });
  below = Math.min(Math.max(below, impossible + 1), count);
  const scale = Math.log(Math.max(target - (count - below), 0)) - logSums[below - 1];
  return Math.max(scale, below < count ? -burnIn[below] : -Infinity);
}

// The generator alone.
export const everything = () => ({ probability: () => 1, threshold: () => -Infinity, expected: () => 1 });
