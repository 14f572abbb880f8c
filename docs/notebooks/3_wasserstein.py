# %% [markdown]
# # 3. Distances between distributions, and the Wasserstein critic
#
# A generator is trained by a distance between its samples and the data. Which distance can it learn from? This
# notebook follows [Wasserstein GAN](https://arxiv.org/abs/1701.07875) (Arjovsky et al. 2017) and [Improved Training of
# Wasserstein GANs](https://arxiv.org/abs/1704.00028) (Gulrajani et al. 2017).

# %% tags=["remove_output"]
import os

from ganzoo.data.sources import toys
from ganzoo.errors import GanzooError
from ganzoo.losses import penalties
from ganzoo.losses.adversarial import wasserstein
from ganzoo.networks import mlp
import keras
import matplotlib.pyplot as plt
import numpy as np
from scipy import stats
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
import tensorflow as tf

STEPS = int(os.environ.get("NOTEBOOK_STEPS", "2000"))  # of each critic below
keras.utils.set_random_seed(0)
random = np.random.default_rng(0)

# %% [markdown]
# ## Two parallel lines
# The data lie evenly on the segment (0, z) with z in [0, 1]. The samples lie on its copy at distance t, the points (t,
# z). For t = 0 all distances are 0. For any other t no point of one line lies on the other. Then
#
# - the total variation is 1,
# - the Kullback-Leibler divergence is infinite,
# - the Jensen-Shannon divergence is log 2 = 0.69,
# - the earth mover's distance is |t|: each point of the mass moves straight across.
#
# Only the last one says in which direction the lines come closer. Here it is computed from 200 points of each line, as
# the cheapest way to match them.

# %%
shifts = np.linspace(-1, 1, 41)
z = np.linspace(0, 1, 200)
data = np.stack([np.zeros(200), z], 1)


def earth_mover(one, other):
    """The mean distance of the best matching of two sets of as many points."""
    costs = cdist(one, other)
    return costs[linear_sum_assignment(costs)].mean()


moved = [earth_mover(data, data + np.array([t, 0])) for t in shifts]
plt.figure(figsize=(7, 3))
plt.plot(shifts, moved, label="earth mover")
plt.plot(shifts, shifts != 0, ".", label="total variation")
plt.plot(shifts, np.log(2) * (shifts != 0), ".", label="Jensen-Shannon")
plt.xlabel("t")
plt.legend()
plt.show()
assert np.allclose(moved, np.abs(shifts))

# %% [markdown]
# ## A critic in the place of a classifier
# By the theorem of Kantorovich and Rubinstein the earth mover's distance is the largest E f(data) - E f(samples) of
# all functions f whose slope is nowhere above 1. A network can play f, if something bounds its slope:
#
# - WGAN clips each weight to [-c, c] after each step,
# - WGAN-GP adds the penalty 10 E(|grad f| - 1)² at points between data and samples.
#
# Both are tried on two normal distributions in one dimension, 1.5 apart, where the distance is 1.5.


# %%
def critic_of(dimensions, width=128, depth=3):
    return mlp.discriminator((dimensions,), width=width, depth=depth)


def train(critic, reals_of, fakes_of, *, clip=None, steps=STEPS, rate=1e-3):
    """Trains a critic alone, by clipping or, without a limit, by the penalty. Returns its last estimate."""
    optimizer = keras.optimizers.Adam(rate, beta_1=0.5, beta_2=0.9)
    variables = critic.trainable_variables

    @tf.function
    def step(reals, fakes, uniforms):
        with tf.GradientTape() as tape:
            distance = -wasserstein(critic(reals), critic(fakes))
            loss = -distance
            if clip is None:
                between = penalties.interpolate(reals, fakes, uniforms)
                loss += 10.0 * penalties.gradient_penalty(penalties.gradient_norms(critic, between))
        optimizer.apply(tape.gradient(loss, variables), variables)
        if clip is not None:
            penalties.clip_weights(variables, clip)
        return distance

    distance = tf.constant(0.0)
    for _ in range(steps):
        reals, fakes = (of(256).astype(np.float32) for of in (reals_of, fakes_of))
        distance = step(reals, fakes, tf.random.uniform([256]))
    return float(distance)


def near(count):
    return random.normal(0.0, 1.0, (count, 1))


def far(count):
    return random.normal(1.5, 1.0, (count, 1))


line = np.linspace(-3, 5, 200, dtype=np.float32)[:, None]
plt.figure(figsize=(7, 3))
for name, clip in (("penalty", None), ("clipped at 0.1", 0.1), ("clipped at 0.01", 0.01)):
    critic = critic_of(1)
    estimate = train(critic, near, far, clip=clip)
    values = critic(line).numpy()
    slope = np.abs(np.diff(values) / np.diff(line[:, 0])).max()
    print(f"{name}: estimate {estimate:.3g}, steepest slope {slope:.3g}")
    plt.plot(line, values / max(slope, 1e-9), label=name)
