"""The words by which readers search for a page, as entries of the index, which come first."""

from docutils.transforms import Transform
from sphinx.addnodes import index
from sphinx.application import Sphinx

WORDS = {
    "diagnose": (
        *("NaN", "KL divergence NaN", "loss is NaN", "negative", "negative KL divergence"),
        *("negative loss", "infinite", "inf", "wrong value", "check", "debug"),
    ),
    "masks": (
        *("mask", "attention mask", "padding", "ignore_index", "batchmean", "mean", "reduction"),
        *("size_average", "axis", "dim"),
    ),
    "distillation": (
        *("distillation", "knowledge distillation", "temperature", "top-k", "top-k logits"),
        *("label smoothing", "on-policy", "GKD", "reverse KL", "teacher", "Hugging Face"),
        *("transformers", "Trainer", "causal language model", "knowledge transfer", "huggingface"),
        *("OOM", "out of memory", "large vocabulary", "128k", "fused linear", "chunked"),
    ),
    "recipes": (
        *("GRPO", "PPO", "RLHF", "policy", "KL penalty", "k3", "class weights", "AugMix"),
        *("consistency", "Gaussian", "VAE"),
    ),
    "numerics": (
        *("bfloat16", "float16", "bf16", "fp16", "half precision", "precision", "rounding"),
        *("zeros", "log of zero", "epsilon"),
    ),
    "which_call": (
        *("logits", "probabilities", "log-probabilities", "log_softmax", "Liger", "TRL", "Optax"),
        *("SciPy", "Keras", "torchmetrics", "rel_entr", "jensenshannon", "Jensen-Shannon"),
        *("histogram", "counts", "normalise", "normalize", "symmetric", "bits", "log2"),
        "entropy",
    ),
    "training": (
        *("autocast", "AMP", "mixed precision", "DDP", "FSDP", "gradient accumulation", "jit"),
        *("torch.compile", "torch.export", "ONNX", "vmap", "sharding", "GradScaler", "torch.func"),
        *("second derivative", "Hessian", "shard_map", "pmap", "Flax", "Lightning"),
        *("TensorFlow", "Keras fit"),
    ),
    "reproducible": ("determinism", "deterministic", "reproducibility", "same bits", "bitwise"),
    "conformance": (
        *("conformance", "test suite", "test a kernel", "adapter", "custom kernel"),
        *("verify kernel", "prove kernel"),
    ),
    "coming_from_torch": (
        *("torch.nn.KLDivLoss", "F.kl_div", "migration", "log_softmax softmax batchmean"),
    ),
    "backends": ("array API", "CuPy", "MLX", "sparse", "Cubed", "llvmlite"),
    "performance": ("speed", "memory", "benchmark", "slow"),
    "distributed": ("Dask", "DTensor", "tensor parallel", "larger than memory"),
    "gpu": ("CUDA", "GPU", "Triton", "NVRTC"),
    "quickstart": ("install", "pip install", "tutorial"),
    "contributing": ("add a backend", "run the tests", "source code"),
    "index": ("licence", "license"),
}


class SearchWords(Transform):
    """Entries of a page, before they are collected."""

    default_priority = 800

    def apply(self, **_: object) -> None:
        """Add them where the page begins."""
        page = self.document.settings.env.docname
        if page in WORDS and self.document.children:
            entries = [("single", word, "", "main", None) for word in WORDS[page]]
            self.document.children[0].append(index(entries=entries))


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx about it."""
    app.add_transform(SearchWords)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
