"""Data sets in memory, and batches of them without end; the loader works in the main process."""

import itertools
import random
from collections.abc import Iterator

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, TensorDataset


class Pictures(Dataset):
    """uint8 [n, h, w, c], each turned into float32 [c, h, w] in [-1, 1] when it is asked for: what torchvision's
    ToTensor and Normalize do."""

    def __init__(self, pictures: np.ndarray):
        self.pictures = pictures

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> torch.Tensor:
        picture = torch.from_numpy(self.pictures[index]).permute(2, 0, 1).contiguous()
        return picture.float().div(255).sub(0.5).div(0.5)


class Unpaired(Dataset):
    """Each picture of the larger domain beside one of the other: the second's at random."""

    def __init__(self, a: np.ndarray, b: np.ndarray):
        self.a, self.b = Pictures(a), Pictures(b)

    def __len__(self) -> int:
        return max(len(self.a), len(self.b))

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        return self.a[index % len(self.a)], self.b[random.randrange(len(self.b))]


def endless(*reals: np.ndarray, batch_size: int) -> Iterator:
    """Shuffled batches, epoch after epoch, each epoch's last with what is left: points, pictures, or pairs of these."""
    if len(reals) == 2:
        dataset = Unpaired(*reals)
    elif reals[0].dtype == np.uint8:
        dataset = Pictures(reals[0])
    else:
        dataset = TensorDataset(torch.from_numpy(reals[0]))
    loader = DataLoader(dataset, batch_size=batch_size, shuffle=True)
    for _ in itertools.count():
        for batch in loader:
            yield batch[0] if isinstance(dataset, TensorDataset) else batch


def normal(*shape: int) -> torch.Tensor:
    """NumPy's noise, as PyTorch-GAN takes it, in float32."""
    return torch.Tensor(np.random.normal(0, 1, shape))
