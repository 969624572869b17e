/**
 * Lets the event loop turn now and then, so that a signal, a timer or a message to a worker is seen while a training
 * runs: a message to oneself, since a timer would wait for a millisecond.
 */
export function pauses(): { next(): Promise<void>; end(): void } {
  // Typed by what every platform's port has: Node's own types leave `onmessage` out.
  const { port1, port2 } = new MessageChannel() as unknown as Record<"port1" | "port2", Port>;
  let resume = (): void => {};
  port1.onmessage = () => resume();
  return {
    next: () =>
      new Promise((resolve) => {
        resume = resolve;
        port2.postMessage(undefined);
      }),
    end: () => port1.close(),
  };
}

interface Port {
  onmessage: (() => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}
