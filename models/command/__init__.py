"""`python -m models.NAME`: data in, training, and a folder of results."""

import argparse
import json
import shlex
import sys
import webbrowser
from collections.abc import Callable, Sequence

from threadpoolctl import threadpool_limits

from models.command import folder
from models.command.checkpoint import Checkpoint, about
from models.command.computed import computed
from models.command.interruption import told_to_stop
from models.command.loading import load
from models.command.options import options, settings
from models.command.shapes import rows
from models.command.writing import write
from models.data import DataError, Scaling, sizes
from models.model import Recipe
from models.results import Results
from models.saved import SavedError
from models.training import Training
from tinygraph.notation import columns
from tinygraph.options import nobody_reads


def main(recipe: Recipe, arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is 0, 2 where the data or an option is at fault, and 130 after Ctrl-C."""
    arguments = sys.argv[1:] if arguments is None else arguments
    chosen = options(recipe).parse_args(arguments)
    chosen.command = shlex.join(["python", "-m", f"models.{recipe.name}", *arguments])
    try:
        with threadpool_limits(chosen.threads, "blas"):
            return run(recipe, chosen)
    except BrokenPipeError:
        return nobody_reads()
    except KeyboardInterrupt:
        print(f"stopped; no results were written to {chosen.out}", file=sys.stderr)
        return 130
    except (DataError, SavedError, FloatingPointError) as error:
        told = str(error)
    except OSError as error:
        told = f"{error.filename or chosen.out}: {error.strerror or error}"
    except MemoryError:
        told = "that takes more memory than there is: fewer neurons, smaller pictures or fewer examples take less"
    print(f"error: {told}", file=sys.stderr)
    return 2


def run(recipe: Recipe, chosen: argparse.Namespace) -> int:
    """Read, train, report and save, as the options say; the answer is the exit code."""
    say: Callable[..., None] = _silent if chosen.json else print
    folder.ready(chosen.out)
    train, test = load(recipe, chosen)
    train, watched = (
        (train, test) if chosen.patience is None else train.split(chosen.seed, 0.1, "leave out --early-stopping")
    )
    scaling = Scaling.of(train)
    X, Y = scaling.X(train), train.Y(recipe.learns)
    own = {name: getattr(chosen, name) for name in recipe.options}
    model = recipe.build(sizes(train, recipe.learns), chosen.seed, **own)

    training = Training(model, settings(chosen, X), X, Y, (scaling.X(watched), watched.Y(recipe.learns)))
    checkpoint = Checkpoint(chosen.out / folder.CHECKPOINT, training, scaling, about(recipe, own, training, train))
    resumed = [checkpoint.resume()] if chosen.resume else []
    table = columns([*rows(train, X, Y, scaling), *computed(model, X)])
    say(table, *dict.fromkeys([*train.notes, *test.notes, *resumed]), "", sep="\n")
    is_interrupted = _train(training, checkpoint, chosen, say)
    training.keep_the_best()

    model = model.regularized(chosen.l2)
    results = Results(recipe, model, training.settings, training.history, train, test, scaling)
    scores = results.scores()
    say("", *(f"{name}: {value:.{digits}f}{unit}" for name, (value, digits, unit) in scores.items()), "", sep="\n")
    with folder.replaced(chosen.out) as drafts:
        write(results, drafts, table, chosen.command)
        checkpoint.write_model(drafts / "model.npz")
        files = [str(chosen.out / path.name) for path in sorted(drafts.iterdir())]
    say(*(f"wrote {file}" for file in files), sep="\n")
    if chosen.json:
        history = training.history
        summary = {"model": recipe.name, "epochs": len(history.costs), "cost": history.costs[-1], "files": files}
        print(json.dumps(summary | {name.replace(" ", "_"): value for name, (value, *_) in scores.items()}))
    if chosen.open:
        webbrowser.open((chosen.out / "report.html").resolve().as_uri())
    return 130 if is_interrupted else 0


def _train(training: Training, checkpoint: Checkpoint, chosen: argparse.Namespace, say: Callable[..., None]) -> bool:
    """Train, tell costs and write checkpoints on the way; the answer is whether Ctrl-C ended it."""
    from tqdm import tqdm

    history, every = training.history, chosen.checkpoint_every
    unit = "iteration" if training.settings.batch_size is None else "epoch"
    bar = tqdm(total=chosen.epochs, initial=len(history.costs), unit=f" {unit}s", leave=False, disable=None)
    with told_to_stop() as is_asked, bar:

        def after_each(epoch: int, cost: float) -> bool:
            bar.update()
            if epoch % chosen.print_every == 0:
                told = f"{cost:.6f}" if cost < 1e6 else f"{cost:.6g}"
                with bar.external_write_mode():
                    say(f"Cost after {unit} {epoch}: {told}")
            if every and (epoch + 1) % every == 0:
                checkpoint.write()
            return not is_asked()

        is_interrupted = not training.run(after_each)
    if every or is_interrupted:
        checkpoint.write()
    if history.stopped:
        say(history.stopped)
    if is_interrupted:
        say(f"--resume goes on from {checkpoint.path}")
    return is_interrupted


def _silent(*_: object, **__: object) -> None:
    """Say nothing, where machines read what is printed."""
