"""The parts that every recipe shares. An entry's own file has only its paper's choices."""

from ml_collections import ConfigDict

# The optimizers there are, each with its own options and Keras's defaults. All have a rate and its schedule, too.
OPTIMIZERS = {
    "adam": dict(beta_1=0.9, beta_2=0.999, beta_2_end=0.0, epsilon=1e-7),
    "adamw": dict(beta_1=0.9, beta_2=0.999, epsilon=1e-7, weight_decay=0.004),
    "adamax": dict(beta_1=0.9, beta_2=0.999, epsilon=1e-7),
    "nadam": dict(beta_1=0.9, beta_2=0.999, epsilon=1e-7),
    "lion": dict(beta_1=0.9, beta_2=0.99),
    "rmsprop": dict(rho=0.99, epsilon=1e-8),
    "sgd": dict(momentum=0.0, nesterov=False),
    "adagrad": dict(initial_accumulator_value=0.1, epsilon=1e-7),
}
KERAS_RMSPROP = dict(rho=0.9, epsilon=1e-7)  # of runs before RMSProp's epsilon was a key


def optimizer(name: str, learning_rate: float, schedule: str = "constant", **options: float) -> dict:
    """An optimizer of `OPTIMIZERS` with a schedule of the learning rate: constant, or linear, cosine or
    constant_then_linear.

    All but the constant schedule fall to 0 at `config.steps`.
    """
    return dict(name=name, learning_rate=learning_rate, schedule=schedule) | OPTIMIZERS[name] | options


def adam(learning_rate: float, beta_1: float = 0.9, schedule: str = "constant", **options: float) -> dict:
    """Adam. If `beta_2_end` is not 0, beta_2 goes to it by half a cosine, until `config.steps`."""
    return optimizer("adam", learning_rate, schedule, beta_1=beta_1, **options)


def rmsprop(learning_rate: float, schedule: str = "constant") -> dict:
    """RMSProp as in the WGAN author's framework: decay .99, and an epsilon of 1e-8 outside the root."""
    return optimizer("rmsprop", learning_rate, schedule)


def get_config(kind: str) -> ConfigDict:
    """The keys that every recipe has. The keys are locked: a recipe or a flag can set a key but not add one.

    Args:
        kind: the kind of the data, "images" or "points" (`ganzoo.data.names.kind`).
    """
    config = _of_any_task("sampling")
    config.data.image_size = 0  # 0: the pictures' own size, or 64 if their sizes differ
    config.data.aspect = "crop"  # to the centre square; or pad with white to a square, or keep the usual ratio
    config.data.split = "by_size"  # few pictures are mostly trained on; fifths holds out 40 % of any number
    config.data.flip = False  # half of the training pictures left to right, at random
    config.data.stream_above_mb = 1000  # of pictures in memory; a larger set is read from a file in the cache

    config.model = ConfigDict()
    config.model.network = "mlp" if kind == "points" else "dcgan"
    config.model.latent_dim = 2 if kind == "points" else 128
    config.model.latent_categories = 0  # of which the first latent chooses one, as a mixture has; 0: none
    # An average over steps shrinks the modes of points, so recipes for points let the learning rate decay instead.
    config.model.ema_decay = 0.0 if kind == "points" else 0.999
    config.model.freeze_discriminator = 0  # of its first layers, which then do not train; for runs with --init_from
    config.networks = ConfigDict()  # the options of each family; `config.model.network` says which is built
    config.networks.mlp = dict(generator=dict(width=128, depth=3), discriminator=dict(width=128, depth=3))
    config.networks.spectral_mlp = dict(generator=dict(width=128, depth=3), discriminator=dict(width=128, depth=3))
    config.networks.fourier = dict(generator=dict(width=128, depth=3), discriminator=dict(width=128, depth=3))
    config.networks.dcgan = dict(
        generator=dict(width=64, base_resolution=7, kernel_size=5, norm="batch", init_stddev=0.0),
        discriminator=dict(width=32, base_resolution=4, kernel_size=5, norm="none", init_stddev=0.0),
    )
    config.networks.resnet = dict(
        generator=dict(width=256, base_resolution=4), discriminator=dict(width=128, base_resolution=8, norm="spectral")
    )
    residual = dict(width=8, max_width=128, base_resolution=4, blocks=1, expansion=2, group_size=16)
    config.networks.r3 = dict(generator=residual, discriminator=dict(residual))
    config.networks.progressive = dict(
        generator=dict(width=16, max_width=64, base_resolution=4),
        discriminator=dict(width=16, max_width=64, base_resolution=4, group_size=4),
    )
    config.networks.style = dict(
        generator=dict(width=16, max_width=64, base_resolution=4, mapping_layers=2, style_dim=64),
        # Without minibatch deviations: only stylegan2 and pggan keep the average that scores need.
        discriminator=dict(width=16, max_width=64, base_resolution=4, group_size=0),
    )
    config.augment = ConfigDict()  # random transforms of the pictures that the discriminator sees in training
    # Or none, ada (a probability that adapts, from 0 on), or fixed; auto is ada for a folder of few pictures.
    config.augment.policy = "auto"
    config.augment.target = 0.6  # ada: the mean sign of the reals' logits at which the probability stays
    config.augment.images = 50_000  # ada: reals in which the probability could go from 0 to 1; 500,000 in the paper
    config.augment.probability = 0.3  # fixed: of each transform for each picture
    config.augment.transforms = (  # besides cutout
        "flip",
        "translation",
        "scale",
        "rotation",
        "brightness",
        "contrast",
        "saturation",
        "hue",
    )
    # Training steps compiled into one call, which helps only if a step takes about a millisecond.
    config.steps_per_execution = 10 if kind == "points" else 1

    config.evaluate_every = 0  # steps between two measurements of the generator during the training; 0: none
    config.export = "best"  # of the measured checkpoints; or last
    config.patience = 0  # measurements in a row without a better one that end the training; 0: none do
    config.evaluation.validation_samples = 2_000

    config.ratio = ConfigDict()  # the estimate of log p_data/p_g, with the generator frozen
    config.ratio.estimator = "best"  # by held-out log loss; or discriminator, refit, smoothed, combined
    config.ratio.combined = ("discriminator", "refit")  # the terms of the mean; the first only if it is a log ratio
    config.ratio.mismatched = 0.0  # for a conditional model: weight of reals with wrong labels, fitted as fakes
    config.ratio.stop_share = 0.1  # share of the ratio part that decides when to stop
    config.ratio.calibration_share = 0.1  # share of the ratio part that only the calibration sees
    config.ratio.calibration = "temperature"  # or none, isotonic, beta
    config.ratio.groups = 0 if kind == "points" else 20  # of similar reals, each with its own offset; 0: none
    config.ratio.tempering = 1.0  # factor on the calibrated log ratio; below 1 it rejects less sharply
    fit = dict(steps=300, batch_size=256, learning_rate=1e-3, width=64, dropout=0.5)
    if kind == "points":
        fit = dict(steps=3000, batch_size=1024, learning_rate=2e-3, width=128, dropout=0.0)
    config.ratio.refit = fit
    smooth = dict(noise=0.5, pool=2, width=32, steps=600, learning_rate=2e-3)
    config.ratio.smoothed = fit | (dict(noise=0.1, pool=1, steps=1000) if kind == "points" else smooth)

    config.sampling = ConfigDict()
    config.sampling.precision = "as_trained"  # of generator and ratio in the export; or float32, bfloat16
    config.sampling.burn_in = 10_000  # proposals whose maximum and percentiles are stored in the export
    config.sampling.gamma_percentile = 80.0
    config.sampling.maximum_percentile = 100.0  # drs's maximum in the burn-in; below 100 it ignores outliers
    config.sampling.budget = 2.0  # obrs's mean number of proposals per sample
    config.sampling.chain_length = 640 if kind == "points" else 20  # mh's proposals per chain; 640 in the paper
    config.sampling.batch_size = 1024 if kind == "points" else 256
    # The bounds of a request, which every export checks in its graph.
    config.sampling.max_samples = 10_000
    config.sampling.max_rows = 100_000 if kind == "points" else 1_024  # latents or samples in one request
    config.sampling.max_proposals_per_sample = 1_000
    config.sampling.max_chain_length = 1_000

    return config


