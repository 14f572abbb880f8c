# %% [markdown]
# # 4. Rejection: better samples from the same generator
#
# A generator proposes samples with density q. We want samples with density p. If M is a number with p <= M q
# everywhere, we accept a sample x with probability p(x) / (M q(x)). This notebook begins with two known distributions,
# goes on to Discriminator Rejection Sampling ([Azadi et al. 2019](https://arxiv.org/abs/1810.06758)), and ends with a
# trained model on the paper's 25 Gaussians.

# %% tags=["remove_output"]
import os
import tempfile

import ganzoo
from ganzoo.data import loading, pipeline
from ganzoo.evaluation.mode_coverage import mode_coverage
from ganzoo.sampling import drs, obrs
from ganzoo.serving.exported import Exported
import matplotlib.pyplot as plt
import numpy as np
from scipy import stats
import tensorflow as tf

STEPS = int(os.environ.get("NOTEBOOK_STEPS", "6000"))  # of the training below
random = np.random.default_rng(0)

# %% [markdown]
# ## Two known distributions
# The data are N(0, 1), the generator is N(0.5, 1.5²). The ratio p / q has its largest value M near 0, and one of M
# proposals is accepted.

# %%
p, q = stats.norm(0.0, 1.0), stats.norm(0.5, 1.5)
x = np.linspace(-5, 5, 2001)
M = np.max(p.pdf(x) / q.pdf(x))

proposals = q.rvs(100_000, random)
probability = p.pdf(proposals) / (M * q.pdf(proposals))
accepted = proposals[random.random(100_000) < probability]

plt.figure(figsize=(7, 3))
plt.hist(proposals, bins=100, range=(-5, 5), density=True, alpha=0.4, label="proposals")
plt.hist(accepted, bins=100, range=(-5, 5), density=True, alpha=0.4, label="accepted")
plt.plot(x, p.pdf(x), "k", label="p, the data")
plt.legend()
plt.show()
print(f"M = {M:.3f}; accepted {len(accepted) / 100_000:.3f}, 1 / M = {1 / M:.3f}")
assert abs(len(accepted) / 100_000 - 1 / M) < 0.01
assert stats.kstest(accepted, p.cdf).pvalue > 1e-3

# %% [markdown]
# Why do accepted samples follow p? A sample is proposed with density q and accepted with probability p / (M q). Both
# happen with density q p / (M q) = p / M. The factor 1 / M is the same for all x. It is the share of proposals that is
# accepted, so that M should be small.
#
# ## The discriminator as the ratio
# The best discriminator's logit is log p/q (notebook 1). So a trained discriminator gives the acceptance probability
# exp(logit - log M), with the largest logit as log M. In many dimensions this rejects nearly everything. The paper
# therefore takes sigmoid(F - gamma), where F = logit - log M - log(1 - exp(logit - log M)). With gamma = 0 that is
# plain rejection. A negative gamma accepts more. In practice gamma is a percentile of F over some proposals:

# %%
log_ratio = np.sort(p.logpdf(proposals) - q.logpdf(proposals)).astype(np.float32)
shown = np.linspace(log_ratio[0], log_ratio[-1], 500, dtype=np.float32)

plt.figure(figsize=(7, 3))
plt.plot(shown, np.exp(shown - log_ratio[-1]), "k", label="plain rejection")
for percentile in (20, 50, 80, 95):
    by_gamma = drs.acceptance_probability(shown, log_ratio[-1], log_ratio, percentile)
    plt.plot(shown, by_gamma, label=f"gamma at {percentile} %")
plt.xlim(-4, None)
plt.xlabel("log p/q")
plt.ylabel("accepted with probability")
plt.legend()
plt.show()

# %% [markdown]
# ## A budget instead of gamma
# [Verine et al. 2024](https://arxiv.org/abs/2311.00460) ask for the best acceptance with K proposals for a sample. The
# answer is min(1, c p/q), where c brings the mean acceptance to 1 / K. With K = 1 everything is accepted. With K = M
# it is plain rejection.

