"""Training: minibatches, momentum, and the curve of the loss, the same on every library."""

from dataclasses import dataclass

import numpy as np
from student import BACKENDS, initial_weights, logits
from tqdm import tqdm

BATCH = 64
RATE = 0.05
MOMENTUM = 0.9


@dataclass(frozen=True)
class Lesson:
    """Training data of a student: images, the distributions to match, and their temperature."""

    name: str
    images: np.ndarray
    target: np.ndarray
    temperature: float = 1.0


def train(lesson, *, backend, steps, seed):
    """Weights after training, and the loss of each step in nats."""
    asarray, step = BACKENDS[backend]()
    rng = np.random.default_rng(seed)
    weights = [asarray(w) for w in initial_weights(seed, lesson.images.shape[1])]
    velocity = [0 * w for w in weights]
    # Gradients shrink with the square of the temperature (Hinton et al. 2015, section 2).
    rate = RATE * lesson.temperature**2
    curve = []
    # No bar where nobody watches: `disable=None` asks whether the output is a terminal.
    shown = {"desc": f"{lesson.name}, seed {seed}", "leave": False, "disable": None}
    for _ in tqdm(range(steps), unit="step", **shown):
        rows = rng.integers(0, len(lesson.images), BATCH)
        batch = asarray(lesson.images[rows]), asarray(lesson.target[rows])
        value, gradient = step(weights, *batch, lesson.temperature)
        velocity = [MOMENTUM * v - rate * g for v, g in zip(velocity, gradient, strict=True)]
        weights = [w + v for w, v in zip(weights, velocity, strict=True)]
        curve.append(float(value))
    return [np.asarray(w) for w in weights], curve


def accuracy(weights, digits):
    """Share of the test images that the student reads right."""
    guesses = logits(np, weights, digits.test_images).argmax(axis=1)
    return float((guesses == digits.test_labels).mean())
