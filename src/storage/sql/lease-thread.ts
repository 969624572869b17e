/** What runs in the thread of lease-keeper.ts: a connection of its own to each database, and a timer for each owner. */
import { parentPort } from "node:worker_threads";
import type { Owner, Storage } from "../storage.ts";
import type { Database, Errand } from "./lease-keeper.ts";

const timers = new Map<Owner, { readonly timer: NodeJS.Timeout; readonly database: string }>();
const storages = new Map<string, Promise<Storage>>();

parentPort!.on("message", (errand: Errand) => {
  if ("drop" in errand) {
    stop(errand.drop);
    return;
  }
  const { keep: owner, database, everyMs } = errand;
  clearInterval(timers.get(owner)?.timer);
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
  timers.set(owner, { timer: setInterval(renew, everyMs), database: JSON.stringify(database) });
  // The driver is loaded at once, which on a machine under load may take as long as a short lease; the database is opened when it is time.
  storageOf(database).catch(() => {});
});

function stop(owner: Owner): void {
  const kept = timers.get(owner);
  if (kept === undefined) return;
  clearInterval(kept.timer);
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
