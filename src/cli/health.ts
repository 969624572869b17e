/**
 * The health of a worker, for whatever supervises it: HTTP 200 while it reaches its storage, 503 once it has not for as long as its
 * leases last, since other workers have its trials by then. It tells numbers and times, and takes no orders.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { ValidationError } from "../errors.ts";

export interface Health {
  readonly status: "ok" | "draining" | "unreachable";
  readonly worker: string;
  readonly study: string;
  /** Since the storage last answered. */
  readonly lastContactMs: number;
  readonly running: readonly {
    readonly number: number;
    readonly attempt: number;
    readonly runsForMs: number;
    /** Until the lease runs out, unless it is renewed; null while that is not known. */
    readonly leaseMs: number | null;
  }[];
  /** Trials that ended here. */
  readonly ended: number;
}

/** "8080", "0.0.0.0:8080" or "[::]:8080". */
export function addressOf(text: string): { readonly host: string; readonly port: number } {
  const [, host = "127.0.0.1", port] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65535) {
    throw new ValidationError(`--health must be a port, such as 8080, or a host and a port, but got "${text}".`);
  }
  return { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
}

/** Answers until `close`. @returns the port, which the system chooses for port 0 */
export async function serveHealth(
  address: ReturnType<typeof addressOf>,
  health: () => Health,
): Promise<{ readonly port: number; close(): void }> {
  const server = createServer((request, response) => {
    const [code, body] = answer(request, address.host, health);
    response.writeHead(code, {
      "content-type": "application/json",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    response.end(`${JSON.stringify(body)}\n`);
  });
  server.listen(address.port, address.host);
  try {
    await once(server, "listening");
  } catch (cause) {
    throw new ValidationError(
      `--health must be an address that is free, but ${address.host}:${address.port} is not: ${(cause as Error).message}.`,
      { cause },
    );
  }
  server.unref();
  const bound = server.address();
  return {
    port: typeof bound === "object" && bound !== null ? bound.port : address.port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const LOCAL = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i;

function answer({ method, url, headers }: IncomingMessage, host: string, health: () => Health): [number, object] {
  // A page in a browser of this machine, whose name was made to lead here, is not whom the numbers are for.
  if (/^(localhost|127\.|::1$)/.test(host) && !LOCAL.test(headers.host ?? "")) return [421, { error: "wrong host" }];
  if (method !== "GET" && method !== "HEAD") return [405, { error: "only GET" }];
  if (!["/", "/health", "/healthz"].includes(url ?? "")) return [404, { error: "only /health" }];
  const now = health();
  return [now.status === "unreachable" ? 503 : 200, now];
}
