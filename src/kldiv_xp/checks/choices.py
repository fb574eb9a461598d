"""Options that take one of several words: what is none of them, and the one that is meant."""

# What others call a choice, in the letters alone.
SYNONYMS = {
    "mean": ("avg", "average", "sumoverbatchsize", "sumoverbatch", "auto"),
    "batchmean": ("meanbatch", "meanoverbatch", "batchaverage", "batchavg"),
    "sum": ("add", "total", "accumulate"),
    "none": ("no", "raw", "identity", "elementwise", "false"),
    "probabilities": ("softmax", "label", "labels", "onehot", "onehotlabels"),
    "log_probabilities": ("logsoftmax", "logsoftmaxed"),
    "logits": ("raw", "score", "scores"),
    "zero": ("none", "no", "ignore", "ignored", "drop", "skip", "zeros"),
    "renormalize": ("renormalise", "normalize", "normalise"),
    "bucket": ("rest", "other", "others", "remainder"),
}
# Keras adds up a distribution, and divides by the number of those along all other axes.
OF_DISTRIBUTIONS = {"sumoverbatchsize", "sumoverbatch", "auto"}


def check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    """Refuse a value that is none of the choices."""
    if not (isinstance(value, str) and value in choices):
        near = nearest_choice(value, choices)
        is_of_keras = isinstance(value, str) and letters_of(value) in OF_DISTRIBUTIONS
        samples = ", that of all distributions, of kl_div with axis=-1" * is_of_keras
        meant = f": did you mean {near!r}{samples}?" if near else "."
        message = f"`{name}` must be one of {', '.join(map(repr, choices))}; got {value!r}{meant}"
        raise ValueError(message)


def nearest_choice(value: object, choices: tuple[str, ...]) -> str:
    """The choice that a value is another spelling of, or is nearest to; "" if none."""
    if value is None:
        return "none" if "none" in choices else ""
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    value = value.decode(errors="replace") if isinstance(value, bytes) else value
    if not isinstance(value, str):
        return ""
    from difflib import get_close_matches

    short = {one: letters_of(one) for one in choices}
    word = letters_of(value)
    word = next((short[one] for one in choices if word in SYNONYMS.get(one, ())), word)
    same = [one for one, letters in short.items() if letters == word]
    begun = [one for one, letters in short.items() if word and letters.startswith(word.rstrip("s"))]
    if len(begun) > 1 and not same:
        return ""
    ended = [
        one for one, letters in short.items() if word.endswith(letters) or word.startswith(letters)
    ]
    return next(iter(same or begun or ended or get_close_matches(value, choices, 1)), "")


def letters_of(word: str) -> str:
    """A word in small letters, without what joins its parts."""
    return word.casefold().replace("_", "").replace("-", "").replace(" ", "")
