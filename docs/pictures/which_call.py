"""The picture that decides which function is called, by what two arrays hold."""

from pathlib import Path

from boxes import BLUE, GREEN, GREY, PHONE, box, canvas, save

KINDS = ("logits", "log-probabilities", "probabilities")
LOGITS, PLAIN = "kl_div_with_logits(", "kl_div("
COLORS = {LOGITS: BLUE, PLAIN: GREEN}
# By what the model's array and the target hold: how the call begins, and its other lines.
CALLS = {
    ("logits", "logits"): (LOGITS, "input, target)"),
    ("logits", "log-probabilities"): (LOGITS, "input, target,", "target_is='log_probabilities')"),
    ("logits", "probabilities"): (LOGITS, "input, target,", "target_is='probabilities')"),
    ("log-probabilities", "logits"): (LOGITS, "input, target)"),
    ("log-probabilities", "log-probabilities"): (PLAIN, "input, target,", "log_target=True)"),
    ("log-probabilities", "probabilities"): (PLAIN, "input, target)"),
    ("probabilities", "logits"): ("", "take the softmax", "of the target first"),
    ("probabilities", "log-probabilities"): (
        *(PLAIN, "input, target,", "log_input=False,", "log_target=True)"),
    ),
    ("probabilities", "probabilities"): (PLAIN, "input, target,", "log_input=False)"),
}
NOTES = (
    "Symmetric, or the other way round:",
    "js_div_with_logits for logits, js_div for probabilities,",
    "with beta=0.5 or beta=1.",
)
MONO = {"family": "monospace", "ma": "left"}


def draw(path: Path) -> None:
    """Draw the table: a row for what the model holds, a column for what the target holds."""
    left, across, down, height = 112, 144, 64, 322
    figure, axes = canvas(545 / 72, height / 72)
    axes.text(
        left + 1.5 * across, height - 14, "the target holds …", ha="center", color=GREY, fontsize=11
    )
    axes.text(5, height - 40, "the model's\narray holds …", va="center", color=GREY, fontsize=11)
    for place, kind in enumerate(KINDS):
        at = left + place * across, height - 56
        box(axes, at, (across - 5, 30), kind, weight="bold", fontsize=11)
    for below, held in enumerate(KINDS):
        y = height - 62 - (below + 1) * down
        box(
            axes, (4, y), (left - 9, down - 5), held.replace("-", "-\n"), weight="bold", fontsize=11
        )
        for place, kind in enumerate(KINDS):
            name, *lines = CALLS[held, kind]
            text = "\n ".join((name, *lines)) if name else "\n".join(lines)
            color, at = COLORS.get(name, GREY), (left + place * across, y)
            text = text.replace("target_is=", "target_is=\n ")
            box(axes, at, (across - 5, down - 5), text, color=color, **MONO, fontsize=9.8)
    notes = NOTES[0] + " " + NOTES[1] + "\n" + NOTES[2]
    axes.text(5, 34, notes, va="center", color=GREY, fontsize=10.5)
    save(figure, path)


def draw_for_phones(path: Path) -> None:
    """Draw the same as three lists: the calls for each kind of target, one below the other."""
    left, down, block, height = 76, 27, 104, 364
    figure, axes = canvas(PHONE / 72, height / 72)
    for below, held in enumerate(KINDS):
        top = height - 4 - below * block
        title = f"The model holds {held}; the target"
        axes.text(3, top - 7, title, va="center", weight="bold", fontsize=8.5)
        for place, kind in enumerate(KINDS):
            name, first, *rest = CALLS[held, kind]
            text = f"{name}{first}" + ("\n " if name else " ") * bool(rest) + " ".join(rest)
            color, y = COLORS.get(name, GREY), top - 15 - (place + 1) * down
            box(axes, (3, y), (left, down - 3), kind, fontsize=7.4)
            at, size = (left + 6, y), (PHONE - left - 9, down - 3)
            box(axes, at, size, text, color=color, **MONO, fontsize=7.2)
    axes.text(3, 20, "\n".join(NOTES), va="center", color=GREY, fontsize=7.4)
    save(figure, path)
