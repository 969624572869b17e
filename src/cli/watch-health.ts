/** What the health of a worker is told from: the events of its study, and its leases, which it asks the storage for every few seconds. */
import { systemClock } from "../storage/clock.ts";
import type { Lease } from "../storage/storage.ts";
import type { Study } from "../study/study.ts";
import { type addressOf, type Health, serveHealth } from "./health.ts";

/** Between two questions, and oftener where leases are short: four times in one, as they are renewed. */
const ASK_MS = 5000;

/** Serves a worker's health; null where no address is given. */
export async function watchHealth(
  study: Study,
  worker: string,
  address: ReturnType<typeof addressOf> | null,
  isDraining: () => boolean,
): Promise<{ readonly port: number; close(): void } | null> {
  if (address === null) return null;
  const stored = (await study.storage.findStudy(study.name))!;
  const running = new Map<number, { readonly attempt: number; readonly since: number }>();
  let leases: readonly Lease[] = [];
  let contactAt = systemClock();
  let ended = 0;
  let asking = false;

  async function ask(): Promise<void> {
    if (asking) return;
    asking = true;
    try {
      leases = await study.storage.leases(stored.id);
      contactAt = systemClock();
    } catch {
      // That is what the time since the last contact tells.
    } finally {
      asking = false;
    }
  }

  function health(): Health {
    const now = systemClock();
    const lastContactMs = Math.round(now - contactAt);
    const reached = lastContactMs <= stored.leases.graceMs;
    return {
      status: !reached ? "unreachable" : isDraining() ? "draining" : "ok",
      worker,
      study: study.name,
      lastContactMs,
      running: [...running].map(([number, { attempt, since }]) => {
        const lease = leases.find((it) => it.number === number && it.attempt === attempt);
        const leaseMs = lease === undefined ? null : Math.round(lease.until - lease.now - lastContactMs);
        return { number, attempt, runsForMs: Math.round(now - since), leaseMs };
      }),
      ended,
    };
  }

  const over = (number: number) => void running.delete(number);
  study.on("ask", ({ trial }) => {
    running.set(trial.number, { attempt: trial.attempt, since: systemClock() });
    void ask();
  });
  study.on("tell", ({ trial }) => {
    over(trial.number);
    ended++;
  });
  study.on("release", ({ number }) => over(number));
  study.on("late", ({ trial }) => over(trial.number));
  const timer = setInterval(() => void ask(), Math.min(ASK_MS, stored.leases.graceMs / 4));
  timer.unref();
  const server = await serveHealth(address, health);
  return {
    port: server.port,
    close() {
      clearInterval(timer);
      server.close();
    },
  };
}
