"""Pictures of 256 pixels a side, the largest that models make which sample from latents."""

import numpy as np
import pytest

import ganzoo
from ganzoo.data.framing import LARGEST
from ganzoo.density_ratio.fitting import for_export
from ganzoo.errors import GanzooError
from ganzoo.export import saved_model
from ganzoo.serving.exported import Exported

NARROW = {
    "dcgan": dict(
        generator=dict(width=2, base_resolution=4, kernel_size=5, norm="batch", init_stddev=0.0),
        discriminator=dict(width=2, base_resolution=4, kernel_size=5, norm="none", init_stddev=0.0),
    ),
    "resnet": dict(
        generator=dict(width=4, base_resolution=4), discriminator=dict(width=4, base_resolution=8, norm="spectral")
    ),
    "r3": {
        network: dict(width=4, max_width=8, base_resolution=4, blocks=1, expansion=2, group_size=0)
        for network in ("generator", "discriminator")
    },
    "style": dict(
        generator=dict(width=2, max_width=4, base_resolution=4, mapping_layers=2, style_dim=4),
        discriminator=dict(width=2, max_width=4, base_resolution=4, group_size=0),
    ),
    "progressive": dict(
        generator=dict(width=2, max_width=4, base_resolution=4),
        discriminator=dict(width=2, max_width=4, base_resolution=4, group_size=2),
    ),
}


@pytest.mark.parametrize(
    ("network", "shape"),
    [
        ("dcgan", (256, 256, 3)),
        ("resnet", (256, 256, 3)),
        ("r3", (256, 256, 3)),
        ("progressive", (256, 192, 3)),
        ("style", (256, 192, 3)),
    ],
)
def test_a_family_trains_exports_and_samples_at_256(network, shape, tmp_path):
    """Whole: built, one step, the export, and pictures of it by rejection that TensorFlow alone draws."""
    model = ganzoo.create("r3gan", image_shape=shape, network=network, latent_categories=0, **NARROW[network])
    model.compile()
    reals = np.random.default_rng(0).integers(0, 256, (2, *shape), dtype=np.uint8)
    before = model.generator.trainable_variables[0].numpy().copy()
    assert np.isfinite(list(model.train_on_batch(reals, return_dict=True).values())).all()
    assert not np.array_equal(before, model.generator.trainable_variables[0].numpy())
    sampling = model.recipe().sampling.to_dict() | dict(burn_in=8, batch_size=4, max_samples=4, max_rows=4)
    path = saved_model.export(model, tmp_path, ratio=for_export(model, None), sampling=sampling)
    exported = Exported(path)
    drawn = exported.draw("drs", 2, seed=1)["samples"]
    assert drawn.shape == (2, *shape)
    assert np.abs(drawn).max() <= 1.0


def test_larger_pictures_are_refused():
    with pytest.raises(GanzooError, match="16 to 256 pixels a side"):
        ganzoo.create("r3gan", image_shape=(LARGEST + 4, LARGEST, 3))
