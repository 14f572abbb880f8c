# %% [markdown]
# # 1. The game on paper
#
# A generator makes samples from random numbers. A discriminator D(x) says with which probability x is real. Both play
# one game (Goodfellow et al. 2014, [Generative Adversarial Nets](https://arxiv.org/abs/1406.2661), equation 1):
#
#     min over G, max over D of V = E log D(x) + E log(1 - D(G(z))),
#     x from the data, z from a normal distribution
#
# The first term moves the discriminator alone. The second moves both networks, in opposite directions. This notebook
# checks what the paper proves, on two normal distributions, where every density is known.

# %%
import matplotlib.pyplot as plt
import numpy as np
from scipy import integrate, stats
from sklearn.linear_model import LogisticRegression

p = stats.norm(0.0, 1.0)  # the data
q = stats.norm(1.5, 0.7)  # what the generator makes
x = np.linspace(-4.0, 5.0, 400)

# %% [markdown]
# ## The best discriminator
# At each x the discriminator chooses one number d for the largest `p(x) log d + q(x) log(1 - d)`. The derivative
# `p / d - q / (1 - d)` is 0 at `d = p / (p + q)`. Here a search over 999 numbers finds the same:

# %%
d = np.linspace(0.001, 0.999, 999)
value = p.pdf(x)[:, None] * np.log(d) + q.pdf(x)[:, None] * np.log(1 - d)
found = d[value.argmax(1)]
best = p.pdf(x) / (p.pdf(x) + q.pdf(x))

plt.figure(figsize=(7, 3))
plt.plot(x, p.pdf(x), label="p, the data")
plt.plot(x, q.pdf(x), label="q, the generator")
plt.plot(x, found, ".", markersize=3, label="D found by search")
plt.plot(x, best, "k", linewidth=1, label="p / (p + q)")
plt.legend()
plt.show()
assert np.abs(found - best).max() < 0.002

# %% [markdown]
# ## Its logit is the log density ratio
# A network ends in a logistic function, D = 1 / (1 + exp(-l)). At the best D the logit l is log p - log q. No density
# is needed for that: a classifier learns it from samples. For two normal distributions the log ratio is a polynomial
# of degree 2, so a logistic regression on x and x² can be exact.

# %%
random = np.random.default_rng(0)
reals, fakes = p.rvs(50_000, random), q.rvs(50_000, random)
inputs = np.concatenate([reals, fakes])
is_real = np.repeat([1, 0], 50_000)
classifier = LogisticRegression(C=1e6).fit(np.stack([inputs, inputs**2], 1), is_real)
logit = classifier.decision_function(np.stack([x, x**2], 1))
log_ratio = p.logpdf(x) - q.logpdf(x)

plt.figure(figsize=(7, 3))
plt.plot(x, log_ratio, "k", label="log p - log q")
plt.plot(x, logit, "--", label="the classifier's logit")
plt.legend()
plt.show()
inside = (x > -2) & (x < 3)
assert np.abs(logit - log_ratio)[inside].max() < 0.2

# %% [markdown]
# This is why a discriminator is of use after training, too: notebook 4 rejects samples by it.
#
# ## What the generator then minimises
# With the best D the value is 2 JS(p, q) - log 4, where JS is the Jensen-Shannon divergence. It is -log 4 = -1.39 if
# the generator is perfect. Then D is 1/2 everywhere.


# %%
def js(p, q):
    """The Jensen-Shannon divergence of two distributions, in nats."""

    def integrand(x):
        a, b = p.pdf(x), q.pdf(x)
        return 0.5 * (a * (p.logpdf(x) - np.log((a + b) / 2)) + b * (q.logpdf(x) - np.log((a + b) / 2)))

    return integrate.quad(integrand, -8, 8)[0]


def value_of_the_game(p, q):
    """V at the best discriminator of two distributions."""

    def integrand(x):
        a, b = p.pdf(x), q.pdf(x)
        return a * np.log(a / (a + b)) + b * np.log(b / (a + b))

    return integrate.quad(integrand, -8, 8)[0]


