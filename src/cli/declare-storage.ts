/** The option that all commands have that use a storage. */
import { Option } from "commander";

export function storageOption(): Option {
  return new Option("--storage <place>", "a SQLite file, or postgres://USER@HOST/DATABASE")
    .env("ASSAY_STORAGE")
    .default("assay.db");
}
