/**
 * The Python environments of the peers, which do not fit into one, and the peers that run in each. Versions are those that the
 * recorded figures are of.
 */
import { homedir } from "node:os";
import { join } from "node:path";

export interface Environment {
  /** Requirements for pip, pinned where they are what is measured or what it breaks on. */
  readonly packages: readonly string[];
  /** Requirements whose own requirements are out of date, so that they are installed without them, after the others. */
  readonly bare?: readonly string[];
}

const isCommon = process.platform === "linux" && process.arch === "x64";

export const ENVIRONMENTS = {
  optuna: {
    packages: [
      "optuna==5.0.0",
      "cmaes==0.13.1",
      "hyperopt==0.3.0",
      "scikit-optimize==0.10.2",
      // hyperopt imports pkg_resources, which later ones do not have.
      "setuptools==65.5.0",
      "scikit-learn==1.9.1",
      "scipy==1.17.1",
      "ioh==0.3.22",
    ],
  },
  // Optuna's storage in SQLite and PostgreSQL.
  "optuna-storage": { packages: ["optuna==5.0.0", "SQLAlchemy==2.1.9", "psycopg2-binary==2.9.13"] },
  // Also Optuna's GPSampler, for both need torch: several GB.
  ax: {
    packages: [
      "ax-platform==1.3.1",
      "botorch==0.18.1",
      "torch==2.15.0",
      "optuna==5.0.0",
      "cmaes==0.13.1",
      // GPSampler searches its starts one after another without it, three times as slowly; SQLAlchemy 2.1 no longer brings it.
      "greenlet==3.5.6",
    ],
  },
  smac: { packages: ["smac==2.4.1", "ConfigSpace==1.2.2", "scikit-learn==1.9.1"] },
  "keras-tuner": {
    packages: [
      "keras-tuner==1.4.8",
      "keras==3.15.1",
      isCommon ? "tensorflow-cpu==2.21.0" : "tensorflow==2.21.0",
      "scikit-learn==1.9.1",
      // KerasTuner imports it in every trial without asking for it.
      "tensorboard==2.21.0",
    ],
  },
  hebo: {
    packages: [
      // The last with NumPy 1, which HEBO and GPy need. All are pinned, since pip goes back through a hundred versions of matplotlib and
      // catboost, some of them to be compiled, when contourpy is left to be one that needs NumPy 2.
      "numpy==1.26.4",
      "pandas==2.1.4",
      "scipy==1.12.0",
      "scikit-learn==1.4.2",
      "matplotlib==3.8.4",
      "contourpy==1.2.1",
      "pymoo==0.6.0.1",
      "torch==2.15.0",
      "gpytorch==1.15.2",
      "GPy==1.13.2",
      "catboost==1.2.10",
      "disjoint-set==0.9.0",
    ],
    bare: ["HEBO==0.3.6"],
  },
  vizier: {
    packages: [
      "google-vizier==0.1.24",
      "jax==0.4.34",
      "jaxlib==0.4.34",
      "flax==0.9.0",
      "chex==0.1.87",
      "optax==0.2.3",
      "equinox==0.11.7",
      "jaxopt==0.8.3",
      "numpy==2.0.2",
      "scipy==1.14.1",
      "tensorflow-probability==0.25.0",
      // Vizier imports it without asking for it; later ones cannot read the shapes in jaxtyping's annotations.
      "typeguard==2.13.3",
    ],
  },
} as const satisfies Readonly<Record<string, Environment>>;

export type EnvironmentName = keyof typeof ENVIRONMENTS;

/** The script that drives a peer, by the peer's name, and the environment in which it runs. */
export const PEERS: Readonly<Record<string, { readonly environment: EnvironmentName; readonly script: string }>> = {
  "random-python": { environment: "optuna", script: "random_driver.py" },
  "optuna-tpe": { environment: "optuna", script: "optuna_driver.py" },
  "optuna-cma-es": { environment: "optuna", script: "optuna_driver.py" },
  "optuna-gp": { environment: "ax", script: "optuna_driver.py" },
  "optuna-auto": { environment: "ax", script: "optuna_driver.py" },
  hyperopt: { environment: "optuna", script: "hyperopt_driver.py" },
  "scikit-optimize": { environment: "optuna", script: "skopt_driver.py" },
  "smac-hpo": { environment: "smac", script: "smac_driver.py" },
  "smac-blackbox": { environment: "smac", script: "smac_driver.py" },
  ax: { environment: "ax", script: "ax_driver.py" },
  "keras-tuner": { environment: "keras-tuner", script: "keras_tuner_driver.py" },
  hebo: { environment: "hebo", script: "hebo_driver.py" },
  vizier: { environment: "vizier", script: "vizier_driver.py" },
};

/** Where the environments are: the folder that ASSAY_PEERS names, or one in the user's cache. */
export function environmentsFolder(): string {
  return process.env.ASSAY_PEERS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "assay", "peers");
}

/** The interpreter of an environment, made or not. */
export function interpreter(name: EnvironmentName, folder: string = environmentsFolder()): string {
  return join(folder, name, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
}

/** The command that starts a peer's driver, for the suite. @throws Error for a name that is not in the table */
export function peerCommand(name: string, folder: string = environmentsFolder()): string {
  const peer = Object.hasOwn(PEERS, name) ? PEERS[name] : undefined;
  if (peer === undefined) {
    throw new Error(`A peer must be one of ${Object.keys(PEERS).join(", ")}, but got ${JSON.stringify(name)}.`);
  }
  return `'${interpreter(peer.environment, folder)}' '${join(import.meta.dirname, peer.script)}'`;
}
