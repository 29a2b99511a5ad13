"""The machine: which cores are used, how busy they are, and timed processes on them."""
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

STOP_WITHIN_S = 60  # layersweep keeps what runs before it ends


class Failed(Exception):
    """Something that was started did not do its work."""


@dataclass
class Timed:
    wall_s: float
    cpu_s: float       # user and system, of the process and all that it waited for
    peak_bytes: int    # resident set of the largest single process among these


def stop_on_signals():
    """SIGINT and SIGTERM end the comparison with what it started, also where a shell has started it in the background."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


def pin_to_allowed_cores():
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores)  # all that is started inherits it
    return cores


def cpu_model():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown CPU"


def memory_bytes():
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def busy_share(cores, seconds=0.5):
    """How much of these cores others use while nothing of ours runs, 0 to 1."""
    busy, total = cpu_ticks(cores)
    time.sleep(seconds)
    busy_later, total_later = cpu_ticks(cores)
    return (busy_later - busy) / max(1, total_later - total)


def cpu_ticks(cores):
    names = {f"cpu{core}" for core in cores}
    rows = [line.split() for line in Path("/proc/stat").read_text().splitlines()]
    ticks = [[int(field) for field in row[1:9]] for row in rows if row[0] in names]
    total = sum(map(sum, ticks))
    return total - sum(row[3] + row[4] for row in ticks), total  # idle and waiting for the disk


def run_timed(command, folder, environment):
    """Runs to its end in `folder`, where its output goes to output.txt; any exit code but 0 is a failure."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "output.txt"
    with open(log, "w") as output:
        started = time.monotonic()
        process = subprocess.Popen([str(part) for part in command], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=subprocess.STDOUT, process_group=0)
        usage = wait_for(process)
        wall_s = time.monotonic() - started
    if process.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise Failed(f"exit code {process.returncode} of\n    {' '.join(map(str, command))}\nThe end of {log}:\n{tail}")
    return Timed(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def wait_for(process):
    """wait4 instead of Popen.wait: only it tells the memory of one child instead of the largest so far."""
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        stop(process)
        raise
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage


def stop(process):
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
