"""The training of every model: counted steps, noise derived from the step, two optimizers, a log."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import keras
import tensorflow as tf
from ml_collections import ConfigDict

from ganzoo import noise, seeds
from ganzoo.bases import datasets, optimizers, replicas
from ganzoo.errors import GanzooError
from ganzoo.zoo.recipes import load_config


class TwoOptimizerModel(keras.Model):
    """A model that counts its training steps, with one optimizer for generators and one for discriminators.

    Randomness in training is a pure function of (seed, purpose, step, draw) and the row of the batch. A resumed run
    therefore draws the numbers of an uninterrupted run. Each replica of a distribution strategy draws the numbers that
    one device would draw for the replica's rows.

    Args:
        n_critic: discriminator steps for each generator step, each on a fresh batch of reals.
        seed: the seed of all randomness in training, any whole number.
        also_logged: names of values that `log` gets besides those of `logged`.
    """

    sample_shape: tuple  # one sample's shape, None for a side of any length: a property of the subclass
    num_labels: int | None = None  # the number of labels, 0, 1, ..., that come with the samples; None if none do
    zoo_name: ClassVar[str | None] = None  # the entry's name, set by `register`
    logged: ClassVar[Sequence[str]]  # the names of the values that `train_step` gives to `log`
    generator_variables: list  # the generator optimizer's variables: a property of the subclass
    discriminator_variables: list  # the discriminator optimizer's variables, likewise

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "train_step" in vars(cls):
            cls.train_step = _after_its_batch(cls.train_step)

    def __init__(self, *, n_critic: int, seed: int, name: str | None = None, also_logged: Sequence[str] = ()):
        # Latents and pictures go to the networks as they are: in half precision Keras would round them first, and a
        # latent next to a category's bound would be in another category than in training.
        super().__init__(name=name, autocast=False)
        if n_critic < 1:
            raise GanzooError(f"n_critic is {n_critic}; a discriminator takes at least 1 step per generator step.")
        self.n_critic = n_critic
        self.seed = seeds.checked(seed)
        self.is_evaluating = False  # while `test_step` is traced
        self.step = self.add_weight(name="step", shape=(), dtype="int64", initializer="zeros", trainable=False)
        self.trackers = {name: keras.metrics.Mean(name) for name in (*self.logged, *also_logged)}
        self.built = True

    @property
    def steps_taken(self) -> int:
        """Calls of `train_step` in the model's whole life."""
        return int(self.step.numpy())

    # Training: the methods that a `train_step` calls.

    def critic_batches(self, reals: tf.Tensor) -> list[tf.Tensor]:
        """Splits a step's reals [n_critic * batch, ...] into `n_critic` batches."""
        reals, _, _ = keras.utils.unpack_x_y_sample_weight(reals)
        if (reals.shape[0] or 0) % self.n_critic:
            raise GanzooError(
                f"a batch of {reals.shape[0]} reals cannot be shared among n_critic = {self.n_critic} discriminator "
                f"steps; give batches of a multiple of {self.n_critic}, and drop the remainder."
            )
        return tf.split(reals, self.n_critic)

    def labelled_batches(self, data: tuple[tf.Tensor, tf.Tensor]) -> list[tuple[tf.Tensor, tf.Tensor]]:
        """Splits a step's (reals, labels) into `n_critic` pairs (reals, labels int64 [batch])."""
        reals, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        return list(zip(self.critic_batches(reals), self.critic_batches(tf.cast(labels, tf.int64)), strict=True))

    def critic_steps(self, step: Callable[..., dict[str, tf.Tensor]], *data: tf.Tensor) -> dict[str, tf.Tensor]:
        """Takes `n_critic` discriminator steps, one after another, each on its own batch of a step's data.

        The steps are a loop in the graph and traced once: five copies would take several times as long to start. On
        several replicas the steps are copies, because a distribution strategy allows no optimizer in a loop.

        Args:
            step: a function that updates the discriminator. It takes the number of the draw and one batch of each
                array, and returns the values to log.
            *data: arrays [n_critic * batch, ...]: reals, perhaps labels.

        Returns:
            The values that the last step logged; for a loop their means.
        """
        parts = [self.critic_batches(array) for array in data]
        logged = {}
        if self.n_critic == 1 or replicas.count() > 1:
            for draw, batch in enumerate(zip(*parts, strict=True)):
                logged = step(draw, *batch)
            return logged

        stacks = [tf.stack(batches) for batches in parts]

        def body(draw, _):
            logged.update(step(draw, *(stack[draw] for stack in stacks)))
            return draw + 1, means_of(logged)

        _, means = tf.while_loop(
            lambda draw, _: draw < self.n_critic,
            body,
            (tf.constant(0), tf.zeros([0])),
            shape_invariants=(tf.TensorShape([]), tf.TensorShape([None])),
            maximum_iterations=self.n_critic,
        )
        return dict(zip(logged, tf.unstack(means, len(logged)), strict=True))

    def uniforms(self, draw: int | tf.Tensor, like: tf.Tensor) -> tf.Tensor:
        """Uniform numbers in [0, 1), one for each row of `like`; float32 [batch]."""
        row_count = tf.shape(like)[0]
        seed = self.step_seed(noise.Purpose.UNIFORMS, draw)
        return noise.uniform(seed, row_count, first_row=replicas.first_row(row_count))

    def step_seed(self, purpose: noise.Purpose, draw: int | tf.Tensor) -> tf.Tensor:
        """The seed, int32 [2], of one purpose and draw in this step; all replicas have the same seed."""
        return noise.fold_in(noise.root(self.seed, purpose), self.step, draw)

    def update_discriminator(self, tape: tf.GradientTape, loss: tf.Tensor) -> None:
        """One step of the discriminator's optimizer."""
        self.apply_to_discriminator(tape.gradient(loss, self.discriminator_variables))

    def update_generator(self, tape: tf.GradientTape, loss: tf.Tensor) -> None:
        """One step of the generator's optimizer."""
        self.apply_to_generator(tape.gradient(loss, self.generator_variables))

    def apply_to_discriminator(self, gradients: Sequence[tf.Tensor]) -> None:
        """Like `update_discriminator`, with gradients in the order of `discriminator_variables`."""
        if self.is_evaluating:
            return
        self.discriminator_optimizer.apply(replicas.shares(gradients), self.discriminator_variables)

    def apply_to_generator(self, gradients: Sequence[tf.Tensor]) -> None:
        """Like `update_generator`, with gradients in the order of `generator_variables`."""
        if self.is_evaluating:
            return
        self.generator_optimizer.apply(replicas.shares(gradients), self.generator_variables)

    def log(self, **values: tf.Tensor) -> dict[str, tf.Tensor]:
        """Ends and counts the step; returns the epoch's running means over all replicas."""
        if values.keys() != self.trackers.keys():
            raise ValueError(f"train_step logs {sorted(values)}, but `logged` names {sorted(self.trackers)}.")
        self.step.assign_add(1)
        means = means_of(values)
        for name, mean in zip(values, tf.unstack(replicas.mean(means), len(values)), strict=True):
            self.trackers[name].update_state(mean)
        return replicas.logs({name: tracker.result() for name, tracker in self.trackers.items()})

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        return list(self.trackers.values())

    def compile(
        self,
        generator_optimizer: keras.optimizers.Optimizer | None = None,
        discriminator_optimizer: keras.optimizers.Optimizer | None = None,
        **kwargs,
    ) -> None:
        """Prepares the model for `fit`.

        Args:
            generator_optimizer: None takes the recipe's optimizer, with a schedule over the recipe's steps.
            discriminator_optimizer: likewise.
            **kwargs: arguments of any Keras model, such as `steps_per_execution`.
        """
        if generator_optimizer is None or discriminator_optimizer is None:
            recipe = self.recipe()
            recipe_optimizers = optimizers.build_both(recipe.optimizers, recipe.steps, self.n_critic)
            generator_optimizer = generator_optimizer or recipe_optimizers[0]
            discriminator_optimizer = discriminator_optimizer or recipe_optimizers[1]
        replicas.synchronize_batch_norm(self)
        super().compile(optimizer=None, **kwargs)  # Keras's default would add an unused RMSprop
        self.generator_optimizer = generator_optimizer
        self.discriminator_optimizer = discriminator_optimizer
        self.generator_optimizer.build(self.generator_variables)
        self.discriminator_optimizer.build(self.discriminator_variables)

    def recipe(self) -> ConfigDict:
        """The recipe of the model's entry in the zoo, for the model's kind of data.

        Raises:
            GanzooError: if the model is no entry of the zoo.
        """
        if self.zoo_name is None:
            raise GanzooError(
                f"{type(self).__name__} is no entry of the zoo and has no recipe: give what it lacks yourself (to "
                "`compile` both optimizers), or register the class by @ganzoo.register."
            )
        return load_config(self.zoo_name, self.recipe_dataset)

    @property
    def recipe_dataset(self) -> str | None:
        """A data set of the model's kind; None means the recipe's data set."""
        return None

    # What Keras calls.

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        **kwargs,
    ):
        """Trains as any Keras model does, on checked data.

        Args:
            x: reals [n, ...], uint8 pictures or float32 in [-1, 1]; or a `tf.data.Dataset` of batches.
            y: labels or targets of an array `x`; None if there are none.
            batch_size: a multiple of `n_critic`. Samples at the end of an epoch that cannot be shared among `n_critic`
                steps are left out.
            epochs, verbose: as in Keras.
            callbacks: as in Keras; but `LearningRateScheduler` and `ReduceLROnPlateau`, which change one optimizer, are
                refused.
            validation_split: as in Keras; the losses of the last reals are measured at the end of each epoch.
            validation_data: (x, y) or a dataset, for `evaluate` at the end of each epoch.
            **kwargs: further arguments of `keras.Model.fit`.

        Raises:
            GanzooError: for data that the model cannot learn from, with the remedy.
        """
        datasets.check_callbacks(callbacks)
        datasets.check_steps(kwargs.get("steps_per_epoch"), self.steps_per_execution)
        if validation_split and validation_data is None and hasattr(x, "__len__"):
            first = round(len(x) * (1 - validation_split))
            validation_data = (x[first:], None if y is None else y[first:])
            x, y = x[:first], None if y is None else y[:first]
        if validation_data is not None:
            pair = validation_data if isinstance(validation_data, tuple) else (validation_data, None)
            validation_data = self._prepared(*pair[:2], kwargs.get("validation_batch_size") or batch_size)
        x, y = self._prepared(x, y, batch_size)
        if not isinstance(x, tf.data.Dataset):
            kwargs["batch_size"] = batch_size
        kwargs |= dict(epochs=epochs, verbose=verbose, callbacks=callbacks, validation_data=validation_data)
        return super().fit(x=x, y=y, **kwargs)

    def evaluate(self, x=None, y=None, batch_size=None, verbose="auto", **kwargs):
        """The means of the values that `train_step` logs, by the current weights: no step is taken.

        Arguments and errors as of `fit`; the result as of `keras.Model.evaluate`.
        """
        if not kwargs.get("_use_cached_eval_dataset"):  # else `fit` has prepared the data
            x, y = self._prepared(x, y, batch_size)
        if not isinstance(x, tf.data.Dataset):
            kwargs["batch_size"] = batch_size
        return super().evaluate(x=x, y=y, verbose=verbose, **kwargs)

    def train_on_batch(self, x, y=None, **kwargs):
        """One step, as of `keras.Model.train_on_batch`, on data checked as by `fit`."""
        return super().train_on_batch(*self._prepared(x, y, len(x)), **kwargs)

    def test_on_batch(self, x, y=None, **kwargs):
        """The values of one batch without a step, as of `keras.Model.test_on_batch`, on data checked as by `fit`."""
        return super().test_on_batch(*self._prepared(x, y, len(x)), **kwargs)

    def test_step(self, data) -> dict[str, tf.Tensor]:
        """What `train_step` logs for a batch, with every weight and counter as before."""
        logged = {id(variable) for tracker in self.metrics for variable in tracker.variables}
        kept = [variable for variable in self.variables if id(variable) not in logged]
        values = [tf.identity(variable) for variable in kept]
        self.is_evaluating = True
        try:
            logs = self.train_step(data)
        finally:
            self.is_evaluating = False
        with tf.control_dependencies([tf.convert_to_tensor(log) for log in logs.values()]):
            for variable, value in zip(kept, values, strict=True):
                variable.assign(value)
        return logs

    def _prepared(self, x, y, batch_size) -> tuple:
        what = dict(shape=self.sample_shape, num_labels=self.num_labels, shared=self.n_critic)
        return datasets.prepared(x, y, batch_size, **what)

    def save(self, filepath, *args, **kwargs) -> None:
        """Writes a `.keras` file, which `ganzoo.load` reads.

        Raises:
            GanzooError: for another ending: Keras's HDF5 files cannot hold the model.
        """
        if not str(filepath).endswith(".keras"):
            raise GanzooError(
                f"{filepath} does not end in .keras, the one format that holds the whole model. For serving, "
                "model.export(DIRECTORY) writes a SavedModel."
            )
        super().save(filepath, *args, **kwargs)

    # Saving: `model.save("m.keras")`, and `ganzoo.load` to train on.

    def get_config(self) -> dict:
        return {"n_critic": self.n_critic, "seed": self.seed, "name": self.name}

    def get_compile_config(self) -> dict:
        return {
            "generator_optimizer": keras.saving.serialize_keras_object(self.generator_optimizer),
            "discriminator_optimizer": keras.saving.serialize_keras_object(self.discriminator_optimizer),
        }

    def compile_from_config(self, config: dict) -> None:
        self.compile(**{key: keras.saving.deserialize_keras_object(value) for key, value in config.items()})


def _after_its_batch(train_step: Callable) -> Callable:
    """The step behind its batch as a whole.

    At the end of an epoch of unknown length Keras 3.15 calls the step once more, and TensorFlow computes in it all that
    needs no data: counters, averages, schedules.
    """

    @functools.wraps(train_step)
    def step(self, data):
        with tf.control_dependencies([value for value in tf.nest.flatten(data) if tf.is_tensor(value)]):
            return train_step(self, data)

    return step


def means_of(values: Mapping[str, tf.Tensor]) -> tf.Tensor:
    """The mean of each value, float32 [len(values)]."""
    return tf.stack([tf.reduce_mean(tf.cast(value, tf.float32)) for value in values.values()])
