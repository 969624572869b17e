/**
 * Makes the Python environments of the peers by venv and pip, outside the repository; one that has what it needs is left alone.
 *
 *   npm run bench:peers -- NAME…|all
 */
import { ENVIRONMENTS, type EnvironmentName, environmentsFolder, PEERS } from "./environments.ts";
import { environmentPython } from "./python.ts";

const asked = process.argv.slice(2);
const isName = (name: string): name is EnvironmentName => Object.hasOwn(ENVIRONMENTS, name);
const names = asked.includes("all") ? Object.keys(ENVIRONMENTS) : asked;
if (names.length === 0 || !names.every(isName)) {
  console.log(`npm run bench:peers -- NAME…|all\n\nMakes in ${environmentsFolder()} (or in ASSAY_PEERS):`);
  for (const name of Object.keys(ENVIRONMENTS)) {
    const peers = Object.entries(PEERS).filter(([, { environment }]) => environment === name);
    console.log(`  ${name.padEnd(12)} for ${peers.map(([peer]) => peer).join(", ")}`);
  }
  process.exit(2);
}
for (const name of names.filter(isName)) {
  const python = environmentPython(name);
  if (python === null) process.exitCode = 1;
  else console.log(`${name}: ${python}`);
}
