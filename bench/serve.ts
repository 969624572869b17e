/**
 * Our samplers for a harness in another process: answers JSON lines on its input, as `bench/suite/protocol.ts` describes them.
 *
 *   npm run --silent bench -- serve
 *
 * `sampler` is a name such as "gp", with options as JSON behind it if need be; params are told back as they were asked for.
 */
import { createInterface } from "node:readline";
import { type FlatParams, spaceFromJson } from "assay";
import type { Session } from "./suite/driver.ts";
import { ourDriver } from "./suite/ours.ts";
import type { Request } from "./suite/protocol.ts";

let session: Session | undefined;
let sign = 1;

for await (const line of createInterface(process.stdin)) {
  let answer: object;
  try {
    answer = await handle(JSON.parse(line) as Request);
  } catch (error) {
    answer = { error: error instanceof Error ? error.message : String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

async function handle(request: Request): Promise<object> {
  if (request.op === "start") {
    const { sampler, seed, trials, direction } = request;
    sign = direction === "maximize" ? -1 : 1;
    session = await ourDriver(sampler).start({ space: spaceFromJson(request.space), seed, trials });
    return { ok: true, version: session.version };
  }
  if (session === undefined) throw new Error(`\`start\` must come before \`${request.op}\`.`);
  switch (request.op) {
    case "ask":
      return (await session.ask()) ?? { params: null };
    case "tell":
      return { ms: await session.tell(request.params, request.loss === null ? null : sign * request.loss) };
    case "recommend":
      return { params: await session.recommend() } satisfies { params: FlatParams };
    case "stop":
      await session.stop();
      session = undefined;
      return { ok: true };
    default:
      throw new Error(
        `A request's \`op\` must be start, ask, tell, recommend or stop, but got ${JSON.stringify((request as { op: unknown }).op)}.`,
      );
  }
}
