/** What runs in the thread of lease-keeper.ts: a connection of its own to each database, and a timer for each owner. */
import { parentPort } from "node:worker_threads";
import type { Owner, Storage } from "../storage.ts";
import type { Database, Errand } from "./lease-keeper.ts";

/**
 * A driver is loaded so long before the first renewal, for on a machine under load that may take as long as a short lease. Not at once: it is a fifth
 * of a second of a processor, and many workers that begin together have better use for that.
 */
const LOADING_MS = 5000;

interface Kept {
  readonly renewing: NodeJS.Timeout;
  readonly loading: NodeJS.Timeout;
  readonly database: string;
}

const timers = new Map<Owner, Kept>();
const storages = new Map<string, Promise<Storage>>();

parentPort!.on("message", (errand: Errand) => {
  if ("drop" in errand) {
    stop(errand.drop);
    return;
  }
  const { keep: owner, database, everyMs } = errand;
  clear(timers.get(owner));
  let isBusy = false;
  const renew = async () => {
    if (isBusy) return;
    isBusy = true;
    try {
      await (await storageOf(database)).renewLeases(owner);
    } catch {
      // The next turn tries again. The worker itself learns from its own calls what is wrong.
    } finally {
      isBusy = false;
    }
  };
  // The database itself is opened when it is time.
  const load = () => void storageOf(database).catch(() => {});
  timers.set(owner, {
    renewing: setInterval(renew, everyMs),
    loading: setTimeout(load, Math.max(0, everyMs - LOADING_MS)),
    database: JSON.stringify(database),
  });
});

function clear(kept: Kept | undefined): void {
  clearInterval(kept?.renewing);
  clearTimeout(kept?.loading);
}

function stop(owner: Owner): void {
  const kept = timers.get(owner);
  if (kept === undefined) return;
  clear(kept);
  timers.delete(owner);
  if ([...timers.values()].some(({ database }) => database === kept.database)) return;
  storages
    .get(kept.database)
    ?.then((storage) => storage.close())
    .catch(() => {});
  storages.delete(kept.database);
}

function storageOf(database: Database): Promise<Storage> {
  const key = JSON.stringify(database);
  const opened = storages.get(key) ?? open(database);
  storages.set(key, opened);
  return opened;
}

async function open(database: Database): Promise<Storage> {
  const { sqlite } = await import("./sqlite.ts");
  if (database.kind === "sqlite") return sqlite(database.file, database);
  const { postgres } = await import("./postgres.ts");
  return postgres(database.options);
}
