"""The Slurm script without Slurm: stand-ins for its commands come first in PATH, and tell afterwards how they were called."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spade_studio.train.run.events import CheckpointWritten, Event, RunEnded, RunStarted, event_to_line

SCRIPT = Path(__file__).resolve().parents[2] / "packaging" / "slurm" / "train.sbatch"
BASH = shutil.which("bash")
PATIENCE = 30  # seconds

pytestmark = pytest.mark.skipif(BASH is None or os.name == "nt", reason="Slurm's scripts need bash")

STARTED, CHECKPOINT = RunStarted(0, 20, 2, "cuda", "0.1.0"), CheckpointWritten(5, "step_00000005.pt")
FINISHED, STOPPED = RunEnded(20, "finished"), RunEnded(5, "stopped", 'not \\"reason\\":\\"finished\\"')

UNTIL_STOP = 'while [ ! -e "$RUN/STOP" ]; do sleep 0.02; done'


class Cluster:
    """A job's surroundings: a run, and stand-ins for srun, scontrol, torchrun and spade-train."""

    def __init__(self, folder: Path) -> None:
        self.run = folder / "runs" / "00000 with blanks"
        self.run.mkdir(parents=True)
        (self.run / "config.json").write_text("{}")
        self.programs = folder / "programs"
        self.programs.mkdir()
        self.calls_path = folder / "calls"
        self.calls_path.touch()
        self.environment = {
            "PATH": f"{self.programs}:{os.defpath}",
            "HOME": str(folder),
            "RUN": str(self.run),
            "CALLS": str(self.calls_path),
            "SLURM_JOB_ID": "123456",
            "SLURM_JOB_NUM_NODES": "2",
            "SLURM_JOB_NODELIST": "node[1-2]",
            "SLURM_NODEID": "0",
            "SLURMD_NODENAME": "node1",
            "SLURM_GPUS_ON_NODE": "4",
            "SLURM_CPUS_PER_TASK": "32",
        }
        self.program("scontrol", 'if [ "$1" = show ]; then printf "node1\\nnode2\\n"; fi')
        self.program("spade-train", 'if [ "$1" = stop ]; then touch "$2/STOP"; fi')
        self.program("torchrun", "")
        self.program("srun", "exit 0")

    def program(self, name: str, body: str) -> None:
        """Write a stand-in that notes its call, one argument a line, then does what ``body`` says."""
        path = self.programs / name
        path.write_text(f'#!/usr/bin/env bash\nline=$(printf "%s\\t" {name} "$@")\necho "$line" >>"$CALLS"\n{body}\n')
        path.chmod(0o755)

    def events(self, *events: Event) -> None:
        (self.run / "events.jsonl").write_bytes(b"".join(event_to_line(event) for event in events))

    def calls(self, name: str) -> list[list[str]]:
        """Return the arguments of every call of a program."""
        lines = [line.rstrip("\t").split("\t") for line in self.calls_path.read_text().splitlines()]
        return [arguments for called, *arguments in lines if called == name]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        assert BASH is not None
        command = [BASH, str(SCRIPT), *(arguments or (str(self.run),))]
        return subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def job(self, *arguments: str) -> tuple[int, str]:
        """Run the script to its end; its exit code and what it said."""
        with self.start(*arguments) as process:
            said, _ = process.communicate(timeout=PATIENCE)
            return process.returncode, said

    def signalled(self, number: signal.Signals, seen: Callable[[], object]) -> tuple[int, str]:
        """Run the script and send it a signal once ``seen``."""
        with self.start() as process:
            end = time.monotonic() + PATIENCE
            while not seen():
                assert process.poll() is None, process.communicate()[0]
                assert time.monotonic() < end, "nothing happened"
                time.sleep(0.01)
            process.send_signal(number)
            said, _ = process.communicate(timeout=PATIENCE)
            return process.returncode, said


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path)
    yield cluster
    (cluster.run / "STOP").touch()  # ends the stand-ins of a test that failed


