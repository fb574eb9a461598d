"""Train a variational autoencoder with a categorical latent in NumPy, gradients by hand.

The encoder is q(z|x), a softmax; the decoder p(x|z) a Gaussian around one mean for each z; the
prior p(z) is uniform.  There are few z, so expectations are sums and nothing is sampled.

To run it: python examples/categorical_vae_numpy.py
"""

import numpy as np

from kldiv_xp import kl_div, kl_div_gradient

SAMPLES, LATENTS, NOISE = 240, 4, 0.4
LOG_PRIOR = np.full((SAMPLES, LATENTS), -np.log(LATENTS))
STEPS = 300
RATE = 0.2


def clusters(rng):
    """Points around the corners of a square, with a column of ones, and the corner of each."""
    corners = np.asarray([[1.5, 1.5], [-1.5, 1.5], [-1.5, -1.5], [1.5, -1.5]])
    labels = np.arange(SAMPLES) % LATENTS
    points = corners[labels] + rng.normal(scale=NOISE, size=(SAMPLES, 2))
    return np.column_stack([points, np.ones(SAMPLES)]), labels


def log_sum_exp(logits):
    largest = logits.max(axis=1, keepdims=True)
    return largest + np.log(np.exp(logits - largest).sum(axis=1, keepdims=True))


def log_encoder(encoder, points):
    """log q(z|x)."""
    logits = points @ encoder
    return logits - log_sum_exp(logits)


def log_decoder(means, points):
    """log p(x|z), for every point and every z."""
    squares = ((points[:, None, :2] - means) ** 2).sum(axis=2)
    return -squares / (2 * NOISE**2) - np.log(2 * np.pi * NOISE**2)


def loss_and_gradient(encoder, means, points):
    """Negative evidence lower bound per point, in nats, and its derivatives."""
    q, log_p_x = np.exp(log_encoder(encoder, points)), log_decoder(means, points)
    # KL(q || prior): q is the target, the log-prior the input.  The prior has no parameters.
    options = {"axis": -1, "reduction": "mean", "return_value": True}
    divergence, _, d_q = kl_div_gradient(LOG_PRIOR, q, **options)
    loss = divergence - (q * log_p_x).sum(axis=1).mean()

    d_q = d_q - log_p_x / SAMPLES
    d_logits = q * (d_q - (q * d_q).sum(axis=1, keepdims=True))
    offsets = (points[:, None, :2] - means) / NOISE**2
    d_means = -(q[:, :, None] * offsets).mean(axis=0)
    return float(loss), (points.T @ d_logits, d_means)


def evidence(encoder, means, points):
    """log p(x) per point, and the divergence of q(z|x) from the true p(z|x)."""
    joint = LOG_PRIOR + log_decoder(means, points)
    log_p_x = log_sum_exp(joint)
    q = np.exp(log_encoder(encoder, points))
    return float(log_p_x.mean()), float(kl_div(joint - log_p_x, q, axis=-1, reduction="mean"))


def main():
    rng = np.random.default_rng(0)
    points, labels = clusters(rng)
    encoder, means = rng.normal(scale=0.1, size=(3, LATENTS)), rng.normal(size=(LATENTS, 2))
    first, _ = loss_and_gradient(encoder, means, points)
    for _ in range(STEPS):
        _, (d_encoder, d_means) = loss_and_gradient(encoder, means, points)
        encoder, means = encoder - RATE * d_encoder, means - RATE * d_means
    last, _ = loss_and_gradient(encoder, means, points)
    log_p_x, gap = evidence(encoder, means, points)
    codes = log_encoder(encoder, points).argmax(axis=1)
    usual = np.asarray([np.bincount(codes[labels == label]).argmax() for label in range(LATENTS)])
    own, share = len(set(usual)), float((codes == usual[labels]).mean())

    print(f"{SAMPLES} points around {LATENTS} corners, {STEPS} steps")
    print(f"negative evidence lower bound fell from {first:.3f} to {last:.3f} nats per point")
    print(f"evidence is {log_p_x:.9f}, the bound {-last:.9f}")
    print(f"  the gap is KL(q(z|x) || p(z|x)): {gap:.9f}")
    print(f"{own} of {LATENTS} corners have a code of their own, for {share:.1%} of their points")
    return {"bound": (-first, -last), "evidence": log_p_x, "gap": gap, "own": own, "share": share}


if __name__ == "__main__":
    main()
