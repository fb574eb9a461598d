"""Distil a classifier of handwritten digits into a small one, on the array library you choose.

The teacher has learned from 1257 labelled images.  Three students of the same size follow it: one
learns from the labels of the first 100 images alone; one from what the teacher believes of all
1257 images, without a label; and, to see what labels would have been worth, one from all 1257
labels.  All are trained by kldiv_xp, a label being a target with nine zeros.
"""

import argparse
import importlib.util
import statistics
from pathlib import Path

import digits as data
from picture import draw
from student import BACKENDS
from threadpoolctl import threadpool_limits
from training import Lesson, accuracy, train

LABELLED = 100
TEMPERATURE = 2.0
SEEDS = range(3)
PACKAGES = {"torch": "PyTorch", "jax": "JAX"}


def positive(text):
    """A whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        message = f"must be a whole number of at least 1; got {text!r}: try 600"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def installed(backend):
    """A backend whose library is there."""
    if backend in PACKAGES and importlib.util.find_spec(backend) is None:
        message = f"{backend!r} needs {PACKAGES[backend]}, which is missing: pip install {backend}"
        raise argparse.ArgumentTypeError(message)
    return backend


def arguments():
    parser = argparse.ArgumentParser(prog="distill_digits", description=__doc__.split("\n")[0])
    parser.add_argument("--backend", type=installed, choices=BACKENDS, default="numpy")
    parser.add_argument("--steps", type=positive, default=600, help="of training (default: 600)")
    parser.add_argument(
        "--output", type=Path, default=Path("distill_digits.png"), help="picture to write"
    )
    return parser.parse_args()


def lessons(digits, teacher):
    """Training data of each of the three students."""
    few = digits.first(LABELLED)
    beliefs = data.soft_targets(teacher, digits.images, TEMPERATURE)
    everything = len(digits.images)
    return [
        Lesson(f"{LABELLED} labels, no teacher", few.images, few.one_hot()),
        Lesson(
            f"the teacher on {everything} images, no label", digits.images, beliefs, TEMPERATURE
        ),
        Lesson(f"{everything} labels, no teacher", digits.images, digits.one_hot()),
    ]


def use_one_thread(backend):
    """For matrices this small, threads wait for each other longer than they compute."""
    if backend == "torch":
        import torch

        torch.set_num_threads(1)
    threadpool_limits(1)


def main():
    options = arguments()
    use_one_thread(options.backend)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    digits = data.load()
    teacher = data.train_teacher(digits)
    score = teacher.score(digits.test_images, digits.test_labels)
    print(f"accuracy on {len(digits.test_labels)} test images, {options.backend}")
    print(f"  {'teacher':<42} {score:6.1%}")
    curves, scores = {}, {}
    for lesson in lessons(digits, teacher):
        settings = {"backend": options.backend, "steps": options.steps}
        runs = [train(lesson, seed=seed, **settings) for seed in SEEDS]
        reached = scores[lesson.name] = [accuracy(weights, digits) for weights, _ in runs]
        spread = f"{min(reached):.1%} to {max(reached):.1%}"
        mean = statistics.mean(reached)
        print(f"  {lesson.name:<42} {mean:6.1%}   ({len(SEEDS)} seeds: {spread})")
        curves[lesson.name] = runs[0][1]
    draw(scores, curves, score, options.backend, options.output)
    print(f"picture: {options.output}")


if __name__ == "__main__":
    main()
