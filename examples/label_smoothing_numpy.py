"""Smooth the labels of a classifier in NumPy: the loss is the divergence from the smoothed label.

To run it: python examples/label_smoothing_numpy.py
"""

import numpy as np

from kldiv_xp import kl_div, kl_div_with_logits_gradient

SAMPLES, CLASSES = 300, 3
SMOOTHING = 0.1
STEPS = 400
RATE = 1.0


def clusters(rng):
    """Points around the corners of a triangle, with a column of ones, and their labels."""
    angles = 2 * np.pi * np.arange(CLASSES) / CLASSES
    corners = 3 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    labels = np.arange(SAMPLES) % CLASSES
    points = corners[labels] + rng.normal(size=(SAMPLES, 2))
    return np.column_stack([points, np.ones(SAMPLES)]), labels


def smoothed(labels, smoothing):
    """Labels as distributions: a part of the probability is spread evenly over all classes."""
    return (1 - smoothing) * np.eye(CLASSES)[labels] + smoothing / CLASSES


def log_softmax(logits):
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def cross_entropy(log_q, p):
    """Mean over the samples, in nats."""
    return -(p * log_q).sum(axis=1).mean()


def entropy(p):
    """Mean over the samples, in nats; a probability of 0 adds 0."""
    logs = np.log(p, out=np.zeros_like(p), where=p > 0)
    return -(p * logs).sum(axis=1).mean()


def train(points, p):
    """Log-probabilities of the classes after gradient descent on the divergence."""
    weights = np.zeros((points.shape[1], CLASSES))
    for _ in range(STEPS):
        d_logits, _ = kl_div_with_logits_gradient(points @ weights, p, target_is="probabilities")
        weights -= RATE * points.T @ d_logits
    return log_softmax(points @ weights)


def main():
    points, labels = clusters(np.random.default_rng(0))
    print(f"{SAMPLES} points of {CLASSES} classes, {STEPS} steps")
    found = {}
    for smoothing in (0.0, SMOOTHING):
        p = smoothed(labels, smoothing)
        log_q = train(points, p)
        loss = float(kl_div(log_q, p, reduction="batchmean"))
        difference = float(cross_entropy(log_q, p) - entropy(p))
        accuracy = float((log_q.argmax(axis=1) == labels).mean())
        confidence = float(np.exp(log_q).max())
        print(f"smoothing {smoothing}: {accuracy:.1%} right, at most {confidence:.2%} sure")
        print(f"  divergence from the smoothed labels: {loss:.12f}")
        print(f"  cross-entropy less their entropy:    {difference:.12f}")
        found[smoothing] = (loss, difference, accuracy, confidence)
    return found


if __name__ == "__main__":
    main()
