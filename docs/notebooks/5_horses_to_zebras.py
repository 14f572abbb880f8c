# %% [markdown]
# # 5. Practice: horses to zebras
#
# There are photographs of horses and photographs of zebras, and no photograph shows the same animal as both. CycleGAN
# ([Zhu et al. 2017](https://arxiv.org/abs/1703.10593)) learns to turn one kind into the other all the same. It has two
# generators and two discriminators:
#
# - G makes a picture of domain b from a picture of domain a, and F makes a picture of a from a picture of b,
# - D_a tells pictures of a from what F makes, and D_b tells pictures of b from what G makes.

# %% tags=["remove_output"]
import os
import tempfile

import ganzoo
from ganzoo.data import loading, pipeline
from ganzoo.data.reals import to_float
from ganzoo.pictures import drawing
from ganzoo.serving.exported import Exported
import matplotlib.pyplot as plt
import numpy as np
from sklearn.svm import SVC
import tensorflow as tf

try:
    from elpv_dataset.utils import load_dataset
except ImportError:
    load_dataset = None

CONFIG = ganzoo.load_config("cyclegan")

# %% [markdown]
# ## The data
# The real set is at hand where there is a network. This command downloads it, and trains on it (with a GPU: it has
# 2,401 photographs of 256 x 256 pixels to train on):
#
# ```bash
# python -m ganzoo.run --model cyclegan --dataset cycle_gan/horse2zebra --data_dir ~/tensorflow_datasets
# ```
#
# This notebook takes smaller pictures, so that two processor cores are enough. After `pip install elpv-dataset` (91 MB,
# CC BY-NC-SA 4.0) they are 2,624 photographs of solar cells at 64 x 64 pixels. Domain a are cells of one crystal
# (mono), which are smooth and have cut corners. Domain b are cells of many crystals (poly), which have a grain.
# Without this package they are digits at 32 x 32 pixels: domain a are MNIST's, domain b are UCI's.

# %%
if load_dataset is None:
    STEPS = int(os.environ.get("NOTEBOOK_STEPS", CONFIG.steps))
    domains = loading.load_domains("digits_mnist2uci")
else:
    STEPS = int(os.environ.get("NOTEBOOK_STEPS", 1_200))

    @ganzoo.register_data("solar_cells")
    def solar_cells():
        """The photographs, and the kinds of the cells as labels. A translator takes each label as a domain."""
        pictures, _, kinds = load_dataset()
        return pictures[..., None], (kinds == "poly").astype(int)

    domains = loading.load_domains("solar_cells", image_size=64)

a_train, b_train = (to_float(reals.samples) for reals in domains.train)
a_test, b_test = (to_float(reals.samples[:300]) for reals in domains.test)
print(f"to train on: {len(a_train)} of a and {len(b_train)} of b; to test on: {len(a_test)} and {len(b_test)}")


def show(rows):
    """Rows of pictures [n, height, width, 1] by their names."""
    count = len(next(iter(rows.values())))
    side = next(iter(rows.values())).shape[1] + 2
    plt.figure(figsize=(9, 9 * len(rows) / count))
    plt.imshow(np.squeeze(drawing.grid(np.concatenate(list(rows.values())), count)), cmap="gray", vmin=0, vmax=255)
    plt.yticks(side * (np.arange(len(rows)) + 0.5), rows)
    plt.xticks([])
    plt.tick_params(length=0)
    plt.box(False)
    plt.show()


show({"a": a_train[:12], "b": b_train[:12]})

# %% [markdown]
# ## The four networks
# A generator has no random input. It halves a picture twice, changes it in residual blocks, and doubles it twice. A
# discriminator gives a number for each patch of a picture and not for the whole picture. So it judges texture.

# %%
image_size, batch_size = domains.shape[0], CONFIG.batch_size
model = ganzoo.create("cyclegan", image_shape=domains.shape)
model.compile()
for name in model.networks:
    network = getattr(model, name)
    print(f"{name}: {network.count_params():,} weights, picture {domains.shape} to {network.output_shape[1:]}")

