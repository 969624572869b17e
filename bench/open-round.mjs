// One round of bench/open.ts, plain JavaScript on the built package, as a user has it: what strips types off a source would be in its
// memory else. Prints figures as JSON.
import { createStudy, random, tpe } from "assay";
import { sqlite } from "assay/storage/sqlite";

const [file, sampler] = process.argv.slice(2);
const before = { wall: performance.now(), cpu: process.cpuUsage() };
const study = await createStudy({ storage: sqlite(file), name: "long", sampler: { random, tpe }[sampler]() });
const trial = await study.ask();
const seconds = (performance.now() - before.wall) / 1000;
const { user, system } = process.cpuUsage(before.cpu);
const megabytes = process.resourceUsage().maxRSS / 1024;
await study.close();
console.log(JSON.stringify({ seconds, cpuSeconds: (user + system) / 1e6, megabytes, number: trial.number }));
