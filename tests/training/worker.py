"""One of the processes of a small default job; run by `test_workers`.

    TF_CONFIG=... python -m tests.training.worker --workdir=DIRECTORY --steps=30 [--signal=9 --at_step=15]

It sends itself the signal after that step. In the end it prints as JSON what it began with and what it came to.
"""

import hashlib
import json
import os
from pathlib import Path

import tensorflow as tf
from absl import flags

from ganzoo import cli, tasks
from ganzoo.training import strategies
from ganzoo.zoo import recipes

FLAGS = flags.FLAGS
flags.DEFINE_string("workdir", None, "the run's folder")
flags.DEFINE_integer("steps", None, "of the whole run")
flags.DEFINE_integer("signal", None, "sent to itself")
flags.DEFINE_integer("at_step", None, "after which it is sent")

tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})  # a few steps do not repay it


def main() -> int:
    recipe = recipes.load_config("wgan_gp", "mnist_5k")
    recipe.steps, recipe.checkpoint_every, recipe.sample_every, recipe.batch_size = FLAGS.steps, 10, 1000, 8
    recipe.model.n_critic = 1
    for network in recipe.networks.dcgan.values():
        network.width, network.base_resolution, network.kernel_size = 4, 7, 3
    copies, first = [], []

    class Recorded(strategies.Replicated):
        def push(self):
            super().push()
            copies.append(self)
            first.append(self.model.steps_taken)

    class Struck(strategies.StopTogether):
        def on_train_batch_end(self, batch, logs=None):
            if self.model.steps_taken == FLAGS.at_step:
                os.kill(os.getpid(), FLAGS.signal)
            super().on_train_batch_end(batch, logs)

    strategies.Replicated, strategies.StopTogether = Recorded, Struck
    strategy = strategies.resolve("auto")
    task, model, data = tasks.prepare(recipe)
    with strategies.company(strategy):
        done = task.train(model, data, recipe, Path(FLAGS.workdir), strategy)
    (copy,) = copies
    weights = [strategy.experimental_local_results(v.value)[0].numpy() for v in strategies.state(copy.model)]
    digest = hashlib.sha256(b"".join(of.tobytes() for of in weights)).hexdigest()
    print(json.dumps({"done": done, "step": copy.model.steps_taken, "first": first[0], "weights": digest}))
    return 0


if __name__ == "__main__":
    cli.run(main)
