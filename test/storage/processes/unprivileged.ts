// Opens a SQLite storage as a user without privileges and prints the error, for permissions mean nothing to root.
// Usage: node unprivileged.ts FILE
import { AssayError } from "../../../src/errors.ts";
import { sqlite } from "../../../src/storage/sql/sqlite.ts";

if (process.getuid?.() === 0) {
  process.setgid?.(65534);
  process.setuid?.(65534);
}
try {
  await sqlite(String(process.argv[2])).listStudies();
  console.log("opened");
} catch (error) {
  console.log(error instanceof AssayError ? `${error.code}: ${error.message}` : error);
}
