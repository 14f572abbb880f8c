"""Writes `extractors.npz`, `zipped.pth` and `legacy.pth`: what networks in PyTorch make of a picture.

    python3.11 -m venv torch_venv
    torch_venv/bin/pip install 'torch==2.14.1' 'pytorch-fid==0.3.0' 'transformers==5.24.0'
    torch_venv/bin/python tests/golden/make_extractors.py

The weights are random and as large as the networks, so they are not stored: `weights` makes them again, by their names.
"""

import zlib
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
DINO = dict(hidden_size=128, num_hidden_layers=2, num_attention_heads=2, image_size=518, patch_size=14, mlp_ratio=4)


def weights(shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Random float32 weights by name, of which variances are positive and kernels keep the scale of what they see."""
    made = {}
    for name, shape in shapes.items():
        draws = np.random.Generator(np.random.PCG64(zlib.crc32(name.encode()))).random(shape)
        if name.endswith("running_var"):
            made[name] = 0.5 + draws
        elif len(shape) >= 2 and "token" not in name and "position" not in name:
            made[name] = (2 * draws - 1) * np.sqrt(6 / np.prod(shape[1:]))
        elif name.endswith(("bn.weight", "norm1.weight", "norm2.weight", "layernorm.weight")):
            made[name] = 0.5 + draws
        else:
            made[name] = draws - 0.5
    return {name: np.asarray(array, np.float32) for name, array in made.items()}


def picture(side: int) -> np.ndarray:
    """uint8 [side, side, 3]: a smooth ramp with stripes."""
    y, x = np.mgrid[:side, :side] / side
    return np.stack([255 * x, 255 * y, 127 + 120 * np.sin(20 * x + 9 * y)], axis=-1).astype(np.uint8)


def main():
    import torch
    from pytorch_fid import inception
    from transformers import Dinov2Config, Dinov2Model

    def loaded(network):
        shapes = {name: tuple(value.shape) for name, value in network.state_dict().items() if value.ndim}
        network.load_state_dict(
            {name: torch.from_numpy(array) for name, array in weights(shapes).items()}, strict=False
        )
        return network.eval(), shapes

    def without_download(url, progress):
        network = inception._inception_v3(num_classes=1008, aux_logits=False, weights=None)
        network.Mixed_7b, network.Mixed_7c = inception.FIDInceptionE_1(1280), inception.FIDInceptionE_2(2048)
        return loaded(network)[0].state_dict()

    inception.load_state_dict_from_url = without_download
    fid = inception.InceptionV3().eval()
    with torch.no_grad():
        pixels = torch.from_numpy(picture(64).astype(np.float32) / 255).permute(2, 0, 1)[None]
        of_fid = fid(pixels)[0][0, :, 0, 0].numpy()
        shapes = {name: tuple(value.shape) for name, value in without_download(None, None).items() if value.ndim}

        dino, of_dino = loaded(Dinov2Model(Dinov2Config(**DINO)))
        mean, deviation = (torch.tensor(x)[:, None, None] for x in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
        pixels = torch.from_numpy(picture(224).astype(np.float32) / 255).permute(2, 0, 1)
        of_dinov2 = dino(((pixels - mean) / deviation)[None]).last_hidden_state[0, 0].numpy()

    state = {
        "a.weight": torch.arange(12.0).reshape(3, 4).T,
        "a.count": torch.tensor(7),
        "b": torch.ones(2, dtype=torch.half),
    }
    torch.save(state, HERE / "zipped.pth")
    torch.save(state, HERE / "legacy.pth", _use_new_zipfile_serialization=False)
    np.savez_compressed(
        HERE / "extractors.npz",
        inception=of_fid,
        dinov2=of_dinov2,
        inception_shapes=np.array(repr(shapes)),
        dinov2_shapes=np.array(repr(of_dino)),
    )
    print(of_fid[:5], of_fid.std(), of_dinov2[:5], of_dinov2.std())


if __name__ == "__main__":
    main()