batches = pipeline.domain_pairs(domains, batch_size, seed=0, steps=STEPS, image_size=image_size, flip=False)
a, b = next(iter(batches))
G, F, D_a, D_b = model.a_to_b, model.b_to_a, model.discriminator_a, model.discriminator_b

# %% [markdown]
# ## The four parts of the loss
# **1. The generators' adversarial loss, in both directions.** Each generator wants its discriminator to say 1. CycleGAN
# takes squares in the place of logarithms (LSGAN). They do not saturate:
#
#     E (D_b(G(a)) - 1)² + E (D_a(F(b)) - 1)²
#
# **2. The discriminators' loss.** Each wants to say 1 for a real picture and 0 for a made one:
#
#     1/2 E (D_b(b) - 1)² + 1/2 E D_b(G(a))² + 1/2 E (D_a(a) - 1)² + 1/2 E D_a(F(b))²
#
# **3. The cycle.** The first two parts allow a G that makes some zebra of any horse. But if F has to bring the horse
# back, then G must keep what horses differ in:
#
#     E |F(G(a)) - a| + E |G(F(b)) - b|
#
# **4. The identity.** A picture that is already in the target domain stays as it is. This keeps colours and
# brightness:
#
#     E |G(b) - b| + E |F(a) - a|
#
# The generators minimise part 1 + 10 (part 3 + 0.5 part 4). The discriminators minimise part 2. Here is each part by
# its formula, for one batch and before the training:


# %%
def mean_square(x):
    return float(tf.reduce_mean(tf.square(x)))


def mean_absolute(x):
    return float(tf.reduce_mean(tf.abs(x)))


fake_b, fake_a = G(a), F(b)
parts = {
    "adversarial": mean_square(D_b(fake_b) - 1) + mean_square(D_a(fake_a) - 1),
    "discriminator_loss": 0.5 * (mean_square(D_b(b) - 1) + mean_square(D_b(fake_b)))
    + 0.5 * (mean_square(D_a(a) - 1) + mean_square(D_a(fake_a))),
    "cycle": mean_absolute(F(fake_b) - a) + mean_absolute(G(fake_a) - b),
    "identity": mean_absolute(G(b) - b) + mean_absolute(F(a) - a),
}
parts["generator_loss"] = parts["adversarial"] + 10 * (parts["cycle"] + 0.5 * parts["identity"])

# %% [markdown]
# The model computes the same numbers. `evaluate` takes no step:

# %%
by_model = model.evaluate(a.numpy(), b.numpy(), batch_size, verbose=0, return_dict=True)
for name, value in parts.items():
    print(f"{name}: {value:.4f} by the formula, {float(by_model[name]):.4f} by the model")
    assert np.isclose(value, by_model[name], rtol=1e-3)

# %% [markdown]
# ## Training
# One step moves both generators once, and then both discriminators once. The discriminators see fakes from a pool of
# the last 50, so that they do not forget what the generators made before.