plt.title("critics, each divided by its steepest slope")
plt.legend()
plt.show()
print(f"the distance: {stats.wasserstein_distance(near(100_000)[:, 0], far(100_000)[:, 0]):.3f}")

# %% [markdown]
# By the penalty the estimate is near the distance. By clipping it is a multiple of the distance, and the multiple
# depends on c, the width and the depth: with c = 0.01 it is so small that the generator would learn slowly.
#
# ## What clipping makes of a critic
# As in the second paper's figure 1, the generator stands still: it is the data plus normal noise. Each critic is
# trained. A clipped critic becomes a simple function that misses the modes, and its weights go to the two ends of the
# allowed interval.


# %%
def sampler_of(name):
    points = toys.sample(name).samples
    return lambda count: points[random.integers(len(points), size=count)]


def noised(of):
    return lambda count: of(count) + random.normal(size=(count, 2))


grid = np.linspace(-3, 3, 80, dtype=np.float32)
places = np.stack(np.meshgrid(grid, grid), -1).reshape(-1, 2)
_, axes = plt.subplots(2, 4, figsize=(14, 6.5))
for row, name in zip(axes, ("gaussians8", "swissroll"), strict=True):
    reals_of = sampler_of(name)
    for column, (title, clip) in enumerate((("clipping, c = 0.01", 0.01), ("penalty", None))):
        critic = critic_of(2)
        train(critic, reals_of, noised(reals_of), clip=clip)
        surface, weights = row[column], row[2 + column]
        surface.contour(grid, grid, critic(places).numpy().reshape(80, 80), levels=12)
        surface.plot(*reals_of(500).T, ".", color="tab:orange", markersize=1)
        surface.set(title=f"{name}, {title}", aspect="equal", xlim=(-3, 3), ylim=(-3, 3))
        kernels = np.concatenate([w.numpy().ravel() for w in critic.trainable_variables if len(w.shape) == 2])
        weights.hist(kernels, 60, log=True)
        weights.set_title(f"weights, {title}")
plt.tight_layout()
plt.show()

# %% [markdown]
# ## Exploding and vanishing gradients
# Clipping also decides how gradients pass through a deep critic. Here a critic of 12 layers has random weights up to
# c. The picture shows the gradient's size at each layer, from the output back. For a small c it vanishes, for a large
# one it explodes. Between them lies a narrow range.

# %%
plt.figure(figsize=(7, 3))
inputs = tf.constant(noised(sampler_of("swissroll"))(256).astype(np.float32))
for clip in (0.01, 0.1, 0.5):
    critic = critic_of(2, width=128, depth=12)
    for variable in critic.trainable_variables:
        variable.assign(random.uniform(-clip, clip, variable.shape))
    kernels = [variable for variable in critic.trainable_variables if len(variable.shape) == 2]
    with tf.GradientTape() as tape:
        output = tf.reduce_mean(critic(inputs))
    sizes = [float(tf.norm(gradient)) for gradient in tape.gradient(output, kernels)]
    plt.semilogy(range(len(sizes))[::-1], np.maximum(sizes, 1e-30), "o-", label=f"c = {clip}")
plt.xlabel("layers back from the output")
plt.ylabel("size of the gradient")
plt.legend()
plt.show()

# %% [markdown]
# ## Exercises
# 1. What is the earth mover's distance of N(0, 1) and N(0, 2²)? What do the critics look like?
# 2. A linear critic f(x) = w x is clipped to [-c, c]. What is its best estimate for two distributions with the means 0
#    and m? How does it depend on c?
# 3. Why has a critic with a gradient penalty no batch norm?

# %%
# Answer 1: quantiles move from u to 2 u, so that the distance is E|u| = sqrt(2 / pi). The best critic is -|x| (or |x|,
# by the sign): a roof. Clipped critics can only bend a little.
u = random.normal(size=200_000)
print(f"{stats.wasserstein_distance(u, 2 * u):.3f}, sqrt(2 / pi) = {np.sqrt(2 / np.pi):.3f}")

# %%
# Answer 2: E f(data) - E f(samples) = -w m is largest at w = -c, where it is c m. It is c times the distance m.
for c in (0.01, 0.1, 1.0):
    print(f"c = {c}: {max(-w * 1.5 for w in (-c, c)):.3f} of 1.5")

# %%
# Answer 3: batch norm makes one sample's output depend on the whole batch, but the penalty is on the gradient of each
# sample by itself. ganzoo refuses such a critic.
normalised = keras.Sequential([keras.Input((2,)), keras.layers.Dense(8), keras.layers.BatchNormalization()])
try:
    penalties.refuse_batch_norm(normalised)
except GanzooError as error:
    print(error)
