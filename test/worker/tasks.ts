/** Functions that the pool's tests call in worker threads. */
import type { WorkerContext } from "../../src/worker/pool.ts";

export function square(x: number): number {
  return x * x;
}

export function fill(target: Float64Array): void {
  target.set([1, 2]);
}

export function fail(message: string): never {
  throw new Error(message);
}

export function crash(_input: null): never {
  process.exit(3);
}

export function processId(_input: null): number {
  return process.pid;
}

/** Until there is no more. */
export function fillMemory(_input: null): number {
  const all: object[] = [];
  for (let i = 0; ; i++) all.push({ i, text: `number ${i}` });
}

export function killItself(words: string): Promise<never> {
  process.stderr.write(`${words}\n`, () => process.kill(process.pid, "SIGKILL"));
  return new Promise(() => {});
}

/** Says its process's number, and never ends. */
export async function wait(_input: null, context: WorkerContext): Promise<void> {
  context.post(process.pid);
  await new Promise((resolve) => setTimeout(resolve, 1e9));
}

interface Nested {
  readonly x: { readonly data: Float64Array };
  readonly y: readonly number[];
  readonly weights: readonly Float32Array[];
}

export function sumOf({ x, y, weights }: Nested): number {
  return [...x.data, ...y, ...weights.flatMap((values) => [...values])].reduce((sum, one) => sum + one, 0);
}

export async function countUp(n: number, context: WorkerContext): Promise<void> {
  for (let i = 0; i < n; i++) context.post(i);
}

/** flags[0]: how many run now, flags[1]: the most at a time. */
export async function countRunning(flags: Int32Array): Promise<void> {
  const now = Atomics.add(flags, 0, 1) + 1;
  let most = Atomics.load(flags, 1);
  while (now > most && Atomics.compareExchange(flags, 1, most, now) !== most) most = Atomics.load(flags, 1);
  // The first task waits for a second one, or gives up after a while.
  Atomics.notify(flags, 1);
  if (now === 1) Atomics.wait(flags, 1, 1, 2000);
  Atomics.sub(flags, 0, 1);
}

export function endless(_input: null, context: WorkerContext): never {
  context.post(process.pid);
  for (;;) Math.sqrt(2);
}
