"""Writes `feature_metrics.npz`: what torch-fidelity, clean-fid and prdc find on stored features.

They need PyTorch. The script runs in an environment of its own, with Python 3.11:

    python3.11 -m venv torch_venv
    torch_venv/bin/pip install 'torch-fidelity==0.4.0' 'clean-fid==0.1.35' 'prdc==0.2' 'scipy==1.17.1'
    torch_venv/bin/python tests/golden/make_feature_metrics.py

The features are stored with the figures, so that `test_feature_metrics.py` needs nothing from here. Kernel distances
are of subsets as large as the sets: the packages draw subsets each in its own way, and the whole set leaves no choice.
"""

from pathlib import Path

import numpy as np
import torch
from cleanfid import fid as clean
from prdc import compute_prdc
from torch_fidelity import metric_fid, metric_kid, metric_prc

ROWS, DIMENSIONS, NEIGHBOURS = 240, 12, 5


def features(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Float32 features as of a ReLU: correlated, a third of them 0, one of them dead. Fakes are shifted."""
    mixing = rng.normal(size=(DIMENSIONS, DIMENSIONS))
    reals, fakes = (rng.normal(size=(ROWS, DIMENSIONS)) @ mixing for _ in range(2))
    made = dict(reals=reals + 1.0, fakes=0.9 * fakes + 4.0)
    for values in made.values():
        np.maximum(values, 0.0, out=values)
        values[:, -1] = 0.0
    return {name: values.astype(np.float32) for name, values in made.items()}


def figures(reals: np.ndarray, fakes: np.ndarray) -> dict[str, float]:
    """By package and metric."""
    wide = [np.asarray(values, np.float64) for values in (fakes, reals)]
    tensors = [torch.from_numpy(values) for values in wide]
    statistics = [metric_fid.fid_features_to_statistics(tensor) for tensor in tensors]
    kid = metric_kid.kid_features_to_metric(*tensors, kid_subsets=1, kid_subset_size=ROWS, verbose=False)
    prc = metric_prc.prc_features_to_metric(*tensors, prc_neighborhood=NEIGHBOURS, verbose=False)
    found = {
        "torch_fidelity_fd": metric_fid.fid_statistics_to_metric(*statistics, False)["frechet_inception_distance"],
        "torch_fidelity_kd": kid["kernel_inception_distance_mean"],
        "torch_fidelity_precision": prc["precision"],
        "torch_fidelity_recall": prc["recall"],
        "clean_fid_fd": clean.fid_from_feats(*wide),
        "clean_fid_kd": clean.kernel_distance(*wide, num_subsets=1),
    }
    return found | {f"prdc_{name}": value for name, value in compute_prdc(wide[1], wide[0], NEIGHBOURS).items()}


def main():
    arrays = features(np.random.default_rng(0))
    arrays |= {name: np.float64(value) for name, value in figures(**arrays).items()}
    np.savez_compressed(Path(__file__).with_name("feature_metrics.npz"), **arrays)
    for name, value in arrays.items():
        print(name, value if value.ndim == 0 else value.shape)


if __name__ == "__main__":
    main()