print(f"V = {value_of_the_game(p, q):.4f}, 2 JS - log 4 = {2 * js(p, q) - np.log(4):.4f}")
assert np.isclose(value_of_the_game(p, q), 2 * js(p, q) - np.log(4))

# %% [markdown]
# ## log(1 - D) or log D?
# At the start every sample is recognised: D(G(z)) is near 0. There log(1 - D) has slope -1 and says almost nothing
# about the logit. The paper therefore lets the generator maximise log D (the *non-saturating* loss). In terms of the
# logit l the two slopes are D and 1 - D:

# %%
logits = np.linspace(-8, 8, 200)
D = 1 / (1 + np.exp(-logits))
_, (left, right) = plt.subplots(1, 2, figsize=(9, 3))
left.plot(D, np.log(1 - D), label="log(1 - D), to minimise")
left.plot(D, -np.log(D), label="-log D, to minimise")
left.set(xlabel="D(G(z))", ylim=(-5, 5), title="the losses")
left.legend()
right.plot(logits, D, label="of log(1 - D)")
right.plot(logits, 1 - D, label="of -log D")
right.set(xlabel="logit of D(G(z))", title="size of the slope by the logit")
right.legend()
plt.show()

# %% [markdown]
# ## Why the gradient vanishes
# Let data be N(0, 0.1²) and samples N(t, 0.1²), and let D be the best one at each t. Its logit is (t² - 2 t x) / 0.02.
# The further apart the two are, the better D tells them, and the smaller is the gradient of E log(1 - D) by t. With
# log D it grows instead.

# %%
noise = random.normal(size=20_000)
distances = np.linspace(0.0, 1.0, 41)
saturating, non_saturating = [], []
for t in distances:
    samples = t + 0.1 * noise
    D = 1 / (1 + np.exp(-(t**2 - 2 * t * samples) / 0.02))
    slope = -2 * t / 0.02  # of the logit by x, and so by the sample's own shift
    saturating.append(abs(np.mean(-D * slope)))
    non_saturating.append(abs(np.mean(-(1 - D) * slope)))

plt.figure(figsize=(7, 3))
plt.semilogy(distances[1:], saturating[1:], label="log(1 - D)")
plt.semilogy(distances[1:], non_saturating[1:], label="-log D")
plt.xlabel("distance of the two means; both have a deviation of 0.1")
plt.ylabel("gradient by t")
plt.legend()
plt.show()
assert saturating[-1] < 1e-2 < 10 < non_saturating[-1]  # at distance 1

# %% [markdown]
# ## Exercises
# 1. A discriminator is 30 % sure that x is real. How much likelier is x among the samples than among the data?
# 2. It was trained on three fakes for each real. What must be added to its logits to get log p - log q?
# 3. The generator has dropped half of the data: p is uniform on [0, 2], q on [0, 1]. What is V?

# %%
# Answer 1: D = p / (p + q) = 0.3, so that q / p = (1 - D) / D.
print(f"{0.7 / 0.3:.2f} times")

# %%
# Answer 2: the classifier learns log(p / (3 q)), so that log 3 is missing.
thrice = np.concatenate([reals, fakes, q.rvs(100_000, random)])
uneven = LogisticRegression(C=1e6).fit(np.stack([thrice, thrice**2], 1), np.repeat([1, 0], [50_000, 150_000]))
gap = log_ratio - uneven.decision_function(np.stack([x, x**2], 1))
print(f"{gap[inside].mean():.3f}, log 3 = {np.log(3):.3f}")
assert abs(gap[inside].mean() - np.log(3)) < 0.1

# %%
# Answer 3: on [0, 1] p is 1/2 and q is 1, so that D = 1/3; on [1, 2] D = 1.
print(f"V = {0.5 * np.log(1 / 3) + 0.5 * np.log(1) + np.log(2 / 3):.3f}; the best possible is {-np.log(4):.3f}")
