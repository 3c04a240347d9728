#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the graphs that bench-gpu wrote with PyTorch on the same card and compares.

Both sides do the same work per batch: u8 pixels in pinned memory to the card, normalisation, the
net, the results back, and a wait. PyTorch runs with channels-last memory and cuDNN's autotuning,
fp32 without TF32, fp16, each step by step and as a CUDA graph. Usage: gpu_torch.py FOLDER, which
has facet.json and a folder per model. The last line printed is the JSON result.
"""
import json
import pathlib
import statistics
import sys
import time

try:
    import torch
    import torch.nn.functional as functional
    REASON = None if torch.cuda.is_available() else "PyTorch sees no CUDA device"
except ImportError:
    REASON = "PyTorch is not installed"
except Exception as error:  # a library of its own that it cannot load
    REASON = f"PyTorch cannot be loaded: {error}"

DEVICE = "cuda"
TYPES = {"f32": "float32", "f16": "float16", "i64": "int64", "i32": "int32", "u8": "uint8",
         "i8": "int8", "bool": "bool"}


class Net:
    """Interprets a prepared graph. Constants are on the card; integers are Python lists."""

    def __init__(self, folder, dtype):
        graph = json.loads((folder / "graph.json").read_text())
        weights = (folder / "weights.bin").read_bytes()
        self.values, self.nodes = graph["values"], graph["nodes"]
        self.input, self.outputs, self.dtype = graph["inputs"][0], graph["outputs"], dtype
        self.constants = {}
        for index, value in enumerate(self.values):
            if "offset" in value:
                self.constants[index] = self.load(value, weights)

    def load(self, value, weights):
        count = 1
        for extent in value["shape"]:
            count *= extent
        tensor = torch.frombuffer(bytearray(weights), dtype=getattr(torch, TYPES[value["type"]]),
                                  count=count, offset=value["offset"]).reshape(value["shape"])
        if not tensor.is_floating_point():
            return tensor.tolist()
        tensor = tensor.to(DEVICE, self.dtype)
        if tensor.dim() == 4:
            tensor = tensor.contiguous(memory_format=torch.channels_last)
        return tensor

    def shape(self, index, rows):
        value = self.values[index]
        shape = list(value["shape"])
        if value["batched"]:
            shape[0] *= rows
        return shape

    def __call__(self, pixels):
        rows = pixels.shape[0]
        known = dict(self.constants)
        known[self.input] = pixels
        for node in self.nodes:
            arguments = [known[i] if i >= 0 else None for i in node["inputs"]]
            known[node["outputs"][0]] = self.run(node, arguments, rows)
        return [known[i] for i in self.outputs]

    def run(self, node, x, rows):
        operation, params = node["operation"], node["params"]
        if operation == "Convolution":
            return self.convolve(params, *x)
        if operation == "Pooling":
            return self.pool(params, x[0])
        if operation == "Activation":
            return self.activate(params, x[0])
        if operation == "Eltwise":
            return {"add": torch.add, "subtract": torch.sub, "multiply": torch.mul,
                    "divide": torch.div, "maximum": torch.maximum, "minimum": torch.minimum,
                    "power": torch.pow}[params["kind"]](x[0], x[1])
        if operation == "MatMul":
            a = x[0].transpose(-1, -2) if params["transpose_a"] else x[0]
            b = x[1].transpose(-1, -2) if params["transpose_b"] else x[1]
            return a @ b
        if operation == "Softmax":
            return functional.softmax(x[0], params["axis"])
        if operation == "Concat":
            return torch.cat(x, params["axis"])
        if operation == "Transpose":
            return x[0].permute(params["order"])
        if operation == "Convert":
            return x[0].to(self.dtype)
        if operation in ("Reshape", "Squeeze", "Unsqueeze", "Flatten"):
            return x[0].reshape(self.shape(node["outputs"][0], rows))
        if operation == "Slice":
            return self.cut(*x)
        if operation == "Identity":
            return x[0]
        raise NotImplementedError(f"{operation} {params}")

    @staticmethod
    def convolve(params, x, weights, bias=None):
        begin, end = params["pads_begin"], params["pads_end"]
        if begin != end:
            x = functional.pad(x, (begin[1], end[1], begin[0], end[0]))
            begin = [0, 0]
        return functional.conv2d(x, weights, bias, params["strides"], begin, params["dilations"],
                                 params["groups"])

    @staticmethod
    def pool(params, x):
        begin, end = params["pads_begin"], params["pads_end"]
        if params["kind"] == "max":
            if begin != end:
                x = functional.pad(x, (begin[1], end[1], begin[0], end[0]), value=float("-inf"))
                begin = [0, 0]
            return functional.max_pool2d(x, params["kernel"], params["strides"], begin,
                                         ceil_mode=params["ceil"])
        if begin != end:
            raise NotImplementedError("average of uneven pads")
        return functional.avg_pool2d(x, params["kernel"], params["strides"], begin, params["ceil"],
                                     params["count_include_pad"])

    @staticmethod
    def activate(params, x):
        kind = params["kind"]
        if kind == "leaky_relu":
            return functional.leaky_relu(x, params["alpha"])
        if kind == "clip":
            return torch.clamp(x, params["alpha"], params["beta"])
        plain = {"relu": torch.relu, "sigmoid": torch.sigmoid, "exp": torch.exp,
                 "tanh": torch.tanh}
        if kind not in plain:
            raise NotImplementedError(kind)
        return plain[kind](x)

    @staticmethod
    def cut(x, starts, ends, axes=None, steps=None):
        where = [slice(None)] * x.dim()
        axes = axes if axes is not None else list(range(len(starts)))
        steps = steps if steps is not None else [1] * len(starts)
        for start, end, axis, step in zip(starts, ends, axes, steps):
            where[axis] = slice(start, min(end, x.shape[axis]), step)
        return x[tuple(where)]


def median_seconds(work, quick):
    work()
    times, begin = [], time.perf_counter()
    while len(times) < 10 or time.perf_counter() - begin < (0.05 if quick else 0.3):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
        if len(times) >= 2000:
            break
    return statistics.median(times)


def time_torch(net, rows, quick):
    """Seconds of a batch: step by step, and as a CUDA graph."""
    shape = net.shape(net.input, rows)
    host = torch.randint(0, 256, shape, dtype=torch.uint8).pin_memory()
    pixels = host.to("cuda")
    with torch.inference_mode():
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):  # autotuning, before anything is captured
                results = net(pixels)
        torch.cuda.current_stream().wait_stream(stream)
        pinned = [torch.empty(r.shape, dtype=r.dtype).pin_memory() for r in results]

        def fetch(outputs):
            for to, output in zip(pinned, outputs):
                to.copy_(output, non_blocking=True)
            torch.cuda.synchronize()

        def plain():
            pixels.copy_(host, non_blocking=True)
            fetch(net(pixels))

        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            captured = net(pixels)

        def replay():
            pixels.copy_(host, non_blocking=True)
            graph.replay()
            fetch(captured)

        return median_seconds(plain, quick), median_seconds(replay, quick)


def check(net, folder, tolerance):
    """Raises where PyTorch does not compute what Facet's reference does."""
    shape = net.shape(net.input, 2)
    pixels = torch.frombuffer(bytearray((folder / "pixels.bin").read_bytes()), dtype=torch.uint8)
    expected = torch.frombuffer(bytearray((folder / "expected.bin").read_bytes()),
                                dtype=torch.float32)
    with torch.inference_mode():
        outputs = net(pixels.reshape(shape).to(DEVICE))
    got = torch.cat([output.reshape(-1).float().cpu() for output in outputs])
    error = ((got - expected).abs().max() / expected.abs().max()).item()
    print(f"PyTorch differs from the reference by {error:.1e}")
    if not error <= tolerance:
        raise RuntimeError(f"PyTorch's graph is not Facet's: they differ by {error:.1e}")


