// A TCP relay before a PostgreSQL server: it counts the round trips, and can fail as networks do.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export class Relay {
  /** Messages that waited for an answer: the Syncs of the extended protocol. */
  roundTrips = 0;
  /** While true nothing passes in either direction, and no connection is closed: a half-open network. */
  isSilent = false;
  /** Cuts the connection when the server answers a COMMIT, so that its acknowledgement is lost; is false again thereafter. */
  losesNextCommit = false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async before(port: number): Promise<Relay> {
    const server = createServer();
    const relay = new Relay(server);
    server.on("connection", (client) => relay.#accept(client, connect(port, "127.0.0.1")));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return relay;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** `url` with the relay in place of its server. */
  through(url: string): string {
    const changed = new URL(url);
    changed.host = `127.0.0.1:${this.port}`;
    return changed.href;
  }

  /** Resets all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }

  #accept(client: Socket, server: Socket): void {
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    const count = countSyncs(() => this.roundTrips++);
    client.on("data", (bytes) => {
      if (this.isSilent) return;
      count(bytes);
      server.write(bytes);
    });
    server.on("data", (bytes) => {
      if (this.isSilent) return;
      // What the server says of one that is done; a session may keep the statement and send its name only.
      if (this.losesNextCommit && bytes.includes("COMMIT\0")) {
        this.losesNextCommit = false;
        client.destroy();
      } else client.write(bytes);
    });
  }
}

/** Reads what a client sends: a startup message without a type, then messages of a type, a length and a body. */
function countSyncs(onSync: () => void): (bytes: Buffer) => void {
  let buffer = Buffer.alloc(0);
  let hasStarted = false;
  return (bytes) => {
    buffer = Buffer.concat([buffer, bytes]);
    for (;;) {
      const head = hasStarted ? 1 : 0;
      if (buffer.length < head + 4) return;
      const end = head + buffer.readUInt32BE(head);
      if (buffer.length < end) return;
      if (hasStarted && buffer.toString("latin1", 0, 1) === "S") onSync();
      hasStarted = true;
      buffer = buffer.subarray(end);
    }
  };
}
