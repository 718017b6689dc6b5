import assert from "node:assert/strict";
import { changeCrontab } from "../../../etl/schedule/crontab.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { withData } from "../../rows.ts";
import { FakeCrontab } from "./fake_crontab.ts";

const LINE = new TextEncoder().encode("5 * * * * x\n");

interface User {
  crontab: FakeCrontab;
  backups(): string[];
  change(
    after: Uint8Array | ((before: Uint8Array) => Uint8Array),
  ): ReturnType<typeof changeCrontab>;
}

function withUser(test: (user: User) => Promise<void>): Promise<void> {
  return withData(async (folder) => {
    const paths = new DataPaths(`${folder}/data`);
    const crontab = await FakeCrontab.install(`${folder}/bin`);
    const change: User["change"] = (after) =>
      changeCrontab(paths, typeof after === "function" ? after : () => after, crontab.program);
    const backups = () => {
      try {
        return [...Deno.readDirSync(`${paths.root}/crontabs`)].map(({ name }) => name);
      } catch {
        return [];
      }
    };
    await test({ crontab, backups, change });
  });
}

Deno.test("a crontab is changed as bytes, and kept before in a file for its owner alone", () =>
  withUser(async ({ crontab, change }) => {
    // # é in Latin-1, a byte of no encoding, \r and \n, both also written out.
    const bytes = new Uint8Array([35, 0xe9, 0xff, 92, 114, 92, 110, 13, 10]);
    await crontab.write(bytes);
    const { before, is_changed, backup } = await change((before) =>
      new Uint8Array([...before, ...LINE])
    );
    assert.deepEqual([before, is_changed], [bytes, true]);
    assert.deepEqual(await crontab.read(), new Uint8Array([...bytes, ...LINE]));
    assert.deepEqual(await Deno.readFile(backup!), bytes);
    assert.equal((await Deno.stat(backup!)).mode! & 0o777, 0o600);
  }));

Deno.test("who had no crontab has none when nothing is left in it, and what is the same is not written", () =>
  withUser(async ({ crontab, backups, change }) => {
    assert.deepEqual((await change((before) => before)).is_changed, false);
    assert.deepEqual(await change(LINE), {
      before: new Uint8Array(),
      is_changed: true,
      backup: null,
    });
    assert.equal((await change(LINE)).is_changed, false);
    assert.equal(await crontab.text(), "5 * * * * x\n");
    assert.equal((await change(new Uint8Array())).is_changed, true);
    assert.equal(await crontab.read(), undefined);
    const written = (await crontab.calls()).filter((call) => call !== "-l");
    assert.deepEqual([written, backups().length], [["-", "-r"], 1]);
  }));

Deno.test("a crontab that is refused stays as it is, and the error says what crontab said", () =>
  withUser(async ({ crontab, change }) => {
    await crontab.write(LINE);
    for (const bad of ["99 99 * *\n", "5 * * * * x"]) {
      await assert.rejects(
        change(new TextEncoder().encode(bad)),
        /^UserError: Cannot change the crontab: crontab said: .+can't install\.$/,
      );
      assert.deepEqual(await crontab.read(), LINE);
    }
    await crontab.refuse("You (ada) are not allowed to use this program (crontab)\n");
    await assert.rejects(change(new Uint8Array()), (error: { remedy: string; message: string }) => {
      assert.match(error.message, /not allowed to use this program/);
      assert.match(
        error.remedy,
        /^Ask the administrator of this machine for cron\. Else: .*--scrontab/,
      );
      return true;
    });
    await crontab.refuse("crontab: can't open your crontab file: I/O error\n");
    await assert.rejects(change(LINE), /I\/O error/, "to read nothing is not to have none");
  }));

Deno.test("a crontab that somebody else changes meanwhile is left to them", () =>
  withUser(async ({ crontab, change }) => {
    await crontab.write(LINE);
    const theirs = new TextEncoder().encode("# theirs\n");
    const changing = change(() => {
      Deno.writeFileSync(`${crontab.program.replace(/crontab$/, "store")}`, theirs);
      return new Uint8Array();
    });
    await assert.rejects(changing, /another process changed it at the same time/);
    assert.deepEqual(await crontab.read(), theirs);
  }));

Deno.test("a machine without cron is said so, with what to do instead", () =>
  withData(async (folder) => {
    const change = changeCrontab(new DataPaths(folder), () => LINE, `${folder}/crontab`);
    await assert.rejects(change, (error: { remedy: string; message: string }) => {
      assert.equal(error.message, "Cannot change the crontab: this machine has no command crontab");
      assert.match(error.remedy, /^Install cron .*--scrontab.*systemd timers or launchd/);
      return true;
    });
  }));
