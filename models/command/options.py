"""The options that every model's command has, and those of its own."""

import argparse
from pathlib import Path
from typing import Any

from models.model import Option, Recipe
from models.training import OPTIMIZERS, Array, Settings, safe_rate
from tinygraph.options import Parser, number

DATA = """--data is one of
  digits, breast_cancer, iris, wine, diabetes      sets that come with scikit-learn
  a folder with one subfolder of pictures a class  JPEG, PNG, …; see --size, --grey, --skip-broken
  FILE.h5                                          the layout of the course's cat pictures: train_set_x, train_set_y
  FILE.csv .tsv .parquet                           a table; see --label, --missing, --drop
  FILE.npz                                         arrays X, with an example in each row, and y"""


def options(recipe: Recipe) -> argparse.ArgumentParser:
    """The parser of the command of that model."""
    command = f"python -m models.{recipe.name}"
    parser = Parser(
        prog=command,
        usage="%(prog)s [options]",
        description=f"{recipe.title}, trained on real data: parameters, graph and report are written to a folder.",
        epilog=f"{DATA}\n\n{EXAMPLES.format(command=command)}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    count, whole = number(int, 1, 10**9), number(int, 0, 2**32 - 1)

    data = parser.add_argument_group("data")
    data.add_argument("--data", metavar="DATA", default=recipe.data, help=f"see below (default: {recipe.data})")
    data.add_argument("--test-data", metavar="DATA", help="held-out examples (default: a fifth of the data)")
    data.add_argument("--label", metavar="COLUMN", help="the column of a table that is to be learned")
    data.add_argument("--task", choices=["classes", "number"], help="what the label is (default: its values tell)")
    data.add_argument("--drop", metavar="COLUMN", nargs="+", default=[], help="columns of a table to leave out")
    data.add_argument("--missing", choices=["refuse", "drop", "mean"], help="what to do where a table has a gap")
    data.add_argument("--size", type=number(int, 1, 4096), metavar="N", help="pictures become N × N (default: 64)")
    data.add_argument("--grey", action="store_true", help="pictures become grey")
    data.add_argument("--skip-broken", action="store_true", help="leave out pictures that can't be read, and name them")
    if recipe.learns != "classes":
        data.add_argument("--class", dest="positive", metavar="NAME", help="class 1; all others are class 0")
    data.add_argument("--seed", type=whole, default=0, metavar="N", help="of all that is drawn (default: 0)")

    default = Settings(**recipe.training)
    training = parser.add_argument_group("training")
    for name, option in recipe.options.items():
        _own(training, name, option)
    training.add_argument(
        "--optimizer", choices=OPTIMIZERS, default=default.optimizer, help=f"(default: {default.optimizer})"
    )
    rate = recipe.training["learning_rate"]
    told = f"{rate:g}" if rate else "1 / (1 + the mean of ‖x‖²), which is safe"
    training.add_argument(
        "--learning-rate", type=number(float, 1e-300, 1e300), default=rate, metavar="RATE", help=f"(default: {told})"
    )
    training.add_argument(
        "--epochs", "--iterations", dest="epochs", type=count, default=default.epochs, metavar="N",
        help=f"passes over the examples; with the full batch, each is one step (default: {default.epochs})",
    )  # fmt: skip
    training.add_argument(
        "--batch-size", type=number(int, 0, 10**9), default=default.batch_size or 0, metavar="N",
        help=f"examples a step; 0 is all of them (default: {default.batch_size or 0})",
    )  # fmt: skip
    training.add_argument(
        "--l2", type=number(float, 0, 1e300), default=0, metavar="LAMBDA", help="adds LAMBDA/(2m) Σ W² to the cost"
    )
    training.add_argument(
        "--early-stopping", dest="patience", type=count, metavar="N",
        help="stop where the cost on a tenth of the examples, held out for that, has not fallen for N epochs, and keep "
        "the best parameters",
    )  # fmt: skip

    training.add_argument(
        "--threads", type=number(int, 1, 1024), default=1, metavar="N",
        help="of matrix products; with 1, any machine of a kind trains to the same bits (default: 1)",
    )  # fmt: skip

    results = parser.add_argument_group("results")
    every = 100 if default.batch_size is None else 5
    results.add_argument("--print-every", type=count, default=every, metavar="N", help=f"epochs (default: {every})")
    results.add_argument("--checkpoint-every", type=count, metavar="N", help="write a checkpoint every N epochs")
    results.add_argument("--resume", action="store_true", help="go on from the checkpoint in the folder")
    results.add_argument("--out", type=_folder, default="out", metavar="FOLDER", help="(default: out)")
    results.add_argument("--open", action="store_true", help="open the report in a browser")
    results.add_argument("--json", action="store_true", help="print one JSON object, and nothing else")
    return parser


EXAMPLES = """examples:
  {command}
  {command} --data train_catvnoncat.h5 --test-data test_catvnoncat.h5
  {command} --optimizer adam --learning-rate 0.001 --batch-size 64 --epochs 30"""


def settings(chosen: argparse.Namespace, X: Array) -> Settings:
    """How to train on X (n_x, m), as the options say."""
    return Settings(
        chosen.optimizer,
        chosen.learning_rate or safe_rate(X),
        chosen.epochs,
        chosen.batch_size or None,
        chosen.l2,
        chosen.patience,
        chosen.seed,
    )


def _own(group: Any, name: str, option: Option) -> None:
    """An option of the model's own: a name among others, or whole numbers."""
    if option.choices:
        told = f"{option.help} (default: {option.default})"
        group.add_argument(f"--{name}", choices=option.choices, default=option.default, help=told)
    else:
        told = f"{option.help} (default: {' '.join(map(str, option.default))})"
        kind, default = number(int, 1, 10**6), list(option.default)
        group.add_argument(f"--{name}", type=kind, nargs=option.count, default=default, metavar="N", help=told)


def _folder(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("a folder has a name")
    return Path(text)
