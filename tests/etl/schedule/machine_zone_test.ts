import assert from "node:assert/strict";
import { machineZone } from "../../../etl/schedule/machine_zone.ts";
import { withData } from "../../rows.ts";

const RUNTIME = Intl.DateTimeFormat().resolvedOptions().timeZone;

Deno.test("the zone of the machine is where its link leads, then what its file says, then the runtime's", () =>
  withData(async (folder) => {
    const link = `${folder}/localtime`;
    const file = `${folder}/timezone`;
    const leadTo = async (target: string) => {
      await Deno.remove(link).catch(() => {});
      await Deno.symlink(target, link);
    };
    await Deno.writeTextFile(file, "Asia/Kathmandu\n");
    await leadTo("/nowhere/zoneinfo/Europe/Berlin");
    assert.equal(
      machineZone(link, file),
      "Asia/Kathmandu",
      "a link to what is not there says nothing",
    );
    const zone = `${folder}/zoneinfo/posix/America/Argentina`;
    await Deno.mkdir(zone, { recursive: true });
    await Deno.writeTextFile(`${zone}/Ushuaia`, "");
    await leadTo(`${zone}/Ushuaia`);
    assert.equal(machineZone(link, file), "America/Argentina/Ushuaia");
    await Deno.symlink(link, `${folder}/second`);
    assert.equal(machineZone(`${folder}/second`, file), "America/Argentina/Ushuaia");
    await Deno.writeTextFile(`${folder}/copy`, "TZif2");
    assert.equal(machineZone(`${folder}/copy`, file), "Asia/Kathmandu");
    await Deno.writeTextFile(file, "Nowhere/Land\n");
    assert.equal(machineZone(`${folder}/copy`, file), RUNTIME);
    assert.equal(machineZone(`${folder}/none`, `${folder}/none`), RUNTIME);
  }));
