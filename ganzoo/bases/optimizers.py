"""Builds optimizers from a recipe's plain dictionaries."""

from collections.abc import Mapping

import keras
import tensorflow as tf

from ganzoo.errors import GanzooError, did_you_mean


def build_both(
    specs: Mapping, steps: int, n_critic: int
) -> tuple[keras.optimizers.Optimizer, keras.optimizers.Optimizer]:
    """The generator's and the discriminator's optimizer. The discriminator's schedule is `n_critic` times as long.

    Args:
        specs: `generator` and `discriminator`, as in a recipe's `config.optimizers`.
        steps: the number of generator steps.
        n_critic: the number of discriminator steps for each generator step.
    """
    return build(specs["generator"], steps), build(specs["discriminator"], steps * n_critic)


def build(spec: Mapping, steps: int) -> keras.optimizers.Optimizer:
    """The Keras optimizer of a recipe's entry, such as `common.adam(1e-4, beta_1=0.0)`.

    Args:
        spec: `name`, `schedule` and the optimizer's own arguments; for Adam also `beta_2_end`.
        steps: the step at which the schedules end.

    Raises:
        GanzooError: if the optimizer or the schedule is unknown, if `beta_2_end` is out of range or not Adam's, or if
            the optimizer does not have an option.
    """
    arguments = dict(spec)
    name, schedule = arguments.pop("name"), arguments.pop("schedule")
    beta_2_end = arguments.pop("beta_2_end", 0.0)  # only Adam has this argument
    rate = arguments["learning_rate"]
    schedules = {
        "constant": lambda: rate,
        "linear": lambda: keras.optimizers.schedules.PolynomialDecay(rate, steps, end_learning_rate=0.0),
        "cosine": lambda: keras.optimizers.schedules.CosineDecay(rate, steps),
        "constant_then_linear": lambda: ConstantThenLinear(rate, steps),
    }
    if schedule not in schedules:
        raise GanzooError(f"no schedule '{schedule}'.{did_you_mean(schedule, schedules)} There are: {[*schedules]}.")
    arguments["learning_rate"] = schedules[schedule]()
    classes = {c.__name__.lower(): c for c in vars(keras.optimizers).values() if isinstance(c, type)}
    classes |= {"adam": FusedAdam, "rmsprop": RMSprop}
    if name not in classes:
        raise GanzooError(f"Keras has no optimizer '{name}'.{did_you_mean(name, classes)}")
    if beta_2_end:
        if name != "adam" or not 0.0 < beta_2_end < 1.0:
            raise GanzooError(
                f"beta_2_end is {beta_2_end} for '{name}'; only adam's beta_2 changes, to a number below 1."
            )
        return ScheduledAdam(**arguments, beta_2_end=beta_2_end, beta_2_steps=steps)
    try:
        return classes[name](**arguments)
    except (TypeError, ValueError) as error:  # Keras names the argument
        raise GanzooError(f"the optimizer '{name}' cannot be built of {dict(spec)}: {error}") from error


def rate(spec: Mapping, step: int, steps: int) -> float:
    """The learning rate of an optimizer after `step` of `steps` steps of its network.

    Args:
        spec: as for `build`.
        step: the number of steps taken.
        steps: the step at which the schedule ends.
    """
    optimizer = build(spec, steps)
    optimizer.iterations.assign(step)
    return float(keras.ops.convert_to_numpy(optimizer.learning_rate))


@keras.saving.register_keras_serializable("ganzoo")
class ConstantThenLinear(keras.optimizers.schedules.LearningRateSchedule):
    """A constant rate for half of the steps, then a linear fall to 0 at the last step (Zhu et al. 2017, section 4)."""

    def __init__(self, rate: float, steps: int):
        self.rate, self.steps = rate, steps

    def __call__(self, step):
        left = (self.steps - tf.cast(step, tf.float32)) / (self.steps / 2)
        return self.rate * tf.clip_by_value(left, 0.0, 1.0)

    def get_config(self) -> dict:
        return {"rate": self.rate, "steps": self.steps}


