"""Records what PyTorch's optimizers do, for test_optim.py: the parameters after each of 100 steps, in torch.npz.

Made with torch 2.13.0+cpu. No test needs torch; to record anew: pip install torch, then run this file.
"""

import json
from pathlib import Path

import numpy as np
import torch

STEPS = 100

# fmt: off
# tg.optim's name and settings, those of torch.optim, and the d of the rate lr / (1 + d * t) in step t = 0, 1, …
RUNS = [
    ("gradient_descent", {"learning_rate": 0.5},                    "SGD",     {"lr": 0.5}, 0),
    ("gradient_descent", {"learning_rate": 0.5},                    "SGD",     {"lr": 0.5}, 0.1),
    ("momentum", {"learning_rate": 0.1},                            "SGD",     {"lr": 0.1, "momentum": 0.9}, 0),
    ("momentum", {"learning_rate": 0.2, "momentum": 0.5},           "SGD",     {"lr": 0.2, "momentum": 0.5}, 0.1),
    ("nesterov", {"learning_rate": 0.1},                "SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}, 0),
    ("nesterov", {"learning_rate": 0.2, "momentum": 0.5}, "SGD", {"lr": 0.2, "momentum": 0.5, "nesterov": True}, 0.1),
    ("rmsprop", {"learning_rate": 0.01},                            "RMSprop", {}, 0),
    ("rmsprop", {"learning_rate": 0.05, "decay": 0.9, "epsilon": 1e-3},
                                                        "RMSprop", {"lr": 0.05, "alpha": 0.9, "eps": 1e-3}, 0.1),
    ("adam", {},                                                    "Adam",    {}, 0),
    ("adam", {"learning_rate": 0.05},                               "Adam",    {"lr": 0.05}, 0),
    ("adam", {"learning_rate": 0.1, "beta1": 0.5, "beta2": 0.9, "epsilon": 1e-3},
                                                        "Adam", {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-3}, 0.1),
    ("adamw", {},                                                   "AdamW",   {}, 0),
    ("adamw", {"learning_rate": 0.05, "weight_decay": 0.3},         "AdamW",   {"lr": 0.05, "weight_decay": 0.3}, 0),
    ("adamw", {"learning_rate": 0.1, "beta1": 0.5, "beta2": 0.9, "epsilon": 1e-3, "weight_decay": 0.1},
            "AdamW", {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.1}, 0.1),
]
# fmt: on


def logistic(X, Y, W, b):
    """The cost of logistic regression: X (3, m), W (3, 1)."""
    A = torch.sigmoid(W.T @ X + b)
    return torch.mean(-(Y * torch.log(A) + (1 - Y) * torch.log(1 - A)))


def network(X, Y, W1, b1, W2, b2):
    """The squared error of a curve made of three tanh: X (1, m), W1 (3, 1), W2 (1, 3)."""
    return torch.mean((W2 @ torch.tanh(W1 @ X + b1) + b2 - Y) ** 2)


def starts():
    """For each cost its inputs and the parameters that it starts from."""
    rng = np.random.default_rng(0)
    X, labels = rng.normal(size=(3, 20)), rng.integers(0, 2, size=(1, 20)).astype(float)
    x = np.linspace(-1, 2, 15).reshape(1, -1)  # around 0 the gradient of b2 would be noise, which Adam makes large
    weights = {"W1": rng.normal(size=(3, 1)), "b1": np.zeros((3, 1)), "W2": rng.normal(size=(1, 3)), "b2": [[0.0]]}
    return {
        logistic: ({"X": X, "Y": labels}, {"W": 0.1 * rng.normal(size=(3, 1)), "b": [[0.0]]}),
        network: ({"X": x, "Y": np.sin(2 * x)}, weights),
    }


def trajectory(cost, inputs, start, optimizer, settings, decay):
    """Each parameter after each step, stacked."""
    X, Y = map(torch.tensor, inputs.values())
    params = {name: torch.tensor(array, dtype=torch.float64, requires_grad=True) for name, array in start.items()}
    stepper = getattr(torch.optim, optimizer)(params.values(), **settings)
    schedule = torch.optim.lr_scheduler.LambdaLR(stepper, lambda t: 1 / (1 + decay * t))
    steps = {name: [] for name in params}
    for _ in range(STEPS):
        stepper.zero_grad()
        cost(X, Y, **params).backward()
        stepper.step()
        schedule.step()
        for name, param in params.items():
            steps[name].append(param.detach().numpy().copy())
    return {name: np.stack(arrays) for name, arrays in steps.items()}


def main():
    """Write torch.npz."""
    runs = [{"optimizer": ours, "settings": settings, "decay": decay} for ours, settings, _, _, decay in RUNS]
    arrays = {"runs": json.dumps(runs), "torch": torch.__version__}
    for cost, (inputs, start) in starts().items():
        model = cost.__name__
        arrays |= {f"{model}/{name}": array for name, array in (inputs | start).items()}
        for place, (_, _, optimizer, settings, decay) in enumerate(RUNS):
            found = trajectory(cost, inputs, start, optimizer, settings, decay)
            arrays |= {f"{model}/{place}/{name}": steps for name, steps in found.items()}
    np.savez_compressed(Path(__file__).with_name("torch.npz"), **arrays)


if __name__ == "__main__":
    main()
