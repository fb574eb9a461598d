"""Exponentials of the logits that a teacher does not name, summed up and spread by kernels."""

from collections.abc import Callable
from typing import Any, NamedTuple

from kldiv_xp._typing import Array, DType
from kldiv_xp.cuda import loss_kernels
from kldiv_xp.cuda.device_arrays import Device, buffers
from kldiv_xp.cuda.launch_plan import Launch, launch_planned
from kldiv_xp.cuda.plans import elements_plan, rows_plan
from kldiv_xp.tracing.losses import RESULTS, TOTAL, any_temperature


class RestExponentials(NamedTuple):
    """Exponentials of logits less a number of their row, which are nowhere written down."""

    device: Device
    working: DType
    write: Callable[[Array, Array, Array], Array]
    """(array, indices, values) to the array, in which the values are written."""
    logits: Array
    anchor: Array
    temperature: float

    def total(self) -> Array:
        """Sum of every row."""
        result = self.device.empty((*self.logits.shape[:-1], 1), self.working)
        inputs = buffers(self.device, (self.logits, self.anchor))
        outputs = {TOTAL: self.device.buffer(result)}
        source = self.source(loss_kernels.source_of_rest_totals)
        work = Launch(source, self.working, inputs, outputs, (1.0, self.temperature))
        launch_planned(self.device, work, tuple(self.logits.shape), rows_plan)
        return result

    def spread(self, factor: Array, indices: Array, values: Array) -> Array:
        """Them times a number for a row, in the type of the logits, and values at the indices."""
        result = self.device.empty(tuple(self.logits.shape), self.logits.dtype)
        inputs = buffers(self.device, (self.logits, self.anchor, factor))
        outputs = {RESULTS[0]: self.device.buffer(result)}
        source = self.source(loss_kernels.source_of_rest_slopes)
        work = Launch(source, self.working, inputs, outputs, (self.temperature,))
        launch_planned(self.device, work, tuple(self.logits.shape), elements_plan)
        return self.write(result, indices, values)

    def source(self, function: Callable[..., str]) -> tuple[Any, ...]:
        """Function that writes the text of a kernel, and what it is given."""
        return function, any_temperature(self.temperature)
