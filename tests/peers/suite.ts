/** `sync:firehose`, `sync:most-liked` and `preprocess` against a real PDS and AppView on loopback. */
import { Author } from "./author.ts";
import { killedRunsLoseNothing } from "./crashes.ts";
import { deletedMeansDeleted } from "./deletions.ts";
import { mostLikedFeedLands } from "./feeds.ts";
import { startNetwork } from "./network.ts";
import { recheckFindsWhatIsGone } from "./rechecks.ts";
import { everyKindLands } from "./posts.ts";
import { listenOnLoopback } from "./loopback.ts";
import { cursorsAreRefused } from "./refusals.ts";
import { restartedPdsLosesNothing } from "./restarts.ts";

Deno.test("a real PDS and AppView", async (t) => {
  await using network = await startNetwork({ appview: true });
  const authors: Author[] = [];
  for (const name of ["ada", "ben", "cem"]) authors.push(await Author.create(network.pds, name));
  const [ada, ben] = authors as [Author, Author];
  let posts: Awaited<ReturnType<typeof killedRunsLoseNothing>> = [];

  await t.step(
    "the peers can be reached from this machine alone",
    () => listenOnLoopback(network.pids()),
  );
  await t.step(
    "posts of every kind land as they were published",
    () => everyKindLands(network, ada, ben),
  );
  await t.step("what is deleted leaves every table", () => deletedMeansDeleted(network, ada));
  await t.step("runs that are killed lose nothing and land nothing twice", async () => {
    posts = await killedRunsLoseNothing(network, authors);
  });
  await t.step(
    "a PDS that crashes under a run costs nothing",
    () => restartedPdsLosesNothing(network, ada),
  );
  await t.step(
    "the feed of the most-liked posts lands with its counts",
    () => mostLikedFeedLands(network, authors, posts),
  );
  await t.step(
    "a recheck finds what was taken back while nobody collected",
    () => recheckFindsWhatIsGone(network, ada),
  );
  await t.step(
    "a cursor that is too old or in the future is answered as it should be",
    () => cursorsAreRefused(network, ada),
  );
});
