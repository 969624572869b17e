"""The drill of the fault suite, as far as it can be done to Optuna, on one SQLite file: enqueued trials that many processes claim,
workers that are killed, and a worker that is stopped for longer than its lease. Default settings but where a row says otherwise.

    npm run bench:peers -- optuna      # prints the Python of the environment
    PYTHON bench/faults/optuna_drill.py [--claims 100] [--kills 15] [--processes 8]
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter

import optuna
from optuna.trial import TrialState

optuna.logging.set_verbosity(optuna.logging.ERROR)


def objective(trial):
    x = trial.suggest_float("x", 0, 1)
    time.sleep(0.005)
    return x


def load(url, **options):
    return optuna.load_study(study_name="s", storage=optuna.storages.RDBStorage(url, **options))


def claim(url):
    """Asks in a tight loop and prints the numbers of the enqueued trials that it was given."""
    study = load(url)
    print("ready", flush=True)
    sys.stdin.readline()
    while True:
        trial = study.ask()
        if "enqueued" not in trial.user_attrs:
            break
        print(trial.number, flush=True)


def work(url, heartbeat):
    study = load(url, **({"heartbeat_interval": 1, "grace_period": 3} if heartbeat else {}))
    print("ready", flush=True)
    study.optimize(objective if not heartbeat else slow, n_trials=10_000 if not heartbeat else 3)


def slow(trial):
    time.sleep(1)
    return trial.suggest_float("x", 0, 1)


def start(*arguments):
    return subprocess.Popen(
        [sys.executable, __file__, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def claims(folder, count, processes):
    url = f"sqlite:///{folder}/claims.db"
    study = optuna.create_study(study_name="s", storage=url, sampler=optuna.samplers.RandomSampler())
    for i in range(count):
        study.enqueue_trial({"x": i / count}, user_attrs={"enqueued": True})
    workers = [start("--claim", url) for _ in range(processes)]
    for worker in workers:
        worker.stdout.readline()
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    claimed = Counter(number for worker in workers for number in worker.communicate()[0].split())
    twice = sum(1 for times in claimed.values() if times > 1)
    print(f"claims: {count} enqueued trials, {processes} processes: {twice} claimed more than once")


def kills(folder, count):
    url = f"sqlite:///{folder}/kills.db"
    optuna.create_study(study_name="s", storage=url)
    for _ in range(count):
        worker = start("--work", url)
        worker.stdout.readline()
        time.sleep(0.5 + random.random())
        worker.kill()
        worker.wait()
    study = load(url)
    study.optimize(objective, n_trials=3)
    left = sum(1 for trial in study.get_trials(deepcopy=False) if trial.state == TrialState.RUNNING)
    print(f"kills: {count} SIGKILLs: {left} trials left running for ever")


def stop(folder):
    url = f"sqlite:///{folder}/stop.db"
    optuna.create_study(study_name="s", storage=url)
    worker = start("--beat", url)
    worker.stdout.readline()
    time.sleep(0.5)
    os.kill(worker.pid, signal.SIGSTOP)
    time.sleep(5)
    other = load(url, heartbeat_interval=1, grace_period=3)
    other.optimize(objective, n_trials=1)
    os.kill(worker.pid, signal.SIGCONT)
    _, errors = worker.communicate()
    last = (errors.strip().splitlines() or ["no error"])[-1]
    print(f"stop: 5 s with a grace period of 3 s: the worker ended with {worker.returncode}: {last}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--claims", type=int, default=100)
    parser.add_argument("--kills", type=int, default=15)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--claim")
    parser.add_argument("--work")
    parser.add_argument("--beat")
    given = parser.parse_args()
    if given.claim:
        claim(given.claim)
    elif given.work:
        work(given.work, False)
    elif given.beat:
        work(given.beat, True)
    else:
        with tempfile.TemporaryDirectory() as scratch:
            print(f"Optuna {optuna.__version__}")
            claims(scratch, given.claims, given.processes)
            kills(scratch, given.kills)
            stop(scratch)
