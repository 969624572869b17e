/**
 * Brings the write-ahead log of a SQLite file to the disk after a commit, outside of its lock. With `synchronous = FULL` SQLite does so
 * within the commit, while all other writers wait for the disk, one after another; done after it, one sync serves all who wrote before it.
 *
 * The log is written in order and read as far as its checksums hold, so what a sync has brought to the disk is there with all that was
 * committed before. Before SQLite copies the log into the database (`synchronous = NORMAL`), it syncs the log, and the database after.
 */
import { closeSync, fdatasync, openSync, realpathSync } from "node:fs";
import { promisify } from "node:util";

const datasync = promisify(fdatasync);

export class LogSync {
  readonly #file: string;
  #descriptor: number | undefined;
  #current: Promise<void> | null = null;
  #next: Promise<void> | null = null;

  constructor(file: string) {
    this.#file = file;
  }

  /** Resolves when all that was committed before the call is on the disk. Once it failed it rejects for ever, for the system forgets what it could not write. */
  sync(): Promise<void> {
    // One that has begun may have begun before the commit.
    this.#next ??= (this.#current ?? Promise.resolve()).then(() => {
      this.#current = this.#next;
      this.#next = null;
      // The log lies beside the file itself, whatever links lead there, and stays while a connection is open. Windows syncs only what may be written.
      this.#descriptor ??= openSync(`${realpathSync(this.#file)}-wal`, "r+");
      return datasync(this.#descriptor);
    });
    return this.#next;
  }

  async close(): Promise<void> {
    await (this.#next ?? this.#current)?.catch(() => {});
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
  }
}