def get_translation_config() -> ConfigDict:
    """The keys of every recipe that translates pictures between domains."""
    config = _of_any_task("translation")
    config.data.image_size = 0  # 0: 32 for the digits, else the pictures' own size, or 128 if sizes differ
    config.data.load_size = 0  # squares of image_size are cut at random from pictures of this size; 0: image_size
    config.data.flip = False  # left to right, at random
    config.data.paired = "none"  # for a folder: by_name (trainA, trainB) or side_by_side

    config.model = ConfigDict()
    config.networks = ConfigDict()
    patches = dict(width=64, layers=3, norm="instance")
    config.networks.unet = dict(
        generator=dict(width=64, depth=0, dropout_levels=3, dropout_rate=0.5, norm="instance"),
        discriminator=dict(patches),
    )
    config.networks.cyclegan = dict(generator=dict(width=64, blocks=0, norm="instance"), discriminator=dict(patches))
    config.networks.stargan = dict(
        generator=dict(width=64, blocks=6, norm="instance"), discriminator=dict(width=64, depth=6)
    )

    config.sampling = ConfigDict()
    config.sampling.precision = "as_trained"  # of the networks in the export; or float32, bfloat16
    config.sampling.candidates = 16  # per picture; their maximum and percentiles set the rejection
    config.sampling.gamma_percentile = 80.0
    config.sampling.batch_size = 32
    # The bounds of a request, which every export checks in its graph.
    config.sampling.max_images = 64
    config.sampling.max_side = 1024  # pixels, of one picture
    config.sampling.max_pixels = 8 * 1024**2  # of all pictures in a request's arrays
    config.sampling.max_proposals_per_sample = 1_000
    return config


def _of_any_task(task: str) -> ConfigDict:
    config = ConfigDict()
    config.task = task  # what a run does with the model: a module of `ganzoo.tasks`
    config.seed = 0
    config.deterministic = False  # bit-equal runs, at some cost in speed
    # mixed_bfloat16 keeps last layers, penalties and losses in float32; auto is that where the hardware has bfloat16
    config.precision = "float32"

    config.data = ConfigDict()
    config.data.data_dir = ""  # the folder of TFDS's sets; empty takes TFDS's default
    config.data.tfds_split = "train"  # a split or a slice; only TFDS's sets have several
    config.data.channels = 0  # 0: grey if all pictures are grey, else RGB

    config.optimizers = ConfigDict()  # generator and discriminator: from the recipe

    config.log_every = 100  # steps between two points of a curve
    config.checkpoint_every = 500
    config.checkpoints_kept = 3
    config.sample_every = 250
    config.tracker = "none"  # or mlflow, wandb, trackio: where the curves go, too
    config.divergence_threshold = 1e6  # a larger loss stops the run
    config.steps_per_execution = 1  # training steps compiled into one call

    config.evaluation = ConfigDict()
    config.evaluation.num_samples = 10_000
    config.evaluation.feature_extractor = ""  # a file or folder, `--feature_extractor`; empty takes what suits the data
    return config
