/** Milliseconds of the processor that this process has taken since, all its threads: what a call costs whatever else the machine does. */
export function cpuMsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}
