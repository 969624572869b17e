"""Optuna's RDBStorage with its defaults, for `npm run bench -- durable`: the `trials` and `stream` jobs of `bench/durable/job.ts`.

    durable_peer.py JOB        which is JSON; says "ready", works at each line "go", and ends after "stop"
"""
import json
import sys
import threading
import warnings

import optuna

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)

WARM_UP = 3


def say(word):
    print(json.dumps(word), flush=True)


def suggest(trial):
    trial.suggest_float("learningRate", 1e-4, 1, log=True)
    dropout = trial.suggest_float("dropout", 0, 0.5)
    trial.suggest_int("units", 8, 256)
    trial.suggest_categorical("batchSize", [16, 32, 64, 128])
    trial.suggest_categorical("activation", ["relu", "tanh", "elu"])
    return dropout


def ask_and_tell(study):
    trial = study.ask()
    study.tell(trial, suggest(trial))


def stop_when_told(study):
    sys.stdin.readline()
    study.stop()


def main():
    job = json.loads(sys.argv[1])
    store = job["store"]
    url = store.replace("postgres://", "postgresql+psycopg2://") if store.startswith("postgres") else f"sqlite:///{store}"
    study = optuna.create_study(
        storage=optuna.storages.RDBStorage(url),
        sampler=optuna.samplers.RandomSampler(),
        study_name="durable",
        load_if_exists=True,
    )
    if job["name"] == "trials":
        for _ in range(WARM_UP):
            ask_and_tell(study)
    say("ready")
    while sys.stdin.readline() == "go\n":
        if job["name"] == "stream":
            threading.Thread(target=stop_when_told, args=(study,), daemon=True).start()
            study.optimize(suggest, callbacks=[lambda _, trial: say(trial.number)])
            return
        for _ in range(job["count"]):
            ask_and_tell(study)
        say(job["count"])


main()