def test_bash_can_read_it() -> None:
    assert BASH is not None
    done = subprocess.run([BASH, "-n", str(SCRIPT)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_slurm_sees_every_option() -> None:
    # sbatch reads options up to the first command.
    head: list[str] = []
    for line in SCRIPT.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            break
        head.append(line)
    options = [line.split(maxsplit=1)[1] for line in head if line.startswith("#SBATCH ")]
    assert {"--ntasks-per-node=1", "--signal=B:USR1@180", "--requeue", "--open-mode=append"} <= set(options)
    assert len(options) == len(re.findall(r"^#SBATCH ", SCRIPT.read_text("utf-8"), re.MULTILINE))


def test_one_task_of_each_node_starts_torchrun(cluster: Cluster) -> None:
    cluster.program("srun", 'while [ "$1" != bash ]; do shift; done; echo "cpus $SRUN_CPUS_PER_TASK"; exec "$@"')
    code, said = cluster.job()
    assert code == 0, said
    assert "cpus 32" in said
    (srun,) = cluster.calls("srun")
    assert {"--ntasks=2", "--ntasks-per-node=1", "--kill-on-bad-exit=1"} <= set(srun)
    (torchrun,) = cluster.calls("torchrun")
    split = torchrun.index("--no-python")
    assert torchrun[split + 1 :] == ["spade-train", "resume", str(cluster.run)]
    assert set(torchrun[:split]) == {
        "--nnodes=2",
        "--nproc-per-node=4",
        "--rdzv-backend=c10d",
        "--rdzv-endpoint=node1:13456",
        "--rdzv-id=123456-0",
        "--rdzv-conf=is_host=1",
        "--local-addr=node1",
    }


def test_other_nodes_are_no_hosts_and_a_job_that_was_queued_again_meets_none_of_its_past(cluster: Cluster) -> None:
    cluster.environment |= {"SLURM_NODEID": "1", "SLURMD_NODENAME": "node2", "SLURM_RESTART_COUNT": "3"}
    for name in ("SLURM_GPUS_ON_NODE", "SLURM_CPUS_PER_TASK"):
        del cluster.environment[name]
    cluster.program("srun", 'while [ "$1" != bash ]; do shift; done; exec "$@"')
    code, said = cluster.job()
    assert code == 0, said
    (torchrun,) = cluster.calls("torchrun")
    assert {"--rdzv-conf=is_host=0", "--local-addr=node2", "--rdzv-id=123456-3", "--nproc-per-node=1"} <= set(torchrun)


def test_before_the_end_of_its_time_it_stops_the_run_and_queues_itself_again(cluster: Cluster) -> None:
    cluster.events(STARTED, CHECKPOINT)
    cluster.program("srun", f'{UNTIL_STOP}\necho saved >>"$CALLS"')
    code, said = cluster.signalled(signal.SIGUSR1, lambda: cluster.calls("srun"))
    assert code == 0, said
    assert cluster.calls("spade-train") == [["stop", str(cluster.run)]]
    assert cluster.calls("scontrol")[-1] == ["requeue", "123456"]
    order = [line.split("\t")[0] for line in cluster.calls_path.read_text().splitlines()]
    assert order.index("saved") < len(order) - 1 - order[::-1].index("scontrol"), "queued again before the run was saved"


def test_signals_while_the_run_saves_cut_nothing_short(cluster: Cluster) -> None:
    cluster.program("srun", f'{UNTIL_STOP}\nkill -USR1 $PPID; sleep 0.3; kill -USR1 $PPID; sleep 0.3\necho saved >>"$CALLS"')
    code, said = cluster.signalled(signal.SIGUSR1, lambda: cluster.calls("srun"))
    assert code == 0, said
    assert cluster.calls("saved") == [[]]
    assert cluster.calls("scontrol")[1:] == [["requeue", "123456"]]


def test_where_spade_train_cannot_stop_the_run_the_stop_file_does(cluster: Cluster) -> None:
    cluster.program("spade-train", "exit 3")
    cluster.program("srun", UNTIL_STOP)
    code, said = cluster.signalled(signal.SIGUSR1, lambda: cluster.calls("srun"))
    assert code == 0, said
    assert cluster.calls("scontrol")[-1] == ["requeue", "123456"]


def test_a_run_that_finishes_while_it_is_stopped_is_not_queued_again(cluster: Cluster) -> None:
    cluster.events(STARTED)
    line = event_to_line(FINISHED).decode().strip()
    cluster.program("srun", f"{UNTIL_STOP}\necho '{line}' >>\"$RUN/events.jsonl\"")
    code, said = cluster.signalled(signal.SIGUSR1, lambda: cluster.calls("srun"))
    assert code == 0, said
    assert "is finished" in said
    assert [call[0] for call in cluster.calls("scontrol")] == ["show"]


def test_a_finished_run_is_not_started(cluster: Cluster) -> None:
    cluster.events(STARTED, FINISHED)
    code, said = cluster.job()
    assert (code, cluster.calls("srun"), cluster.calls("scontrol")) == (0, [], [])
    assert "finished already" in said


@pytest.mark.parametrize("events", [(), (STARTED, STOPPED), (STARTED, FINISHED, RunStarted(20, 40, 2, "cuda", "0.1.0"))])
def test_what_is_not_finished_is_started(cluster: Cluster, events: tuple[Event, ...]) -> None:
    if events:
        cluster.events(*events)
    code, said = cluster.job()
    assert code == 0, said
    assert len(cluster.calls("srun")) == 1
    # Nobody sent a signal: the run ended because somebody stopped it, and stays stopped.
    assert [call[0] for call in cluster.calls("scontrol")] == ["show"]
    assert "was stopped" in said


@pytest.mark.parametrize("code", [1, 137])
def test_a_failure_is_passed_on_and_not_queued_again(cluster: Cluster, code: int) -> None:
    cluster.program("srun", f"exit {code}")
    found, said = cluster.job()
    assert found == code
    assert f"exit code {code}" in said
    assert [call[0] for call in cluster.calls("scontrol")] == ["show"]


def test_a_failure_after_a_signal_is_a_failure(cluster: Cluster) -> None:
    cluster.program("srun", f"{UNTIL_STOP}\nexit 9")
    code, _ = cluster.signalled(signal.SIGUSR1, lambda: cluster.calls("srun"))
    assert code == 9
    assert [call[0] for call in cluster.calls("scontrol")] == ["show"]


def test_what_is_cancelled_saves_but_does_not_come_back(cluster: Cluster) -> None:
    cluster.program("srun", UNTIL_STOP)
    code, said = cluster.signalled(signal.SIGTERM, lambda: cluster.calls("srun"))
    assert code == 0, said
    assert cluster.calls("spade-train") == [["stop", str(cluster.run)]]
    assert [call[0] for call in cluster.calls("scontrol")] == ["show"]


def test_where_the_job_cannot_be_queued_again_it_fails(cluster: Cluster) -> None:
    cluster.program("srun", UNTIL_STOP)
    cluster.program("scontrol", 'if [ "$1" = show ]; then echo node1; else exit 1; fi')
    code, said = cluster.signalled(signal.SIGUSR1, lambda: cluster.calls("srun"))
    assert code == 1
    assert "submit it anew" in said


@pytest.mark.parametrize("arguments", [("nowhere",), ("nowhere", "else")])
def test_what_is_no_run_is_refused(cluster: Cluster, arguments: tuple[str, ...]) -> None:
    code, said = cluster.job(*arguments)
    assert code == 2
    assert "--create-only" in said
    assert cluster.calls_path.read_text() == ""


def test_an_environment_without_the_program_is_told(cluster: Cluster) -> None:
    (cluster.programs / "spade-train").unlink()
    code, said = cluster.job()
    assert code == 127
    assert "spade-train is not found" in said
    assert cluster.calls("srun") == []


@pytest.mark.slow
def test_torchrun_understands_its_options(cluster: Cluster) -> None:
    cluster.environment |= {
        "SLURM_JOB_NUM_NODES": "1",
        "SLURM_JOB_ID": str(os.getpid()),
        "SLURMD_NODENAME": "localhost",
        "SLURM_GPUS_ON_NODE": "2",
        "OMP_NUM_THREADS": "1",
    }
    cluster.program("scontrol", "echo localhost")
    cluster.program("srun", 'while [ "$1" != bash ]; do shift; done; exec "$@"')
    cluster.program("spade-train", 'echo "rank $RANK of $WORLD_SIZE at $MASTER_ADDR" >>"$CALLS"')
    cluster.program("torchrun", f'exec "{sys.executable}" -m torch.distributed.run "$@"')
    with cluster.start() as process:
        said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert cluster.calls("spade-train") == [["resume", str(cluster.run)]] * 2
    ranks = sorted(line for line in cluster.calls_path.read_text().splitlines() if line.startswith("rank"))
    assert ranks == ["rank 0 of 2 at localhost", "rank 1 of 2 at localhost"]
