"""The command line draws the samples of a diagnosis, or says why not."""

import numpy as np
import pytest
from cli.files_of_operands import P, Q, diagnose, refused, refused_by_the_system

import kldiv_xp
from kldiv_xp import kl_div_with_logits
from kldiv_xp.cli.plot import figure_of

pytest.importorskip("rich", reason="rich is not installed")
pytest.importorskip("click", reason="click is not installed")


def test_picture_needs_a_folder(files):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    said = refused_by_the_system(
        diagnose(files, "log_q.npy", "p.npy", "--plot", "missing/samples.png")
    )
    assert " ".join(said.split()) == (
        f"'{files}/missing/samples.png' must be a file that can be written; got 'No such file or "
        "directory': make its folder first, or name a file in another one."
    )
    (files / "missing").mkdir()
    done = diagnose(files, "log_q.npy", "p.npy", "--plot", "missing/samples.png")
    assert done.exit_code == 0, done.output


@pytest.mark.filterwarnings("error")
def test_picture_of_no_samples_is_refused_without_a_warning(files):
    np.save(files / "none.npy", np.ones((0, 5)))
    done = diagnose(files, "none.npy", "none.npy", "--plot", "x.png")
    assert "A picture needs operands with divergences; got none" in refused(done)
    assert "Found nothing" in done.output


def test_logits_are_diagnosed_and_drawn(files):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    np.save(files / "logits.npy", 2 * np.log(Q) + 1)
    options = ("--input-is", "logits", "--target-is", "probabilities", "--plot", "samples.png")
    done = diagnose(files, "logits.npy", "p.npy", *options)
    assert done.exit_code == 0, done.output
    assert "an input of logits and a target of probabilities" in " ".join(done.output.split())
    loss = kl_div_with_logits(2 * np.log(Q) + 1, P, target_is="probabilities", reduction="sum")
    assert f"The loss in nats: sum {float(loss):.6g}" in done.output
    assert (files / "samples.png").read_bytes().startswith(b"\x89PNG")
    done = diagnose(files, "logits.npy", "p.npy", "--input-is", "logits")
    assert done.exit_code == 1
    assert "target_is='probabilities'" in "".join(done.output.split("\n"))


@pytest.mark.few(1, 1)
@pytest.mark.parametrize("factors", [(1, 1), (1e-3, 3)])
def test_picture_is_drawn(files, factors):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    rng = np.random.default_rng(0)
    logits = rng.standard_normal((200, 50)) * np.geomspace(*factors, 200)[:, None]
    q = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.save(files / "many.npy", np.log(q))
    p = np.full((200, 50), 1 / 50)
    p[3, 4] = np.nan
    np.save(files / "even.npy", p)
    done = diagnose(files, "many.npy", "even.npy", "--plot", "samples.png")
    assert done.exit_code == 1, done.output
    assert (files / "samples.png").read_bytes().startswith(b"\x89PNG")


def test_picture_of_equal_divergences_is_drawn(files):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    np.save(files / "same.npy", np.log(np.full((5, 4), 0.25)))
    done = diagnose(files, "same.npy", "same.npy", "--log-target", "--plot", "samples.png")
    assert done.exit_code == 0, done.output


def test_picture_needs_divergences(files):
    np.save(files / "labels.npy", np.asarray([0, 1]))
    done = diagnose(files, "log_q.npy", "labels.npy", "--plot", "samples.png")
    assert done.exit_code == 2
    assert "A picture needs operands with divergences; got none" in done.output


def test_picture_is_not_written_over_a_folder(files):
    done = diagnose(files, "log_q.npy", "p.npy", "--plot", "../.")
    assert done.exit_code == 2
    assert f"File '{files}/..' is a directory" in done.output


def test_what_is_drawn_is_the_loss_with_its_options(files, monkeypatch):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    drawn = []
    monkeypatch.setattr("kldiv_xp.cli.plot.figure_of_samples", lambda *given: drawn.append(given))
    report = kldiv_xp.diagnose(Q, P, temperature=2.0, beta=0.25)
    figure_of(Q, P, report)
    expected = kldiv_xp.js_div_with_logits(Q, P, temperature=2.0, beta=0.25, reduction="none")
    np.testing.assert_allclose(drawn[0][0].values, expected, rtol=1e-6)
