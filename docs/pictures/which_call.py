"""The picture that decides which function is called, by what two arrays hold."""

from pathlib import Path

from boxes import BLUE, GREEN, GREY, box, canvas, save

COLUMNS = ("logits", "log-probabilities", "probabilities")
LOGITS, PLAIN = "kl_div_with_logits(", "kl_div("
OPERANDS = "\n input, target"
CALLS = {
    ("logits", "logits"): LOGITS + OPERANDS + ")",
    ("logits", "log-probabilities"): LOGITS + OPERANDS + ",\n target_is=\n 'log_probabilities')",
    ("logits", "probabilities"): LOGITS + OPERANDS + ",\n target_is=\n 'probabilities')",
    ("log-probabilities", "logits"): LOGITS + OPERANDS + ")",
    ("log-probabilities", "log-probabilities"): PLAIN + OPERANDS + ",\n log_target=True)",
    ("log-probabilities", "probabilities"): PLAIN + OPERANDS + ")",
    ("probabilities", "logits"): "take the softmax\nof the target first",
    ("probabilities", "log-probabilities"): PLAIN
    + OPERANDS
    + ",\n log_input=False,\n log_target=True)",
    ("probabilities", "probabilities"): PLAIN + OPERANDS + ",\n log_input=False)",
}
COLORS = {LOGITS: BLUE, PLAIN: GREEN}
SIZE, LEFT = (98, 56), 76


def draw(path: Path) -> None:
    """Draw the table: a row for what the model holds, a column for what the target holds."""
    figure, axes = canvas(5.35, 4.0)
    axes.text(LEFT + 1.5 * 102, 269, "the target holds …", ha="center", color=GREY)
    axes.text(5, 234, "the model's\narray holds …", va="center", color=GREY)
    for place, kind in enumerate(COLUMNS):
        box(axes, (LEFT + place * 102, 257 - 32), (SIZE[0], 24), kind, weight="bold", fontsize=8.5)
    for below, held in enumerate(COLUMNS):
        y = 161 - below * 62
        box(axes, (4, y), (68, SIZE[1]), held.replace("-", "-\n"), weight="bold", fontsize=8.5)
        for place, kind in enumerate(COLUMNS):
            call = CALLS[held, kind]
            color = next((one for start, one in COLORS.items() if call.startswith(start)), GREY)
            at = LEFT + place * 102, y
            box(axes, at, SIZE, call, color=color, family="monospace", fontsize=7.0, ma="left")
    note = "Symmetric, or the other way round: js_div_with_logits, with beta = 0.5 or 1."
    axes.text(4, 14, note, va="center", color=GREY, fontsize=8.5)
    save(figure, path)