def compare(model, folder, quick):
    half = model["precision"] == "fp16"
    net = Net(folder / model["model"], torch.float16 if half else torch.float32)
    check(net, folder / model["model"], 2e-2 if half else 1e-3)
    print(f"\n{model['model']}, {model['precision']}, beside PyTorch {torch.__version__}")
    print(f"{'batch':>6} {'Facet ms':>10} {'eager ms':>10} {'graph ms':>10} {'vs graph':>9}")
    for rows, batch in model["batch"].items():
        eager, graph = time_torch(net, int(rows), quick)
        batch["torch_eager_ms"], batch["torch_graph_ms"] = eager * 1e3, graph * 1e3
        batch["vs_torch_graph"] = graph * 1e3 / batch["ms"]
        print(f"{rows:>6} {batch['ms']:10.3f} {eager * 1e3:10.3f} {graph * 1e3:10.3f} "
              f"{batch['vs_torch_graph']:9.2f}", flush=True)


def line_of(report):
    """The result: the first model's figures, the others' behind them."""
    first = report["models"][0]
    return json.dumps({"device": report["device"], **first,
                       **{name: report[name] for name in
                          ("driver", "peak_tflops", "matrix_tflops", "memory_gbs", "torch")
                          if name in report},
                       "models": report["models"][1:]})


def main():
    folder, quick = pathlib.Path(sys.argv[1]), "--quick" in sys.argv[2:]
    report = json.loads((folder / "facet.json").read_text())
    if REASON:
        report["torch"] = REASON
        print(f"\nvs_torch_graph is null: {REASON}")
    else:
        report["torch"] = f"{torch.__version__} on {torch.cuda.get_device_name()}"
        torch.backends.cudnn.benchmark = True
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
        for model in report["models"]:
            try:
                if model["batch"]:
                    compare(model, folder, quick)
            except Exception as error:  # whatever it is, the other models' figures count
                reason = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
                model["torch_error"] = reason
                print(f"{model['model']}, {model['precision']}: vs_torch_graph is null: {reason}")
            (folder / "report.json").write_text(line_of(report))
    print(line_of(report))


if __name__ == "__main__":
    main()
