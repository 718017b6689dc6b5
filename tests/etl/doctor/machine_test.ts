/** What the doctor says of the machine and the place of the data. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { clockByFiles } from "../../../etl/doctor/clock.ts";
import { denoDirectory, denoDirOf } from "../../../etl/doctor/deno_dir.ts";
import { denoVersion, packages } from "../../../etl/doctor/packages.ts";
import { measureGrowth } from "../../../etl/doctor/disk_space.ts";
import { fileSystem, secretFiles } from "../../../etl/doctor/file_system.ts";
import { mountOf, parseMounts, readMounts } from "../../../etl/doctor/mount.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { withData } from "../../rows.ts";
import { ROOT } from "../../task.ts";
import { aged, examined, levels } from "./patient.ts";

const DAY_MS = 86_400_000;
const MOUNTS = String.raw`22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
40 27 0:40 / /home rw,nosuid shared:2 master:1 - autofs systemd-1 rw
41 27 0:41 / /home rw,nosuid shared:3 - nfs4 server:/home rw,vers=4.2,soft
42 27 0:42 / /project/my\040study rw - lustre 10.0.0.1@o2ib:/fs rw
43 27 0:43 / /mnt/bucket rw - fuse.rclone remote: rw,user_id=0
44 27 0:44 / /mnt/odd rw - fuse.oddfs odd rw
`;

function daysAgo(days: number): string {
  return new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);
}

Deno.test("the Deno that package.json names is fine, a newer one noted, an older one and another major warned of", async () => {
  const { engines: { deno } } = JSON.parse(await Deno.readTextFile(join(ROOT, "package.json")));
  assert.equal((await denoVersion(ROOT, deno)).level, "ok");
  for (
    const [version, level] of [["2.10.0", "note"], ["2.8.31", "warning"], ["3.0.0", "problem"]]
  ) {
    const found = await denoVersion(ROOT, version);
    assert.equal(found.level, level, version);
    assert.match(found.remedy!, new RegExp(`deno upgrade ${deno}`));
  }
});

Deno.test("packages agree with the lock, and one that is not locked, held or fetched is named", () =>
  withData(async (folder) => {
    assert.deepEqual(levels(await packages(ROOT, undefined)), ["ok"]);
    for (const name of ["deno.json", "package.json", "deno.lock"]) {
      await Deno.copyFile(join(ROOT, name), join(folder, name));
    }
    const edit = async (name: string, from: string, to: string) => {
      const text = await Deno.readTextFile(join(folder, name));
      assert.ok(text.includes(from));
      await Deno.writeTextFile(join(folder, name), text.replace(from, to));
    };
    await edit("deno.json", "npm:zod@4.6.7", "npm:zod@4.9.9");
    await edit("package.json", '"@uwdata/flechette": "2.6.0"', '"@uwdata/flechette": "2.5.0"');
    const [unheld] = await packages(folder, undefined);
    assert.equal(unheld!.level, "warning");
    assert.match(unheld!.found, /does not hold @uwdata\/flechette, zod@4\.9\.9 /);
    const cache = join(folder, "cache");
    await Deno.mkdir(join(cache, "npm", "registry.example", "@atproto", "api", "0.21.0"), {
      recursive: true,
    });
    const [, missing] = await packages(folder, cache);
    assert.equal(missing!.level, "note");
    assert.match(missing!.found, /arquero@8\.0\.3/);
    assert.doesNotMatch(missing!.found, /@atproto\/api/);
  }));

Deno.test("the newest mount over a path is found, whatever stands in its name", () => {
  const mounts = parseMounts(MOUNTS);
  const type = (path: string) => mountOf(path, mounts)?.type;
  assert.deepEqual(
    ["/home/ada/x", "/homely", "/project/my study/data", "/project", "/mnt/bucket"].map(type),
    ["nfs4", "ext4", "lustre", "ext4", "fuse.rclone"],
  );
  if (Deno.build.os === "linux") assert.ok(mountOf("/proc/self", readMounts()!)?.type === "proc");
});

Deno.test("a data folder is judged by its file system: local fine, cluster noted, soft and object stores warned of", () =>
  withData(async (data) => {
    const path = await Deno.realPath(data);
    const cases: [type: string, options: string[], expected: string[], found: RegExp][] = [
      ["ext4", [], [], /^$/],
      ["nfs4", ["hard"], ["note"], /shared by NFS/],
      ["nfs", ["soft"], ["note", "warning"], /mounted soft/],
      ["lustre", [], ["note"], /a cluster's/],
      ["fuse.glusterfs", [], ["note"], /a cluster's/],
      ["cifs", [], ["warning"], /a Windows share/],
      ["fuse.rclone", [], ["warning"], /an object store/],
      ["fuse.sshfs", [], ["warning"], /locks and syncs may not work/],
      ["fuse.oddfs", [], ["note"], /civicsky does not know/],
    ];
    for (const [type, options, expected, found] of cases) {
      const all = await examined(data, fileSystem, { mounts: [{ path, type, options }] });
      // Where tests lie is one for temporary files itself.
      const ofType = all.filter((it) => it.level !== "ok" && !/temporary files/.test(it.found));
      assert.deepEqual(levels(ofType), expected, type);
      assert.match(ofType.at(-1)?.found ?? "", found);
    }
    const scratch = join(data, "scratch", "ada");
    await Deno.mkdir(scratch, { recursive: true });
    const found = await examined(scratch, fileSystem, { mounts: [] });
    assert.match(found[0]!.found, /often deleted automatically/);
  }));

Deno.test("growth is the mean of the days with data before today, of a week at most", () =>
  withData(async (data) => {
    const paths = new DataPaths(data);
    await aged(paths.posts("2026-06-10"), 0, "x".repeat(9999));
    await aged(paths.posts("2026-06-09"), 0, "x".repeat(300));
    await aged(paths.rawPart("jetstream", "2026-06-09", "a"), 0, "x".repeat(100));
    await aged(paths.posts("2026-06-03"), 0, "x".repeat(100));
    await aged(paths.posts("2026-06-02"), 0, "x".repeat(9999));
    assert.deepEqual(await measureGrowth(paths.everyFile(), "2026-06-10"), {
      bytes: 250,
      files: 1.5,
      days: 2,
    });
    assert.equal(await measureGrowth(paths.everyFile(), "2026-07-10"), undefined);
  }));

Deno.test("a file from the future shows that a clock is wrong", () =>
  withData(async (data) => {
    const path = new DataPaths(data).posts(daysAgo(0));
    await aged(path, 0);
    const ofFiles = (findings: { found: string }[]) =>
      findings.filter(({ found }) => found.includes(path));
    assert.deepEqual(ofFiles(await examined(data, clockByFiles)), []);
    await aged(path, -1);
    const [found] = ofFiles(await examined(data, clockByFiles));
    assert.match(found!.found, /was changed 60 min from now$/);
  }));

Deno.test("Deno's packages in a small or shared home folder belong elsewhere", () =>
  withData(async (data) => {
    const root = await Deno.realPath(data);
    const home = join(root, "home");
    const denoDir = join(home, ".cache", "deno");
    await Deno.mkdir(home);
    assert.equal(denoDirOf((name) => name === "DENO_DIR" ? "/d" : "/h"), "/d");
    if (Deno.build.os === "linux") {
      assert.equal(denoDirOf((name) => name === "HOME" ? "/h" : undefined), "/h/.cache/deno");
    }
    const at = (type: string) => ({ home, denoDir, mounts: [{ path: root, type, options: [] }] });
    const [shared] = await examined(data, denoDirectory, at("nfs4"));
    assert.equal(shared!.level, "warning");
    assert.match(shared!.found, /home folder .* lies on nfs4/);
    assert.match(shared!.remedy!, /export DENO_DIR=/);
    const elsewhere = { ...at("nfs4"), home: join(root, "other") };
    assert.deepEqual(levels(await examined(data, denoDirectory, elsewhere)), ["ok"]);
  }));

Deno.test({
  name: "a file of keys that others can read is named with the command that closes it",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withData(async (data) => {
      const env = join(data, ".env");
      const session = new DataPaths(data).session();
      await Deno.writeTextFile(env, "GROQ_API_KEY=secret\n", { mode: 0o600 });
      await Deno.writeTextFile(session, "{}", { mode: 0o600 });
      const look = () => examined(data, secretFiles, { root: data });
      assert.deepEqual(levels(await look()), ["ok"]);
      await Deno.chmod(env, 0o644);
      await Deno.chmod(session, 0o640);
      const found = await look();
      assert.deepEqual(found.map(({ remedy }) => remedy), [
        `chmod 600 ${env}`,
        `chmod 600 ${session}`,
      ]);
      assert.match(found[0]!.found, /mode 644/);
      assert.doesNotMatch(JSON.stringify(found), /secret\\n|=secret/);
    }),
});
