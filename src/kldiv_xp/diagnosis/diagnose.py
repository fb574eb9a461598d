"""diagnose: find mistakes in the operands of a loss."""

from typing import SupportsFloat

from kldiv_xp._typing import Array, Axis, InputKind, NoOption, Reduction, Tail, TargetKind
from kldiv_xp.calls.overrides import overridable, override
from kldiv_xp.checks.other_names import refuse_other_names
from kldiv_xp.core.evaluate_linear import Heads
from kldiv_xp.core.namespaces import is_overridden
from kldiv_xp.diagnosis.asked_loss import Asked
from kldiv_xp.diagnosis.losses_of_teachers import report_of_teachers
from kldiv_xp.diagnosis.report import Report
from kldiv_xp.diagnosis.two_operands import diagnosis_of
from kldiv_xp.formula.form import Form


@overridable
def diagnose(
    input: Array,
    target: Array,
    *unnamed: NoOption,
    log_input: bool = True,
    log_target: bool = False,
    generalized: bool = False,
    axis: Axis = None,
    where: Array | None = None,
    input_is: InputKind | None = None,
    target_is: TargetKind | None = None,
    indices: Array | None = None,
    tail: Tail = "bucket",
    weight: Array | None = None,
    bias: Array | None = None,
    target_weight: Array | None = None,
    target_bias: Array | None = None,
    beta: SupportsFloat | Array | None = None,
    temperature: SupportsFloat | Array | None = None,
    scale_by_temperature_squared: bool | None = None,
    reduction: Reduction | None = None,
    **other: NoOption,
) -> Report:
    """Look for the usual mistakes in the operands of a loss.

    The operands are read twice, block by block, in bounded memory: to look at their entries, and
    to compute the loss.  Lazy arrays are computed and devices are waited for.

    Parameters
    ----------
    input, target : array
        Operands as for `kl_div`, of any shape: log-probabilities, or with ``log_input=False``
        probabilities, and probabilities, or with `log_target` their logarithms.  With
        ``input_is="logits"`` those of `kl_div_with_logits`.
    log_input : bool
        Whether `input` is meant to hold log-probabilities.
    log_target : bool
        Whether `target` is meant to hold log-probabilities.
    generalized : bool
        Whether the loss is the generalised divergence, whose samples need not add up to 1.
    axis : int or tuple of int, optional
        Axes of one distribution, along which probabilities add up to 1; one of them for logits.
        If left out the last one, and the loss is that of a call without `axis`.
    where : array of bool, optional
        Mask as for `kl_div`, or for `kl_div_with_logits`.  What is not selected is not looked at,
        and partly masked samples are excluded from the sum-to-one check.
    input_is : {'log_probabilities', 'probabilities', 'logits'}, optional
        What `input` is meant to hold, and so which loss is asked about.  If left out, what
        `log_input` says.
    target_is : {'probabilities', 'log_probabilities', 'logits'}, optional
        What `target` is meant to hold.  If left out, logits where the input holds logits, and
        otherwise what `log_target` says; with `indices` alone log-probabilities.
    indices, tail : optional
        Places of a teacher that is known in part, and what the rest is: `input` and `target` are
        those of `sparse_kl_div_with_logits`.
    weight, bias, target_weight, target_bias : optional
        Last layers: `input` and `target` are those of `linear_kl_div`.  The places that are told
        are those of the logits.
    beta : float or 0-d array, optional
        As for `js_div`, `js_div_with_logits` or `linear_kl_div`, which is then the loss that is
        asked about.
    temperature, scale_by_temperature_squared : optional
        As for the losses of logits, so that `input_is` may be left out.
    reduction : {'batchmean', 'mean', 'sum', 'none'}, optional
        As for the loss, which is printed by it alone; if left out by all three that give a number.

    Returns
    -------
    Report
        True if anything was found; `str` of it tells people, its `findings` and `as_dict()` tell
        programs.

    Raises
    ------
    TypeError
        If an operand is not an array that holds values, if they come from different libraries, or
        if an option has the wrong type.
    ValueError
        If `axis` names no axis, devices differ, a lazy array does not know its shape, or
        `input_is`, `target_is` and the switches do not go together; and with `indices` or `weight`
        as the loss.

    See Also
    --------
    checking : Raise what was found, in every loss of a block of code.

    Notes
    -----
    What is found: arguments that are swapped; logits as `input`, or an `input` or `target` in
    the other space than the options say; samples that do not add up to 1, and the
    axes along which they would; samples without any probability; negative targets; entries with
    target but no probability in `input`; NaN and infinities; targets that 16-bit floats cannot
    hold; shapes that differ and dtypes that are not floating-point.  `CODES` lists all of them.
    Log-probabilities are logits, and a logit of -inf is a probability of 0.

    The report also names the loss that was judged, and tells its value with the same options, and
    how far 'mean' is from 'batchmean'.  Without any option that is `kl_div`; options of other
    losses ask about those.

    Sums may differ from 1 by what the dtype explains, ``8 eps (1 + log n)`` for n entries, but by
    no less than 0.0001 and no more than 0.1.

    Examples
    --------
    >>> import numpy as np
    >>> from kldiv_xp import diagnose
    >>> q, p = np.asarray([[0.25, 0.75]]), np.asarray([[0.5, 0.5]])
    >>> bool(diagnose(np.log(q), p))
    False
    >>> report = diagnose(q, p)
    >>> report.findings[0].code, report.findings[0].index
    ('probabilities-as-input', (0, 0))
    >>> print(report.findings[0])
    `input` holds probabilities (0.25 at (0, 0)) where their logarithms belong: pass numpy.log(input) or log_softmax of the logits, or log_input=False for probabilities.
    """  # noqa: E501 - a finding is one line
    layers = (weight, bias, target_weight, target_bias)
    if other or unnamed:
        refuse_other_names(diagnose, other, unnamed)
    operands = (input, target, where, indices, *layers)
    if is_overridden(operands):
        return override(diagnose, operands, locals())
    asked = Asked(
        Form(log_input, log_target, generalized),
        input_is,
        target_is,
        beta,
        temperature,
        scale_by_temperature_squared,
        reduction,
    )
    if indices is not None or any(one is not None for one in layers):
        heads = Heads(input, weight, target, bias, target_weight, target_bias, where, indices)
        return asked.told(report_of_teachers(heads, asked, axis, tail))
    return asked.told(diagnosis_of(input, target, asked.subject(input, axis), axis, where))