# %%
budgets = obrs.budgets_of(tf.constant(log_ratio))
plt.figure(figsize=(7, 3))
for budget in (1.05, 1.2, 1.5):
    scale = obrs.log_scale(budgets, budget).numpy()
    by_budget = np.minimum(1.0, np.exp(log_ratio + scale))
    print(f"K = {budget}: mean acceptance {by_budget.mean():.3f}, 1 / K = {1 / budget:.3f}")
    assert abs(by_budget.mean() - 1 / budget) < 1e-3
    plt.plot(log_ratio[::100], by_budget[::100], label=f"K = {budget}")
plt.xlim(-4, None)
plt.xlabel("log p/q")
plt.ylabel("accepted with probability")
plt.legend()
plt.show()

# %% [markdown]
# ## 25 Gaussians
# Now a trained model. Its data are 25 Gaussians on a grid. The export fits the density ratio on points that training
# has not seen, and has the samplers `generate` (no rejection), `drs`, `obrs` and `mh` (Metropolis-Hastings, [Turner et
# al. 2019](https://arxiv.org/abs/1811.11357)).

# %%
parts = loading.load_parts("gaussians25")
model = ganzoo.create("gan", image_shape=(2,))
model.compile()
batches = pipeline.batches(parts.train.samples, 512, seed=0, steps=STEPS, draws=model.n_critic)
model.fit(batches, shuffle=False, verbose=0)
folder = tempfile.mkdtemp()
model.export(folder, parts.ratio.samples[:20_000])
export = Exported(folder)

# %% [markdown]
# A sample is of high quality if it lies within four standard deviations of a mode (Azadi et al., section 4.1).

# %%
mixture = parts.test.mixture
samples = {"data": parts.test.samples[:2_000]}
samples |= {name: export.draw(name, 2_000, seed=1)["samples"] for name in ("generate", "drs", "obrs", "mh")}

_, axes = plt.subplots(1, 5, figsize=(15, 3.2), sharex=True, sharey=True)
for axis, (name, points) in zip(axes, samples.items(), strict=True):
    found = mode_coverage(points, parts.test.samples, mixture.centers, mixture.sigma)
    axis.plot(*points.T, ".", markersize=1)
    axis.set(title=f"{name}: {found.modes} modes\n{found.high_quality:.1%} of high quality", aspect="equal")
    axis.set(xlim=(-2.6, 2.6), ylim=(-2.6, 2.6))
plt.show()

# %% [markdown]
# ## Exercises
# 1. The data are N(0, 1), the generator N(0, 2²). What is M? What happens with a generator N(0, 0.5²)?
# 2. The same pair in d independent dimensions: what share is accepted for d = 1, 10 and 100?
# 3. A discriminator was trained too sharp: its logits are twice log p/q. Which density do accepted samples have?

# %%
# Answer 1: p/q is largest at 0, where it is 2. For the narrow generator the ratio has no bound: rejection cannot bring
# back what is never proposed.
for deviation in (2.0, 0.5):
    ratio = stats.norm(0, 1).pdf(x) / stats.norm(0, deviation).pdf(x)
    print(f"deviation {deviation}: the largest ratio within 5 of the mean is {ratio.max():.3g}")

# %%
# Answer 2: M is 2 for each dimension, so 2^d for all of them.
print({d: f"{0.5**d:.2g}" for d in (1, 10, 100)})

# %%
# Answer 3: q (p/q)² = p² / q, scaled. Here the generator is wider than the data, and the samples become too narrow:
# the logarithm of p² / q has the curvature -2 + 1/4, so that the deviation is 1 / sqrt(1.75).
wide = stats.norm(0.0, 2.0)
draws = wide.rvs(200_000, random)
squared = 2 * (p.logpdf(draws) - wide.logpdf(draws))
kept = draws[random.random(200_000) < np.exp(squared - squared.max())]
print(f"deviation {kept.std():.3f}; 1 / sqrt(1.75) = {1 / np.sqrt(1.75):.3f}, the data's is 1")
assert abs(kept.std() - 1 / np.sqrt(1.75)) < 0.01
