/**
 * Records what a real PDS sends, as the fixtures that the default tests read.
 *
 * `deno run --allow-all tests/peers/record.ts`
 */
import { FIXTURES, writeFrames } from "../recorded_frames.ts";
import { Author, moderate } from "./author.ts";
import { publishKinds } from "./kinds.ts";
import { startNetwork } from "./network.ts";

await using network = await startNetwork({ appview: false });
const frames: Uint8Array[] = [];
const socket = new WebSocket(`${network.relay}/xrpc/com.atproto.sync.subscribeRepos?cursor=0`);
socket.binaryType = "arraybuffer";
socket.onmessage = ({ data }) => frames.push(new Uint8Array(data));
await new Promise((done, fail) => {
  socket.onopen = done;
  socket.onerror = fail;
});

const lines: unknown[] = [];
const create = (name: string) => Author.create(network.pds, name);
const [ada, ben, dora] = [await create("ada"), await create("ben"), await create("dora")];
const [eli, fay] = [await create("eli"), await create("fay")];
const note = ({ uri, cid, record }: Awaited<ReturnType<Author["post"]>>, kind: string) =>
  lines.push({ kind, uri, cid, record });

for (const { kind, ...post } of await publishKinds(ada, ben)) note(post, kind);
const edited = await ben.post({ text: "A post that its author corects." });
note(edited, "before its correction");
note(await ben.update(edited, { text: "A post that its author corrects." }), "corrected");
const short = await ben.post({ text: "A post that its author deletes." });
note(short, "deleted later");
await ada.like(short);
await ben.delete(short);
lines.push({ deleted: short.uri });
for (const author of [dora, eli, fay]) note(await author.post({ text: "A last post." }), "last");
await dora.deactivate();
lines.push({ did: dora.did, status: "deactivated" });
await moderate(network.pds, eli.did, "delete");
lines.push({ did: eli.did, status: "deleted" });
await moderate(network.pds, fay.did, "take down");
lines.push({ did: fay.did, status: "takendown" });
const last = await ada.post({ text: "The end of the recording." });
note(last, "the end");

const end = new TextEncoder().encode("The end of the recording.");
while (!frames.some((frame) => includes(frame, end))) {
  await new Promise((done) => setTimeout(done, 50));
}
socket.close();
writeFrames(new URL("real_pds.frames", FIXTURES), frames);
const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
await Deno.writeTextFile(new URL("real_pds.jsonl", FIXTURES), text);
console.log(
  `${frames.length} frames, ${frames.reduce((sum, { length }) => sum + length, 0)} bytes`,
);

function includes(bytes: Uint8Array, part: Uint8Array): boolean {
  return bytes.toHex().includes(part.toHex());
}
