// Opens a PostgreSQL storage, creates a study of its own in it and runs a trial, for each line that it is given: JSON of `Opening`. It
// answers each with a line, "done" or what went wrong. Usage: node opener.ts URL
import { createInterface } from "node:readline";
import { DuplicateError } from "../../src/errors.ts";
import { postgres } from "../../src/storage/sql/postgres.ts";

export interface Opening {
  readonly schema: string;
  /** Of the study. */
  readonly name: string;
}

const [url = ""] = process.argv.slice(2);

async function open({ schema, name }: Opening): Promise<void> {
  const storage = postgres({ url, schema, connections: 1 });
  try {
    const definition = { name, direction: "minimize", space: [], seed: 1, attributes: {}, createdAt: 0 } as const;
    const { id } = await storage.createStudy(definition).catch(async (error: unknown) => {
      // Its acknowledgement was lost: the name is nobody else's.
      if (error instanceof DuplicateError) return (await storage.findStudy(name))!;
      throw error;
    });
    const draft = { params: {}, note: null, attributes: {}, startedAt: 1, owner: name } as const;
    await storage.createTrial(id, { ...draft, number: 0, state: "running" });
    const outcome = { state: "completed", value: 0.5, metrics: {}, error: null, finishedAt: 2 } as const;
    await storage.finishTrial(id, 0, outcome, { attempt: 1 });
  } finally {
    await storage.close();
  }
}

for await (const line of createInterface(process.stdin)) {
  const answer = await open(JSON.parse(line) as Opening).then(
    () => "done",
    (error: unknown) => String(error).replaceAll("\n", " "),
  );
  process.stdout.write(`${answer}\n`);
}
process.exit(0);