# %%
EPOCHS = 20
history = model.fit(batches, epochs=EPOCHS, steps_per_epoch=STEPS // EPOCHS, shuffle=False, verbose=0).history
steps = STEPS // EPOCHS * np.arange(1, EPOCHS + 1)
_, (left, right) = plt.subplots(1, 2, figsize=(9, 3))
for name in ("adversarial", "discriminator_loss"):
    left.plot(steps, history[name], label=name)
for name in ("cycle", "identity"):
    right.plot(steps, history[name], label=name)
for axis in (left, right):
    axis.set(xlabel="step", ylim=(0, None))
    axis.legend()
plt.show()

# %% [markdown]
# The cycle and the identity fall. The two adversarial curves level off: each side is as good as the other allows. If
# the discriminators could not tell at all, they would say 1/2 everywhere, and both curves would be at 1/2.
#
# ## Pictures that were not trained on
# The export has a signature for each direction, and two for the way there and back. It needs TensorFlow alone.

# %%
folder = tempfile.mkdtemp()
model.export(folder)
export = Exported(folder)
there = {"a": export.translate("a_to_b", a_test), "b": export.translate("b_to_a", b_test)}
back = {"a": export.translate("cycle_a", a_test), "b": export.translate("cycle_b", b_test)}
show({"a": a_test[:12], "G(a)": there["a"][:12], "F(G(a))": back["a"][:12]})
show({"b": b_test[:12], "F(b)": there["b"][:12], "G(F(b))": back["b"][:12]})

# %% [markdown]
# Of the solar cells, G gives each a grain, and F smooths it and cuts the corners. A dark spot stays where it was: the
# cycle needs it. Of the digits, G makes the strokes soft, and F makes them sharp; most digits stay what they were.
#
# Three questions have numbers as answers. Does a picture come back? Does a classifier, which learned to tell real
# pictures of a from real pictures of b, take its translation for the other kind? And, if the pictures are digits, does
# the translation show the same digit?


# %%
def rows_of(pictures):
    return pictures.reshape(len(pictures), -1)


kinds = {"a": (a_train, a_test), "b": (b_train, b_test)}
judge = SVC().fit(rows_of(np.concatenate([a_train, b_train])), ["a"] * len(a_train) + ["b"] * len(b_train))
for source, target in (("a", "b"), ("b", "a")):
    pictures, real = kinds[source][1], kinds[target][1]
    print(f"{source} to {target}: mean error after the way back {np.abs(back[source] - pictures).mean() / 2:.3f} of 1")
    for what, rows in (("untranslated", pictures), ("translated", there[source]), (f"real {target}", real)):
        print(f"  {what}: {np.mean(judge.predict(rows_of(rows)) == target):.1%} taken for {target}")

if domains.test[0].labels is not None:
    for k, source in enumerate("ab"):
        target, digits = domains.train[1 - k], domains.test[k].labels[:300]
        reader = SVC().fit(rows_of(to_float(target.samples)), target.labels)
        before, after = (np.mean(reader.predict(rows_of(x)) == digits) for x in (kinds[source][1], there[source]))
        print(f"a reader of the other domain's digits is right for {before:.1%} of {source}, translated {after:.1%}")

# %% [markdown]
# ## Exercises
# 1. Train for a quarter of the steps with `cycle_weight=0`, which switches off the identity, too. How large is the
#    cycle loss then, and what do the pictures show?
# 2. Does G hide the input in its output? Add a little noise to G(a) before F brings it back.
# 3. How much does G change a picture that is already in b, and how much a picture of a?

# %%
# Answer 1: without the cycle nothing makes G keep the picture that it is given. Of all solar cells it then makes
# nearly the same one, and of some digits other digits.
free = ganzoo.create("cyclegan", image_shape=domains.shape, cycle_weight=0.0)
free.compile()
quarter = pipeline.domain_pairs(domains, batch_size, seed=0, steps=STEPS // 4, image_size=image_size, flip=False)
free_history = free.fit(quarter, epochs=EPOCHS // 4, steps_per_epoch=STEPS // EPOCHS, shuffle=False, verbose=0).history
print(f"cycle loss {free_history['cycle'][-1]:.3f}; with the cycle {history['cycle'][EPOCHS // 4 - 1]:.3f}")
show({"a": a_test[:12], "G(a)": free.a_to_b(a_test[:12]), "F(G(a))": free.b_to_a(free.a_to_b(a_test[:12]))})

# %%
# Answer 2: if F read a hidden code, a little noise would destroy it, and the cycle error would jump. Long trainings
# on large pictures end so (https://arxiv.org/abs/1712.02950). Here the error grows by no more than the noise moves F
# on real pictures of b.
random = np.random.default_rng(0)
for deviation in (0.0, 0.02, 0.05, 0.1, 0.2):
    noised = [
        np.clip(x + deviation * random.normal(size=x.shape), -1, 1).astype(np.float32) for x in (there["a"], b_test)
    ]
    error = np.abs(export.translate("b_to_a", noised[0]) - a_test).mean()
    moved = np.abs(export.translate("b_to_a", noised[1]) - there["b"]).mean()
    print(f"noise {deviation}: cycle error {error:.3f}; F on real pictures of b moves by {moved:.3f}")

# %%
# Answer 3: this is the fourth part of the loss, on pictures that training has not seen.
print(f"of b: {np.abs(export.translate('a_to_b', b_test) - b_test).mean():.3f}")
print(f"of a: {np.abs(there['a'] - a_test).mean():.3f}")
