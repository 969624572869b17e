/** The options of the commands that look at studies and mend them. */
import { type Command, Option } from "commander";
import { storageOption } from "./declare-storage.ts";
import type { DoctorOptions } from "./doctor.ts";
import { positive } from "./parse.ts";
import type { RepairOptions } from "./repair.ts";
import type { StudyDeleteOptions } from "./study-delete.ts";
import type { StudyExportOptions } from "./study-export.ts";
import type { StudyImportOptions } from "./study-import.ts";
import type { StudyShowOptions } from "./study-show.ts";
import type { SweepOptions } from "./sweep.ts";
import type { WatchOptions } from "./watch.ts";
import type { StorageOptions } from "./with-storage.ts";
import type { WorkersOptions } from "./workers.ts";

const EXIT_CODES = `
Exit codes:
  0  done
  1  the storage cannot be used
  2  wrong usage, or no such study or file
`;

const WORKERS_HELP = `
A worker renews the lease of its trial four times before it would run out; one
that has run out belongs to a worker that is gone or cut off. Workers of
\`assay worker\` are shown by name, others by process and machine.

Examples:
  assay workers --storage postgres://ada@db/studies
  assay workers --study kiln --json
${EXIT_CODES}`;

const WATCH_HELP = `
On a terminal one region is redrawn below the lines of trials that ended;
elsewhere, or with --json, every event is a line. It ends when the study's
budget is used up and all its trials have ended, or by Ctrl-C, which disturbs no
worker.

Examples:
  assay watch --storage postgres://ada@db/studies --study kiln
  assay watch --study kiln --once
${EXIT_CODES}`;

const DOCTOR_HELP = `
A SQLite file: permissions, file system, disk space, integrity, schema, log,
locks, clock, leases. A PostgreSQL database: version, settings that keep what is
acknowledged, connections, encryption, clock, permissions, schema, integrity,
waits, leases. It changes nothing. A note is worth knowing; what is WRONG puts
results or their safety at stake.

Examples:
  assay doctor --storage studies.db
  assay doctor --storage postgres://ada@db/studies --json

Exit codes:
  0  nothing is wrong
  1  something is, or the storage cannot be reached
  2  wrong usage, or no such file
`;

const SWEEP_HELP = `
Every worker sweeps by itself. By hand it is for when there is none: the trials
are seen to wait, and to be nobody's.

Examples:
  assay sweep --storage studies.db
${EXIT_CODES}`;

const REPAIR_HELP = `
The damaged file stays as it is. Look at \`assay doctor\` first, and stop
all workers that use the file.

Examples:
  assay repair --storage studies.db
  assay repair --storage studies.db --out saved.db --json

Exit codes:
  0  all studies and trials could be read
  1  some are lost, which the output tells, or nothing could be read
  2  wrong usage
`;

const STUDY_HELP = `
Examples:
  assay study list --storage postgres://ada@db/studies
  assay study show kiln --json
  assay study export kiln --out kiln.jsonl
  assay study import kiln.jsonl --storage postgres://ada@db/studies --as other
  assay study export kiln --format csv > kiln.csv
  assay study import optuna.db --from optuna --optuna-study kiln
  assay study delete kiln --confirm kiln
${EXIT_CODES}`;

export function declareStudies(program: Command): void {
  looking(program.command("workers"), "who runs what now, and the age of each lease")
    .option("--study <name>", "only this study")
    .addHelpText("after", WORKERS_HELP)
    .action(async (options: WorkersOptions) => (await import("./workers.ts")).workers(options));

  looking(program.command("sweep"), "put trials back in line whose workers are gone")
    .option("--study <name>", "only this study")
    .addHelpText("after", SWEEP_HELP)
    .action(async (options: SweepOptions) => (await import("./sweep.ts")).sweep(options));

  looking(program.command("watch"), "a study as it goes on, whoever works on it")
    .option("--study <name>", "the study's name", "default")
    .option("--interval <seconds>", "between two looks", positive, 1)
    .option("--once", "show it once and end", false)
    .addHelpText("after", WATCH_HELP)
    .action(async (options: WatchOptions) => (await import("./watch.ts")).watch(options));

  looking(program.command("doctor"), "whether a storage is sound and fit to be relied on, with remedies")
    .addHelpText("after", DOCTOR_HELP)
    .action(async (options: DoctorOptions) => {
      const { doctor } = await import("./doctor.ts");
      process.exitCode = await doctor(options);
    });

  looking(program.command("repair"), "save what can be read of a damaged SQLite file")
    .option("--out <file>", "the new file (default: the damaged one's name with .repaired)")
    .addHelpText("after", REPAIR_HELP)
    .action(async (options: RepairOptions) => {
      const { repairFile } = await import("./repair.ts");
      process.exitCode = await repairFile(options);
    });

  const study = program
    .command("study")
    .description("list, show, export, import and delete studies")
    .addHelpText("after", STUDY_HELP);
  looking(study.command("list"), "all studies of a storage, and how far they are").action(
    async (options: StorageOptions & { readonly json: boolean }) =>
      (await import("./study-list.ts")).studyList(options),
  );
  looking(study.command("show"), "what a study is, and its best trial")
    .argument("[name]", "the study's", "default")
    .action(async (name: string, options: StudyShowOptions) =>
      (await import("./study-show.ts")).studyShow(name, options),
    );
  study
    .command("export")
    .description("write a study as lines for `import`, or its trials as a table")
    .argument("[name]", "the study's", "default")
    .addOption(storageOption())
    .addOption(
      new Option("--format <format>", "lines, with checksums, or csv").choices(["lines", "csv"]).default("lines"),
    )
    .option("--out <file>", "in place of standard output")
    .action(async (name: string, options: StudyExportOptions) =>
      (await import("./study-export.ts")).studyExport(name, options),
    );
  study
    .command("import")
    .description("take in what `export` wrote, whole or not at all")
    .argument("<file>", "the file, or - for standard input")
    .addOption(storageOption())
    .option("--as <name>", "another name for the study")
    .addOption(new Option("--from <program>", "whose file it is").choices(["assay", "optuna"]).default("assay"))
    .option("--optuna-study <name>", "which study of a file of Optuna's (SQLite or journal)")
    .action(async (file: string, options: StudyImportOptions) =>
      (await import("./study-import.ts")).studyImport(file, options),
    );
  study
    .command("delete")
    .description("remove a study with all its trials, for ever")
    .argument("<name>", "the study's")
    .addOption(storageOption())
    .option("--confirm <name>", "its name again, where nobody can be asked")
    .action(async (name: string, options: StudyDeleteOptions) =>
      (await import("./study-delete.ts")).studyDelete(name, options),
    );
}

function looking(command: Command, description: string): Command {
  return command.description(description).addOption(storageOption()).option("--json", "print JSON lines", false);
}
