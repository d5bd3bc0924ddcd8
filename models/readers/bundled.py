"""The sets that come with scikit-learn: no file, no network."""

import numpy as np

from models.data import Data
from models.readers.reading import AS_GIVEN, Reading

SETS = ("digits", "breast_cancer", "iris", "wine", "diabetes")


def bundled_name(source: str) -> str | None:
    """The name of the set that is meant, or None.

    >>> bundled_name("Breast cancer"), bundled_name("breast-cancer"), bundled_name("cats")
    ('breast_cancer', 'breast_cancer', None)
    """
    name = source.strip().lower().replace(" ", "_").replace("-", "_")
    return name if name in SETS else None


def read_bundled(name: str, options: Reading = AS_GIVEN) -> Data:
    """A set by its name in `SETS`.

    The digits are pictures (1797, 8, 8) of 0 to 16; the others are tables (m, n_x) of numbers. The diabetes have
    numbers to be learned, the others classes.

    >>> iris = read_bundled("iris")
    >>> iris.inputs.shape, iris.classes
    ((150, 4), ('setosa', 'versicolor', 'virginica'))
    >>> read_bundled("diabetes").labels[:3]
    array([151.,  75., 141.])
    """
    from sklearn import datasets

    if name == "digits":
        found = datasets.load_digits()
        digits = tuple(str(digit) for digit in found.target_names)
        return Data(name, found.images, found.target.astype(int), digits, brightest=options.brightest, white=16)
    if name == "diabetes":
        found = datasets.load_diabetes(scaled=False)  # in years and mmHg; `Scaling` does what scikit-learn would have
        return Data(name, found.data, found.target, features=tuple(found.feature_names), label="progression")
    found = getattr(datasets, f"load_{name}")()
    classes = tuple(str(called) for called in found.target_names)
    features = tuple(str(feature) for feature in found.feature_names)
    return Data(name, np.asarray(found.data, float), found.target.astype(int), classes, features)
