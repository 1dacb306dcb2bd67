#!/usr/bin/python3
"""Times PyTorch on the CPU with the same network as ours: one training step or one network call.

    bench.py --config '{"base":64,"multipliers":[1,2,4],"blocks":2,"attention":[8],"headChannels":32,
                        "resampling":"conv","stem":2,"resolution":64}' --mode train --batch 16 --threads 2

Prints one JSON line. What is a choice of speed (memory layout, optimizer, freed memory kept for reuse,
denormals flushed) is set to what was quickest when measured, so that the peer is shown at its best.
"""

import argparse
import ctypes
import json
import os
import resource
import subprocess
import sys
import time
import warnings

sys.dont_write_bytecode = True  # no __pycache__ in the checkout
# OpenMP threads that wait spin for a short while only: as fast on an idle machine, and when something else wants
# the cores a step is not held up for seconds. Read when PyTorch loads libgomp.
os.environ.setdefault("GOMP_SPINCOUNT", "20000")


def keep_freed_memory():
    """Makes glibc keep freed blocks, for 6 % of a training step and 10 % of a call on 2 cores.

    Otherwise every large activation goes back to the kernel and costs a page fault per 4 kB when it is next used.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return  # another C library: its default stands
    trim_threshold, mmap_max = -1, -4
    mallopt(mmap_max, 0)
    mallopt(trim_threshold, 2**31 - 1)


def parse_arguments():
    parser = argparse.ArgumentParser(description="PyTorch's time for a training step or a network call on the CPU.")
    parser.add_argument("--config", required=True, help="network as JSON, or a file of it; attention = feature-map sides")
    parser.add_argument("--mode", choices=["train", "sample"], default="train")
    parser.add_argument("--batch", type=int, default=16, help="images per step")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="default: all cores")
    parser.add_argument("--steps", type=int, default=5, help="timed steps")
    parser.add_argument("--warmup", type=int, default=2, help="untimed steps before them")
    parser.add_argument(
        "--channels-last",
        choices=["best", "yes", "no"],
        nargs="?",
        const="yes",
        default="best",
        help="memory layout; best (default) tries both briefly, in processes of their own, and takes the quicker",
    )
    parser.add_argument("--default-malloc", action="store_true", help="leave the C library's memory settings alone")
    arguments = parser.parse_args()
    for name, least in (("batch", 1), ("threads", 1), ("steps", 1), ("warmup", 0)):
        if getattr(arguments, name) < least:
            parser.error(f"--{name} must be at least {least}")
    try:
        text = arguments.config
        if not text.lstrip().startswith("{"):
            with open(text, encoding="utf-8") as file:
                text = file.read()
        config = json.loads(text)
        fields = ("base", "multipliers", "blocks", "attention", "headChannels", "resampling", "stem", "resolution")
        arguments.network = {name: config[name] for name in fields}
    except OSError as error:
        parser.error(f"cannot read --config: {error}")
    except json.JSONDecodeError as error:
        parser.error(f"--config is not JSON: {error}")
    except KeyError as error:
        parser.error(f"--config lacks the field {error}")
    return arguments


def quicker_layout(arguments):
    """Measures both layouts, each in a process of its own so that peak memory stays that of one run."""
    seconds = {}
    for layout in ("no", "yes"):
        command = [sys.executable, __file__, "--config", json.dumps(arguments.network), "--mode", arguments.mode]
        command += ["--batch", str(arguments.batch), "--threads", str(arguments.threads)]
        command += ["--warmup", "1", "--steps", "2", "--channels-last", layout]
        command += ["--default-malloc"] if arguments.default_malloc else []
        run = subprocess.run(command, stdout=subprocess.PIPE)
        if run.returncode:
            sys.exit(run.returncode)  # the child has said why
        seconds[layout] = min(json.loads(run.stdout)["secondsPerStep"])
    return min(seconds, key=seconds.get)


def training_step(torch, network):
    """Forward, squared error, backward, clipping, Adam and EMA."""
    parameters = list(network.parameters())
    averages = [parameter.detach().clone() for parameter in parameters]
    # One fused kernel where PyTorch has it for the CPU (2.4 on). Before, tensor by tensor, which keeps each in
    # the cache: 29 ms for 16.4M parameters against 42 ms with foreach=True (and 32 ms as one flat tensor).
    fused = tuple(int(part) for part in torch.__version__.split(".")[:2]) >= (2, 4)
    optimizer = torch.optim.Adam(parameters, lr=1e-4, **({"fused": True} if fused else {"foreach": False}))

    def step(source, noisy, level, target):
        optimizer.zero_grad(set_to_none=True)
        loss = torch.nn.functional.mse_loss(network(source, noisy, level), target)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        with torch.no_grad():
            torch._foreach_mul_(averages, 0.9999)
            torch._foreach_add_(averages, parameters, alpha=1 - 0.9999)
        return loss.item()

    return step


def sampling_step(torch, network):
    """One network call, eager: traced, frozen and optimize_for_inference were all slower than this in 1.13."""
    network.eval()

    def step(source, noisy, level, _target):
        with torch.inference_mode():
            return network(source, noisy, level)

    return step


def uses_reference_blas():
    """Debian's libblas3 is the slow reference; a PyTorch that brings its own BLAS does not map it at all."""
    try:
        with open("/proc/self/maps", encoding="utf-8") as maps:
            return "/blas/libblas.so" in maps.read()
    except OSError:
        return False


def measure(arguments):
    import torch

    from palette_unet import PaletteUNet

    if uses_reference_blas():
        print("bench.py: PyTorch runs on the slow reference BLAS: run bench/pytorch/setup.sh first", file=sys.stderr)
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(1)
    try:
        network = PaletteUNet(**arguments.network)
    except ValueError as error:
        sys.exit(f"bench.py: {error}")
    layout = torch.channels_last if arguments.channels_last == "yes" else torch.contiguous_format
    network.to(memory_format=layout)
    side = arguments.network["resolution"]
    source, noisy, target = (torch.randn(arguments.batch, 3, side, side).to(memory_format=layout) for _ in range(3))
    level = torch.rand(arguments.batch)
    step = training_step(torch, network) if arguments.mode == "train" else sampling_step(torch, network)

    seconds = []
    for index in range(arguments.warmup + arguments.steps):
        start = time.perf_counter()
        step(source, noisy, level, target)
        if index >= arguments.warmup:
            seconds.append(round(time.perf_counter() - start, 4))
    return {
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "mode": arguments.mode,
        "secondsPerStep": seconds,
        "peakMemoryBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "batch": arguments.batch,
        "threads": arguments.threads,
        "channelsLast": arguments.channels_last == "yes",
        "torch": torch.__version__,
    }


def main():
    arguments = parse_arguments()
    try:
        import torch  # noqa: F401
    except ImportError:
        sys.exit("bench.py: PyTorch is missing: run bench/pytorch/setup.sh, then /usr/bin/python3 bench/pytorch/bench.py")
    warnings.filterwarnings("ignore")
    if arguments.channels_last == "best":
        arguments.channels_last = quicker_layout(arguments)
    if not arguments.default_malloc:
        keep_freed_memory()
    print(json.dumps(measure(arguments)))


if __name__ == "__main__":
    main()
