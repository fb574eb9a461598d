"""ONNX Runtime: torch exports each call of a loss to a graph, and the runtime evaluates that."""

from dataclasses import replace

import torch

from kldiv_conformance import ADAPTERS


def export(function):
    class Graph(torch.nn.Module):
        def forward(self, *arrays):
            return function(*arrays)

    def run(*arrays):
        outputs = torch.onnx.export(Graph(), arrays, dynamo=True, verbose=False)(*arrays)
        return outputs[0] if len(outputs) == 1 else outputs

    return run


NAMED = replace(ADAPTERS["torch"], name="onnxruntime", library="onnxruntime")
ADAPTER = replace(NAMED, wrap=export, gradient=None, floats=("float16", "float32", "float64"))
