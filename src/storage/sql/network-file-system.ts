/**
 * Whether a folder lies on a file system that other machines may use too. SQLite's log ahead needs memory that all who have the file
 * open share, and locks that hold; network file systems give neither between machines, and some not even on one, so that a file is
 * damaged without an error. Linux tells by the magic number of statfs(2), and of FUSE by the mount's type; Windows by the path.
 */
import { readFileSync, statfsSync } from "node:fs";

/** See linux/magic.h and the file systems' own headers. */
const MAGIC: Readonly<Record<number, string>> = {
  26985: "NFS",
  20859: "SMB",
  4283649346: "CIFS",
  4266872130: "SMB 2",
  22092: "NCP",
  1397113167: "AFS",
  1799439955: "AFS",
  1937076805: "Coda",
  12805120: "Ceph",
  198183888: "Lustre",
  1196443219: "GPFS",
  428016422: "BeeGFS",
  18225520: "GFS2",
  1952539503: "OCFS2",
  2866260714: "PanFS",
  16914839: "9p",
  2020557398: "a virtual machine's shared folder (vboxsf)",
  3133910204: "a virtual machine's shared folder (vmhgfs)",
};
const FUSE = 0x65735546;
/** Types of FUSE mounts behind which there is a network or a host; others, such as an encrypted folder's, are local. */
const REMOTE_FUSE =
  /^(?:virtiofs|fuse\.(?:sshfs|glusterfs|ceph\S*|cephfs|rclone|s3fs|s3ql|gcsfuse|goofys|mount-s3|blobfuse2?|davfs2?|curlftpfs|smbnetfs|juicefs|JuiceFS|seaweedfs|moosefs|mfs\S*|lizardfs|beegfs\S*|vmhgfs-fuse|grpcfuse|osxfs|google-drive-ocamlfuse|onedriver|alluxio\S*|hdfs\S*|httpfs\S*))$/;

/** What is known of a folder's file system. */
export interface FileSystemProbe {
  /** The magic number, or undefined where the system has none. */
  magic(folder: string): number | undefined;
  /** The text of /proc/self/mountinfo. */
  mounts(): string;
}

/** The name of the network file system that a folder lies on; undefined where it is none, or nobody knows. */
export function networkFileSystem(folder: string, probe: FileSystemProbe = SYSTEM): string | undefined {
  if (/^\\\\(?![?.]\\[a-z]:)/i.test(folder)) return "a network share";
  const magic = probe.magic(folder);
  if (magic === undefined) return undefined;
  if (magic !== FUSE) return MAGIC[magic];
  const type = mountType(folder, probe.mounts());
  return type !== undefined && REMOTE_FUSE.test(type) ? type : undefined;
}

const SYSTEM: FileSystemProbe = {
  magic: (folder) =>
    attempt(() =>
      process.platform === "linux" ? Number(BigInt.asUintN(32, BigInt(statfsSync(folder).type))) : undefined,
    ),
  mounts,
};

/** The mounts that this process sees; "" where the system does not tell. */
export function mounts(): string {
  return attempt(() => readFileSync("/proc/self/mountinfo", "utf8")) ?? "";
}

/** The type of the mount that has the folder: the longest mount point above it, of equals the last. See proc_pid_mountinfo(5). */
function mountType(folder: string, mounts: string): string | undefined {
  let best = { point: "", type: undefined as string | undefined };
  for (const line of mounts.split("\n")) {
    const [mount = "", source = ""] = line.split(" - ");
    const point = mount.split(" ")[4]?.replaceAll(/\\(\d{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
    if (point === undefined || point.length < best.point.length) continue;
    if (folder === point || folder.startsWith(point.endsWith("/") ? point : `${point}/`)) {
      best = { point, type: source.split(" ")[0] };
    }
  }
  return best.type;
}

function attempt<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}
