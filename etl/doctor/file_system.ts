import { isWritable } from "../run/process.ts";
import { type Examination, standingFolder } from "./examination.ts";
import { type Finding, note, ok, problem, warning } from "./finding.ts";
import { type Mount, mountOf } from "./mount.ts";
import { join } from "node:path";
import { ifThere } from "../store/if_there.ts";

/** Facts about a kind of file system for data. */
interface Kind {
  types: RegExp;
  level: "note" | "warning";
  /** Ends a sentence that begins with the folder and the type. */
  found: string;
  remedy: string;
}

const LOCAL_DISK = "Keep the data on a local disk or in the cluster's project space, and copy it";

/**
 * Locks are files made with an exclusive create; journals are appended to and synced; tables are
 * written beside their place and renamed. The first kind that fits counts.
 */
const KINDS: Kind[] = [{
  types: /^nfs4?$/,
  level: "note",
  found: "is shared by NFS: locks, journals and renames work there",
  remedy: "Synchronise the clocks of all machines that use it by NTP: locks of another machine " +
    "count as dead five minutes after their last sign of life; start runs on one machine where you can",
}, {
  types:
    /^(lustre|gpfs|beegfs|ceph|panfs|orangefs|pvfs2|glusterfs|wekafs|fuse\.(ceph|ceph-fuse|glusterfs|beegfs|juicefs|mfs|moosefs|lustre))$/,
  level: "note",
  found: "is a cluster's: locks, journals and renames work there",
  remedy: "Synchronise the clocks of the nodes by NTP; many small files are slow there, and " +
    "counted by quotas",
}, {
  types: /^(cifs|smb3|smbfs|fuse\.smbnetfs)$/,
  level: "warning",
  found: "is a Windows share: an open file cannot be replaced there, and the permissions " +
    "of secret files have no effect",
  remedy: LOCAL_DISK,
}, {
  types:
    /^fuse\.(s3fs|s3ql|gcsfuse|rclone|goofys|mount-s3|mountpoint-s3|blobfuse2?|geesefs|onedriver|google-drive-ocamlfuse|dropbox)$/,
  level: "warning",
  found: "lies on an object store, which has no append and no atomic rename: journals " +
    "and locks do not work",
  remedy: LOCAL_DISK,
}, {
  types: /^(fuse\.sshfs|afs|9p|drvfs|virtiofs|vboxsf|prl_fs|fuse\.(vmhgfs-fuse|grpcfuse|osxfs))$/,
  level: "warning",
  found: "is another machine's, shared by a file system on which locks and syncs may not work",
  remedy: LOCAL_DISK,
}, {
  types: /^(tmpfs|ramfs)$/,
  level: "warning",
  found: "lies in memory, and is gone when the machine restarts",
  remedy: "Name a folder on a disk with CIVICSKY_DATA",
}, {
  types: /^(overlay|aufs|fuse\.fuse-overlayfs)$/,
  level: "note",
  found: "lies in a container, and is gone with it",
  remedy: "Mount a volume for the data, unless the container stays",
}, {
  types: /^(vfat|msdos|exfat)$/,
  level: "warning",
  found:
    "has no permissions and no journal: a power cut may cost files, and secret files are open to all",
  remedy: LOCAL_DISK,
}];

const NETWORK =
  /^(nfs4?|cifs|smb3|smbfs|afs|lustre|gpfs|beegfs|ceph|panfs|glusterfs|wekafs|9p|fuse\.(?!(fuse-overlayfs|mergerfs|gocryptfs|encfs|bindfs|portal)).*)$/;

/** Is a file system another machine's? */
export function isNetwork(type: string): boolean {
  return NETWORK.test(type);
}

/** Say what to watch out for on the file system of the data folder. */
export async function fileSystem({ paths, mounts }: Examination): Promise<Finding[]> {
  const folder = await standingFolder(paths.root);
  const mount = mounts && mountOf(folder, mounts);
  const findings = mount === undefined ? [] : ofMount(paths.root, mount);
  if (/\/(scratch\d*|tmp)(\/|$)/i.test(folder)) {
    findings.push(warning(
      `the data folder ${paths.root} looks like one for temporary files, which are often deleted automatically`,
      "Ask how long files stay there, or name a folder in project space with CIVICSKY_DATA",
    ));
  }
  if (isWritable(folder) === false) {
    findings.push(problem(
      `the data folder ${paths.root} cannot be written to`,
      mount?.options.includes("ro")
        ? "Its file system is mounted read-only: mount it writable, or name " +
          "another folder with CIVICSKY_DATA"
        : "Give the user that runs the tasks the right to write there",
    ));
  }
  return findings.length > 0
    ? findings
    : [ok(`the data folder lies on ${mount?.type ?? "a disk"}`)];
}

function ofMount(root: string, { type, options }: Mount): Finding[] {
  const findings: Finding[] = [];
  const kind = KINDS.find(({ types }) => types.test(type));
  if (kind !== undefined) {
    const say = kind.level === "note" ? note : warning;
    findings.push(say(`the data folder ${root} (${type}) ${kind.found}`, kind.remedy));
  } else if (type.startsWith("fuse.")) {
    findings.push(note(
      `the data folder ${root} lies on ${type}, which civicsky does not know`,
      "Make sure that files can be appended to, synced, renamed and created exclusively there",
    ));
  }
  if (/^nfs/.test(type) && options.includes("soft")) {
    findings.push(warning(
      "the data folder is mounted soft: a slow server makes writes fail",
      "Mount it hard, so that writes wait for the server; nothing that was synced is lost meanwhile",
    ));
  }
  return findings;
}

const OF_OTHERS = 0o077;

/** See whether files with keys and tokens can be read by others. */
export async function secretFiles({ root, paths }: Examination): Promise<Finding[]> {
  const files = [join(root, ".env"), paths.session(), paths.hashKey()];
  const findings: Finding[] = [];
  for (const path of files) {
    const mode = (await ifThere(() => Deno.stat(path)))?.mode ?? undefined;
    if (mode === undefined || (mode & OF_OTHERS) === 0) continue;
    findings.push(warning(
      `${path} is open to other users of this machine (mode ${(mode & 0o777).toString(8)})`,
      `chmod 600 ${path}`,
    ));
  }
  return findings.length > 0 ? findings : [ok("keys and tokens are closed to others")];
}
