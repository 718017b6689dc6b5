/** Where a PostgreSQL server is on this machine, and as whom it may run. */
import { join } from "node:path";

const DEBIAN = "/usr/lib/postgresql";

/** Give what the peer `postgres` needs to run in a folder, and the URL of its database. */
export async function postgresConfig(
  port: number,
  data: string,
): Promise<{ config: Record<string, unknown>; url: string }> {
  const password = crypto.randomUUID();
  // PostgreSQL refuses to run as root.
  const user = Deno.uid() === 0 ? await postgresUser() : {};
  return {
    config: { bin: binaries(), data, port, password, ...user },
    url: `postgresql://peers:${password}@127.0.0.1:${port}/postgres`,
  };
}

function binaries(): string {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  try {
    const versions = [...Deno.readDirSync(DEBIAN)].map(({ name }) => name);
    versions.sort((a, b) => Number(b) - Number(a));
    folders.unshift(...versions.map((version) => join(DEBIAN, version, "bin")));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const found = folders.find((folder) => isFile(join(folder, "initdb")));
  if (found === undefined) {
    throw new Error("Cannot start PostgreSQL: there is no initdb (Debian: apt install postgresql)");
  }
  return found;
}

async function postgresUser(): Promise<{ uid: number; gid: number }> {
  const line = (await Deno.readTextFile("/etc/passwd")).split("\n")
    .find((line) => line.startsWith("postgres:"));
  const [, , uid, gid] = line?.split(":") ?? [];
  if (uid === undefined) {
    throw new Error("Cannot start PostgreSQL: it must not run as root, and no user is postgres");
  }
  return { uid: Number(uid), gid: Number(gid) };
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
