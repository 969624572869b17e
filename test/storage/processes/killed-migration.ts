// Opens the SQLite file of the first argument and dies at the statement of its migration that the second one counts.
import { sqlite } from "../../../src/storage/sql/sqlite.ts";
import { struckAt } from "../struck-driver.ts";

const [file = "", at] = process.argv.slice(2);
const open = struckAt(Number(at), () => process.kill(process.pid, "SIGKILL"));
await sqlite(file, { open }).listStudies();