@keras.saving.register_keras_serializable("ganzoo")
class FusedAdam(keras.optimizers.Adam):
    """Keras's Adam with one kernel for each variable's step. The kernel reads the memory once, not a dozen times.

    Sparse gradients (of an embedding) count as 0 in the missing rows, as in Keras's Adam. There is no `amsgrad`.
    """

    def __init__(self, *args, amsgrad: bool = False, **kwargs):
        if amsgrad:
            raise GanzooError("Adam has no amsgrad here: its step is one kernel, and there is none of AMSGrad.")
        super().__init__(*args, **kwargs)

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        # Computed once for all variables; otherwise every variable would add a dozen operations for the same numbers.
        steps = tf.cast(self.iterations + 1, tf.float32)
        betas = [tf.cast(beta, tf.float32) for beta in (self.beta_1, self.beta_2)]
        rate = tf.cast(learning_rate, tf.float32), *betas, *(tf.pow(beta, steps) for beta in betas)
        super()._backend_update_step(grads, trainable_variables, rate)

    def update_step(self, gradient, variable, learning_rate):
        index, dtype = self._get_variable_index(variable), variable.dtype
        rate, beta_1, beta_2, beta_1_power, beta_2_power = (tf.cast(number, dtype) for number in learning_rate)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=beta_1_power,
            beta2_power=beta_2_power,
            lr=rate,
            beta1=beta_1,
            beta2=beta_2,
            epsilon=tf.cast(self.epsilon, dtype),
            grad=tf.cast(tf.convert_to_tensor(gradient), dtype),
        )


@keras.saving.register_keras_serializable("ganzoo")
class ScheduledAdam(FusedAdam):
    """Adam whose beta_2 goes from `beta_2` to `beta_2_end` in `beta_2_steps` steps, by half a cosine, and then stays.

    R3GAN's authors train so (https://arxiv.org/abs/2501.05441). Each step uses the current beta_2 for the average and
    for the bias correction, 1 - beta_2^t, as PyTorch's Adam does. beta_2 depends on `iterations` alone.
    """

    def __init__(self, *, beta_2: float, beta_2_end: float, beta_2_steps: int, **adam):
        super().__init__(beta_2=beta_2, **adam)
        self.beta_2_end, self.beta_2_steps = beta_2_end, beta_2_steps
        self.way_to_go = keras.optimizers.schedules.CosineDecay(1.0, beta_2_steps)

    @property
    def beta_2(self) -> tf.Tensor:
        """beta_2 of the next step, float32 []."""
        return self.beta_2_end + (self.beta_2_start - self.beta_2_end) * self.way_to_go(self.iterations)

    @beta_2.setter
    def beta_2(self, start: float) -> None:
        self.beta_2_start = start

    def get_config(self) -> dict:
        own = {"beta_2_end": self.beta_2_end, "beta_2_steps": self.beta_2_steps}
        return super().get_config() | {"beta_2": self.beta_2_start} | own


@keras.saving.register_keras_serializable("ganzoo")
class RMSprop(keras.optimizers.RMSprop):
    """RMSProp with epsilon outside the root, as in the WGAN author's framework: rate * g / (sqrt(v) + epsilon).

    v is the moving average of the squared gradients with decay `rho`. Keras's RMSprop has epsilon inside the root.
    There its 1e-7 is a floor of 3.2e-4 under the root of v. The gradients of WGAN's clipped critic lie far below this
    floor, and a step with the floor is mostly a step of SGD. There is neither momentum nor a centred form.
    """

    def __init__(self, learning_rate=0.001, rho: float = 0.99, epsilon: float = 1e-8, **kwargs):
        super().__init__(learning_rate=learning_rate, rho=rho, epsilon=epsilon, **kwargs)
        if self.momentum or self.centered:
            raise GanzooError("RMSprop has neither momentum nor a centred form here.")

    def update_step(self, gradient, variable, learning_rate):
        rate, gradient = tf.cast(learning_rate, variable.dtype), tf.cast(gradient, variable.dtype)
        velocity = self._velocities[self._get_variable_index(variable)]
        self.assign(velocity, self.rho * velocity + (1.0 - self.rho) * tf.square(gradient))
        self.assign_sub(variable, rate * gradient / (tf.sqrt(velocity) + self.epsilon))
