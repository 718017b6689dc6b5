/**
 * One real peer in a process of its own, run by Node: `node peer.mjs FOLDER ROLE CONFIG`.
 *
 * FOLDER holds the packages (see installation.ts), CONFIG is JSON. Prints one line of JSON once the
 * peer answers, and ends, with what it started, when its standard input does: then whoever started it
 * has ended, in whatever way.
 */
import { spawn } from "node:child_process";
import { setDefaultResultOrder } from "node:dns";
import { chown, mkdir, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import process from "node:process";
import { pathToFileURL } from "node:url";

const [, , folder, role, config] = process.argv;
const ROLES = { postgres, plc, pds, appview };
const HOST = "127.0.0.1";

setDefaultResultOrder("ipv4first");
// The peers listen on every interface, and only some can be told otherwise.
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (first, ...rest) {
  const options = typeof first === "object" ? first : { port: first };
  return listen.call(this, { ...options, host: HOST }, ...rest.filter(isFunction));
};

let stop = () => process.exit(0);

function load(name) {
  return import(pathToFileURL(`${folder}/node_modules/${name}/dist/index.js`).href);
}

function isFunction(value) {
  return typeof value === "function";
}

/** Ends the server when its standard input ends, which happens even where this process is killed. */
const DATABASE = `
"$BIN/initdb" -D "$DATA" -U peers -E UTF8 --no-locale --no-sync \\
  --auth=scram-sha-256 --pwfile="$DATA.password" || exit 1
"$BIN/postgres" -D "$DATA" -c port="$PORT" -c listen_addresses="$HOST" \\
  -c unix_socket_directories= -c fsync=off -c log_min_messages=fatal &
read -r _
kill -QUIT $!
wait
`;

/** Run a database of its own in a folder, as another user where `uid` is given. */
async function postgres({ bin, data, port, password, uid, gid }) {
  const passwordFile = `${data}.password`;
  await writeFile(passwordFile, password, { mode: 0o600 });
  await mkdir(data, { mode: 0o700 });
  const user = uid === undefined ? {} : { uid, gid };
  if (uid !== undefined) { for (const path of [data, passwordFile]) await chown(path, uid, gid); }
  const env = { PATH: process.env.PATH, BIN: bin, DATA: data, PORT: String(port), HOST };
  const stdio = ["pipe", "ignore", "inherit"];
  const shell = spawn("sh", ["-c", DATABASE], { ...user, env, cwd: "/", stdio });
  const gone = new Promise((done) => shell.on("exit", done));
  stop = async () => {
    shell.stdin.end();
    process.exit(await gone);
  };
  gone.then((status) => process.exit(status));
  while (!await answers(port)) await new Promise((done) => setTimeout(done, 50));
  await rm(passwordFile);
  return {};
}

function answers(port) {
  return new Promise((done) => {
    const socket = net.connect(port, HOST, () => done(true));
    socket.on("error", () => done(false)).on("connect", () => socket.destroy());
  });
}

/** Run a PLC directory in memory. */
async function plc({ port }) {
  const { Database, PlcServer } = (await load("@did-plc/server")).default;
  await PlcServer.create({ db: Database.mock(), port }).start();
  return {};
}

/** Run a PDS; `settings` are those of `PDS.fromEnv`. */
async function pds(settings) {
  const { TestPds, mockNetworkUtilities } = await load("@atproto/dev-env");
  mockNetworkUtilities(await TestPds.create(settings));
  return {};
}

/** Run an AppView on a database, and a feed generator that ranks posts by their likes in it. */
async function appview({ port, plcUrl, pdsPort, database }) {
  const { TestBsky, TestFeedGen, mockResolvers } = await load("@atproto/dev-env");
  const { BsyncSubscription } = await load("@atproto/bsky");
  // Mutes and preferences of signed-in readers come from bsync, which is not here.
  BsyncSubscription.prototype.start = () => {};
  const bsky = await TestBsky.create({
    port,
    plcUrl,
    pdsPort,
    repoProvider: `ws://${HOST}:${pdsPort}`,
    bsyncUrl: `http://${HOST}:9`,
    dbPostgresUrl: database,
    dbPostgresSchema: "appview",
  });
  const url = `http://localhost:${pdsPort}`;
  const cfg = { service: { publicUrl: url }, identity: { serviceHandleDomains: [".test"] } };
  for (const { idResolver } of [bsky.ctx, bsky.dataplane]) {
    mockResolvers(idResolver, { url, port: pdsPort, ctx: { cfg } });
  }
  const mostLiked = async ({ params }) => {
    const from = Number(params.cursor ?? 0);
    const rows = await bsky.db.db.selectFrom("post_agg").select("uri")
      .where("likeCount", ">", 0).orderBy("likeCount", "desc").orderBy("uri")
      .offset(from).limit(params.limit).execute();
    const next = rows.length < params.limit ? {} : { cursor: String(from + rows.length) };
    return {
      encoding: "application/json",
      body: { feed: rows.map(({ uri }) => ({ post: uri })), ...next },
    };
  };
  const feeds = new Proxy({}, {
    get: (_, uri) => String(uri).endsWith("/app.bsky.feed.generator/most-liked") && mostLiked,
  });
  const generator = await TestFeedGen.create(plcUrl, feeds);
  return { feedGenerator: generator.did };
}

process.stdin.on("end", () => stop()).resume();
const ready = await ROLES[role](JSON.parse(config));
process.stdout.write(`${JSON.stringify(ready)}\n`);
