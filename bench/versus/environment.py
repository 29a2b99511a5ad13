"""The Python environment of the Hugging Face side, under .cache of the checkout."""
import json
import shutil
import subprocess
import sys

from versus.machine import Failed
from versus.options import ROOT, Mistake

FOLDER = ROOT / ".cache/versus-transformers"
REQUIREMENTS = ROOT / "bench/versus_transformers.requirements.txt"
PACKAGES = ["torch", "transformers", "tokenizers", "safetensors", "datasets", "accelerate", "numpy"]


def ready():
    """The environment's python. The stamp says what was installed, so that a changed pin installs anew and half an installation is none."""
    if sys.version_info < (3, 11):
        raise Mistake("numpy's pinned version needs Python 3.11 or later; put one in front in PATH as python3")
    python, stamp = FOLDER / "env/bin/python", FOLDER / "stamp"
    wanted = f"Python {sys.version}\n{REQUIREMENTS.read_text()}"
    if stamp.is_file() and stamp.read_text() == wanted and python.exists():
        return python
    print(f"installing PyTorch and transformers into {FOLDER} (a few minutes, about 4 GB)", flush=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    install([sys.executable, "-m", "venv", str(FOLDER / "env")], "on Debian and Ubuntu: apt-get install python3-venv")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"]
    install([*pip, "-r", str(REQUIREMENTS)], "is a package index within reach?")
    stamp.write_text(wanted)
    return python


def install(command, remedy):
    if subprocess.run(command).returncode:
        raise Failed(f"this failed; {remedy}\n    {' '.join(command)}")


def versions(python):
    code = ("import importlib.metadata as m, json, platform; "
            f"print(json.dumps({{'Python': platform.python_version(), **{{p: m.version(p) for p in {PACKAGES!r}}}}}))")
    return json.loads(subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout)
