"""Sums and multiples of the exponentials of logits without a teacher's entry, by kernels."""

from collections.abc import Callable
from typing import Any, NamedTuple

from kldiv_xp._typing import Array, DType
from kldiv_xp.cuda import loss_kernels
from kldiv_xp.cuda.device_arrays import Device, buffers
from kldiv_xp.cuda.launches import Launch, launch_planned
from kldiv_xp.cuda.plans import elements_plan, rows_plan
from kldiv_xp.tracing.losses import RESULTS, TOTAL, any_temperature


class RestExponentials(NamedTuple):
    """Exponentials of logits minus an anchor per row, computed in kernels and never stored."""

    device: Device
    working: DType
    write: Callable[[Array, Array, Array], Array]
    """Function (array, indices, values) that writes the values in place and returns the array."""
    logits: Array
    anchor: Array
    temperature: float

    def total(self) -> Array:
        """Sum of the exponentials of every row."""
        result = self.device.empty((*self.logits.shape[:-1], 1), self.working)
        inputs = buffers(self.device, (self.logits, self.anchor))
        outputs = {TOTAL: self.device.buffer(result)}
        source = self.source(loss_kernels.source_of_rest_totals)
        work = Launch(source, self.working, inputs, outputs, (1.0, self.temperature))
        launch_planned(self.device, work, tuple(self.logits.shape), rows_plan)
        return result

    def spread(self, factor: Array, indices: Array, values: Array) -> Array:
        """Exponentials times a factor per row, with values at the indices, in the logits' dtype."""
        result = self.device.empty(tuple(self.logits.shape), self.logits.dtype)
        inputs = buffers(self.device, (self.logits, self.anchor, factor))
        outputs = {RESULTS[0]: self.device.buffer(result)}
        source = self.source(loss_kernels.source_of_rest_derivatives)
        work = Launch(source, self.working, inputs, outputs, (self.temperature,))
        launch_planned(self.device, work, tuple(self.logits.shape), elements_plan)
        return self.write(result, indices, values)

    def source(self, function: Callable[..., str]) -> tuple[Any, ...]:
        """Source function of a kernel, and the temperature it is compiled for."""
        return function, any_temperature(self.temperature)
