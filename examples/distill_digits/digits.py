"""The handwritten digits, and a teacher who has learned to read them."""

from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

CLASSES = 10


@dataclass(frozen=True)
class Digits:
    """Images of 8 x 8 grey values in [0, 1] as rows, and the digits they show."""

    images: np.ndarray
    labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray

    def one_hot(self) -> np.ndarray:
        """The labels as distributions: all of the probability on one class, zero on the rest."""
        return np.eye(CLASSES)[self.labels]

    def first(self, count: int) -> "Digits":
        """Only the first images to learn from, and the same ones to be tested on."""
        return Digits(self.images[:count], self.labels[:count], self.test_images, self.test_labels)


def load() -> Digits:
    """scikit-learn's bundled digits, split always in the same way."""
    images, labels = load_digits(return_X_y=True)
    train, test, train_labels, test_labels = train_test_split(
        images / images.max(), labels, test_size=0.3, random_state=0, stratify=labels
    )
    return Digits(train, train_labels, test, test_labels)


def train_teacher(digits: Digits) -> MLPClassifier:
    """A wide network that has seen every label."""
    teacher = MLPClassifier(hidden_layer_sizes=(256,), max_iter=400, random_state=0)
    return teacher.fit(digits.images, digits.labels)


def soft_targets(teacher: MLPClassifier, images: np.ndarray, temperature: float) -> np.ndarray:
    """Teacher's distribution of each image, from logits divided by the temperature."""
    powers = teacher.predict_log_proba(images) / temperature
    beliefs = np.exp(powers - powers.max(axis=1, keepdims=True))
    return beliefs / beliefs.sum(axis=1, keepdims=True)
