"""What a model's latent codes have to do with what its pictures show."""

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.special import entr, log_softmax


def unsupervised_accuracy(categories: np.ndarray, labels: np.ndarray) -> float:
    """The share of samples whose category stands for their label, under the best assignment of categories to labels.

    Each category stands for at most one label and each label for at most one category (Hungarian algorithm), so that
    a code that is always the same scores no more than the share of the largest class.

    Args:
        categories: int [n], recognised.
        labels: int [n].
    """
    table = np.zeros((categories.max() + 1, labels.max() + 1), int)
    np.add.at(table, (categories, labels), 1)
    return float(table[linear_sum_assignment(table, maximize=True)].sum() / len(labels))


def information_bound(logits: np.ndarray, categories: np.ndarray) -> float:
    """H(c) + E[log Q(c | x)], a lower bound of the mutual information of code and sample in nats, at most log K.

    Chen et al. 2016, https://arxiv.org/abs/1606.03657, equation 5.

    Args:
        logits: of Q, [n, K]; log probabilities will do.
        categories: int [n], the codes that the samples were made from, drawn uniformly.
    """
    entropy = entr(np.full(logits.shape[1], 1 / logits.shape[1])).sum()
    return float(entropy + log_softmax(logits, axis=1)[np.arange(len(categories)), categories].mean())
