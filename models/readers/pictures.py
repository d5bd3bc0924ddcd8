"""One picture, of whatever format and mode, as pixels from 0 to 255."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from models.data import DataError

SUFFIXES = (
    *(".avif", ".bmp", ".gif", ".heic", ".heif", ".ico", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg"),
    *(".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tga", ".tif", ".tiff", ".webp"),
)

ORIENTATION = 0x0112
TURNS = {  # of EXIF's orientation 6, say, the first row of pixels is the right side of what is to be seen
    **{2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE"},
    **{6: "ROTATE_270", 7: "TRANSVERSE", 8: "ROTATE_90"},
}


def read_picture(path: str | Path, size: int | tuple[int, int] = 64, colour: bool = True) -> np.ndarray[Any, Any]:
    """The picture turned upright, on white, and squashed to size × size, or (height, width): uint8 of 0 to 255.

    Its shape is (height, width, 3), or (height, width) without colour. Of a moving picture it is the first frame.
    Raises `DataError`, which names the file, where it is missing, is no picture, or is damaged.

    >>> import PIL.Image
    >>> PIL.Image.new("RGB", (30, 20), "red").save("red.png")
    >>> read_picture("red.png", 2)[0]
    array([[255,   0,   0],
           [255,   0,   0]], dtype=uint8)
    >>> read_picture("red.png", 2, colour=False)
    array([[76, 76],
           [76, 76]], dtype=uint8)
    """
    from PIL import Image, UnidentifiedImageError

    height, width = (size, size) if isinstance(size, int) else size
    try:
        if Path(path).stat().st_size == 0:
            raise DataError(f"{path} can't be read as a picture: it is empty")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of damage beside the pixels, which Pillow mends, and of large pictures
            with Image.open(path) as image:
                image.load()
                flat = _on_white(_of_8_bits(_upright(image)))
                resized = flat.convert("RGB" if colour else "L").resize((width, height), Image.Resampling.BILINEAR)
    except DataError:
        raise
    except FileNotFoundError:
        raise DataError(f"there is no file {path}") from None
    except UnidentifiedImageError:
        raise DataError(f"{path} can't be read as a picture: it is of no format that Pillow knows") from None
    except Exception as error:  # each of Pillow's decoders has errors of its own
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise DataError(f"{path} can't be read as a picture: {reason}") from error
    return np.asarray(resized)


def _upright(image: Any) -> Any:
    """The picture turned as its EXIF says; `ImageOps.exif_transpose` fails where anything else in there is damaged."""
    from PIL import Image

    try:
        turn = TURNS.get(image.getexif().get(ORIENTATION))
    except Exception:  # EXIF that can't be read tells no turn, and the pixels are whole
        return image
    return image.transpose(Image.Transpose[turn]) if turn else image


def _of_8_bits(image: Any) -> Any:
    """Pillow would cut 16 bits off at 255, where they are to be scaled."""
    from PIL import Image

    if image.mode == "F":
        raise ValueError("its pixels are floats, and no rule tells which of them is white")
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray((np.asarray(image).clip(0, 65535) / 257).round().astype(np.uint8))


def _on_white(image: Any) -> Any:
    """What is transparent has some colour too, often black, which is not to be seen."""
    from PIL import Image

    if image.getbands()[-1] not in "Aa" and "transparency" not in image.info:
        return image
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
