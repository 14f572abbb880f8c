# %% [markdown]
# # 7. Serve it
#
# An export is a folder with a SavedModel: the networks, the density ratio, the samplers and the checks of a request.
# Whoever has TensorFlow can draw from it, and so can TensorFlow Serving. This notebook asks the same model in four
# places: in Python, at a server, in ONNX Runtime and in a browser.

# %% tags=["remove_output"]
import base64
import contextlib
import io
import os
from pathlib import Path
import shlex
import subprocess
import sys
import tempfile

from ganzoo.pictures import drawing
from ganzoo.serving import asking
from ganzoo.serving.connecting import connect
from ganzoo.serving.stand_in.server import StandIn
import matplotlib.pyplot as plt
import numpy as np
import onnxruntime
from PIL import Image
import requests
import tensorflow as tf

STEPS = int(os.environ.get("NOTEBOOK_STEPS", "500"))
HERE = Path(tempfile.mkdtemp())

# %% [markdown]
# ## A model
# A short training on 5,000 digits is enough here. Its measurements are cut short, too.


# %%
def shell(command, may_fail=False):
    """Runs `python ...` in the folder, and prints what it says."""
    print("$", command)
    arguments = [sys.executable, *shlex.split(command)[1:]]
    said = subprocess.run(arguments, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = said.stdout.replace(f"{HERE}/", "").splitlines()
    print(*[line for line in lines if line.strip() and "%|" not in line], sep="\n")  # no progress bars
    assert may_fail or said.returncode == 0


FEWER = "--config.evaluation.num_samples=100 --config.sampling.burn_in=2000"
shell(f"python -m ganzoo.run --model r3gan --steps {STEPS} {FEWER} --workdir runs/digits")
EXPORT = HERE / "runs/digits/export/1"
for path in sorted(EXPORT.rglob("*")):
    if path.is_file():
        print(f"{path.relative_to(EXPORT)}: {path.stat().st_size / 1e3:,.0f} kB")

# %% [markdown]
# ## With TensorFlow alone
# `tf.saved_model.load` needs neither Keras nor ganzoo. A signature is a function of tensors by their names:

# %%
signatures = tf.saved_model.load(str(EXPORT)).signatures
for name, signature in signatures.items():
    inputs = ", ".join(signature.structured_input_signature[1])
    print(f"{name}({inputs}) -> {', '.join(signature.structured_outputs)}")

# %% [markdown]
# `generate` samples as the generator does. `drs`, `obrs` and `mh` reject, each by its own rule (notebook 4). Each takes
# a number of samples and a seed, and one number that says how strictly to reject:


# %%
def ask(signature, **inputs):
    """One request; numbers become tensors of the types that the signature takes."""
    specs = signatures[signature].structured_input_signature[1]
    answer = signatures[signature](**{name: tf.constant(value, specs[name].dtype) for name, value in inputs.items()})
    return {name: value.numpy() for name, value in answer.items()}


def show(pictures_by_title):
    """Grids side by side."""
    _, axes = plt.subplots(1, len(pictures_by_title), figsize=(4 * len(pictures_by_title), 4.4), squeeze=False)
    for axis, (title, pictures) in zip(axes[0], pictures_by_title.items(), strict=True):
        axis.imshow(np.squeeze(drawing.grid(pictures)), cmap="gray")
        axis.set_title(title)
        axis.axis("off")
    plt.show()


seed = [1, 0]
grids = {"generate": ask("generate", num_samples=64, seed=seed)["samples"]}
for signature, option in (("drs", {"gamma_percentile": 80.0}), ("obrs", {"budget": 4.0}), ("mh", {"chain_length": 20})):
    answer = ask(signature, num_samples=64, seed=seed, **option)
    grids[f"{signature}: {answer['num_proposed']} proposals"] = answer["samples"]
show(grids)

# %% [markdown]
# The same seed gives the same samples, and another seed gives others. So a request can be repeated, and two machines
# can share the work.

# %%
request = dict(num_samples=64, gamma_percentile=80.0)
local = ask("drs", seed=seed, **request)["samples"]
assert np.array_equal(local, ask("drs", seed=seed, **request)["samples"])
assert not np.array_equal(local, ask("drs", seed=[2, 0], **request)["samples"])

# %% [markdown]
# A request that cannot be answered is refused, with the reason:

# %%
for wrong in (dict(num_samples=0, gamma_percentile=80.0), dict(num_samples=64, gamma_percentile=800.0)):
    try:
        ask("drs", seed=seed, **wrong)
    except tf.errors.InvalidArgumentError as error:
        print(next(line for line in error.message.splitlines() if "must be" in line))

# %% [markdown]
# ## Why was it rejected?
# `propose` makes one proposal of each row of latents, and says with which probability `drs` accepts it. The proposal is
# accepted if this probability is above the row's uniform number. `propose_inputs` gives the latents and uniform numbers
# that `drs` draws from a seed. So these are the first proposals of the request above:

# %%
rows = ask("propose_inputs", num_samples=48, seed=seed)
proposed = ask("propose", **rows)
order = np.argsort(-proposed["accept_probability"])
_, axes = plt.subplots(4, 12, figsize=(9, 4.2))
for axis, row in zip(axes.flat, order, strict=True):
    is_accepted = proposed["accepted"][row]
    axis.imshow(np.squeeze(proposed["samples"][row]), "gray", vmin=-1, vmax=1, alpha=1.0 if is_accepted else 0.4)
    axis.set_title(
        f"{proposed['accept_probability'][row]:.2f}", fontsize=8, color="black" if is_accepted else "tab:red"
    )
    axis.axis("off")
plt.suptitle("by their probability; the rejected ones are faded")
plt.show()
print(f"{proposed['accepted'].sum()} of 48 accepted; the probabilities say {proposed['accept_probability'].sum():.1f}")

# %% [markdown]
# The accepted proposals are, in their order, the samples that `drs` returns:

# %%
accepted = proposed["samples"][proposed["accepted"]]
print(f"largest difference {np.abs(accepted - local[: len(accepted)]).max():.1g}")
assert np.allclose(accepted, local[: len(accepted)], atol=1e-4)

# %% [markdown]
# ## At a server
# TensorFlow Serving takes the folder with the versions, `runs/digits/export` (see the
# page "Serving"). ganzoo has a stand-in for it, which answers the same requests with the same
# checks. In a shell it is `python -m ganzoo.serving.stand_in`; here it runs in the notebook. The client speaks gRPC
# or REST:

# %%
open_servers = contextlib.ExitStack()  # until the notebook ends; in a program take `with StandIn(...) as server:`
server = open_servers.enter_context(StandIn({"digits": HERE / "runs/digits/export"}))
for address, rest in ((server.grpc_address, False), (server.rest_address, True)):
    with connect(address, "digits", rest=rest) as connection:
        answer = asking.draw(connection, "drs", 64, seed=1, gamma_percentile=80.0)
    difference = np.abs(answer["samples"] - local).max()
    print(f"{'REST' if rest else 'gRPC'}: {len(answer['samples'])} samples, largest difference {difference:.1g}")
    assert difference < 1e-4

# %% [markdown]
# The same as a command, and the same without any client of ganzoo:

# %%
shell(f"python -m ganzoo.serving.client --server {server.grpc_address} --model digits --num_samples 16 --out grid.png")

url = f"http://{server.rest_address}/v1/models/digits:predict"
body = {"signature_name": "drs", "inputs": {"num_samples": 4, "seed": seed, "gamma_percentile": 80.0}}
outputs = requests.post(url, json=body).json()["outputs"]
print({name: np.shape(value) for name, value in outputs.items()})
body["inputs"]["num_samples"] = -4
print(requests.post(url, json=body).json())

# %% [markdown]
# ## Without TensorFlow
# `ganzoo.reexport` writes one signature as a file for ONNX Runtime (also for LiteRT and OpenVINO), and compares its
# answers with the SavedModel's. A signature that draws random numbers stays in TensorFlow, but `propose` takes them as
# inputs. So rejection works there, too:

# %%
shell("python -m ganzoo.reexport --workdir runs/digits --out propose.onnx --format onnx --signature propose")
session = onnxruntime.InferenceSession(HERE / "propose.onnx")
names = [output.name for output in session.get_outputs()]
in_onnx = dict(zip(names, session.run(None, rows), strict=True))
difference = np.abs(in_onnx["accept_probability"] - proposed["accept_probability"]).max()
print(f"largest difference of a probability {difference:.1g}")
print(f"decided alike: {np.mean(in_onnx['accepted'] == proposed['accepted']):.0%}")

# %% [markdown]
# ## In a browser
# `--format web` writes a folder with a page that runs the same file in the reader's browser. It draws the samples of a
# seed, shows the rejected ones faded, and has sliders for gamma and the budget. Any static server can serve it, such as
# `python -m http.server --directory site`. The first time, the command downloads onnxruntime-web (33 MB). Without a
# network it says where to get it:

# %%
shell("python -m ganzoo.reexport --workdir runs/digits --out site --format web", may_fail=True)
for path in sorted((HERE / "site").rglob("*")):
    if path.is_file():
        print(f"{path.relative_to(HERE)}: {path.stat().st_size / 1e3:,.0f} kB")

# %% [markdown]
# ## Exercises
# 1. What does a stricter `drs` cost? Ask for 64 samples at several percentiles.
# 2. Draw 64 accepted samples in ONNX Runtime, with latents of your own.
# 3. Ask the server for PNG files by REST.

# %%
# Answer 1: at the percentile 80 a sample costs about three proposals here, and more above it.
for percentile in (0.0, 50.0, 80.0, 95.0):
    answer = ask("drs", num_samples=64, seed=seed, gamma_percentile=percentile)
    print(f"gamma at {percentile} %: {answer['num_proposed'] / 64:.1f} proposals for a sample")

# %%
# Answer 2: the latents are standard normal numbers. Draw more rows until enough are accepted.
random = np.random.default_rng(0)
kept = np.zeros((0, 28, 28, 1), np.float32)
while len(kept) < 64:
    latents = random.standard_normal((256, rows["latents"].shape[1]), np.float32)
    answer = dict(
        zip(names, session.run(None, {"latents": latents, "uniforms": random.random(256, np.float32)}), strict=True)
    )
    kept = np.concatenate([kept, answer["samples"][answer["accepted"]]])
show({"accepted in ONNX Runtime": kept[:64]})

# %%
# Answer 3: the signature `drs_png` answers with files, which JSON holds in base 64.
body = {"signature_name": "drs_png", "inputs": {"num_samples": 8, "seed": seed, "gamma_percentile": 80.0}}
files = [base64.b64decode(file["b64"]) for file in requests.post(url, json=body).json()["outputs"]["image_bytes"]]
_, axes = plt.subplots(1, 8, figsize=(9, 1.2))
for axis, file in zip(axes, files, strict=True):
    axis.imshow(Image.open(io.BytesIO(file)), "gray", vmin=0, vmax=255)
    axis.axis("off")
plt.show()
open_servers.close()
