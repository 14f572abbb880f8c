"""Data sets in memory, and endless batches of them; the loader works in the main process."""

import itertools
import random
from collections.abc import Iterator

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, TensorDataset


class Pictures(Dataset):
    """Pictures uint8 [n, h, w, c]; reading one converts it to float32 [c, h, w] in [-1, 1].

    The conversion is the same as by torchvision's ToTensor and Normalize.
    """

    def __init__(self, pictures: np.ndarray):
        self.pictures = pictures

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> torch.Tensor:
        picture = torch.from_numpy(self.pictures[index]).permute(2, 0, 1).contiguous()
        return picture.float().div(255).sub(0.5).div(0.5)


class Unpaired(Dataset):
    """Pairs of pictures: one of `a` by its index, and a random one of `b`."""

    def __init__(self, a: np.ndarray, b: np.ndarray):
        self.a, self.b = Pictures(a), Pictures(b)

    def __len__(self) -> int:
        return max(len(self.a), len(self.b))

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        return self.a[index % len(self.a)], self.b[random.randrange(len(self.b))]


def endless(*reals: np.ndarray, batch_size: int, drop_last: bool = False) -> Iterator:
    """Shuffled batches of points, pictures or pairs, epoch after epoch.

    An epoch's last batch may be smaller; `drop_last` leaves it out.
    """
    if len(reals) == 2:
        dataset = Unpaired(*reals)
    elif reals[0].dtype == np.uint8:
        dataset = Pictures(reals[0])
    else:
        dataset = TensorDataset(torch.from_numpy(reals[0]))
    loader = DataLoader(dataset, batch_size=batch_size, shuffle=True, drop_last=drop_last)
    for _ in itertools.count():
        for batch in loader:
            yield batch[0] if isinstance(dataset, TensorDataset) else batch


def normal(*shape: int) -> torch.Tensor:
    """Normal noise in float32, drawn by NumPy as in PyTorch-GAN."""
    return torch.Tensor(np.random.normal(0, 1, shape))
