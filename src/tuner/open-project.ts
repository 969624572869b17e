/** Opens the project that a tuner's options name; what needs Node is loaded only for a project that lies in a directory. */
import { memoryProject, type Project } from "./project.ts";
import { PROJECT_NAME, type TunerOptions } from "./tuner-options.ts";

/** In the options' directory, or in memory where there is none. */
export async function openProject(options: TunerOptions<unknown>): Promise<Project> {
  const { directory, projectName = PROJECT_NAME, overwrite = false } = options;
  if (directory === undefined) return memoryProject();
  const { projectDirectory } = await import("./project-directory.ts");
  return projectDirectory(directory, projectName, overwrite);
}
