/** Invented streams of servers whose clocks are wrong, and what reading them every ten minutes brings. */
import type { StreamDecoder } from "../../../etl/atproto/stream_decoder.ts";
import type { Account, OtherEvent } from "../../../etl/atproto/frame.ts";
import type { StreamCommit } from "../../../etl/atproto/stream_decoder.ts";
import { randomNumbers } from "../atproto/mutation.ts";

const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];
/** A gap of so few numbers is a moment. */
const MOST_SKIPPED = 8;
export const BEGINNING = Date.parse("2026-06-01T10:00:00Z");

export interface InventedEvent {
  /** When the relay sends it; known to nobody who reads it. */
  sentAt: number;
  /** The host leaves it out, and its number with it. */
  isLeftOut?: boolean;
  event: (StreamCommit & { seq: number }) | Account | OtherEvent;
}

export interface InventedStream {
  events: InventedEvent[];
  until: number;
}

interface Server {
  weight: number;
  /** What its clock is ahead of the right one, in milliseconds. */
  ahead: number;
}

/** What the streams of a kind have besides wrong clocks, lags, silences and bursts of up to 200 events. */
export interface Kind {
  /** Minutes that the host leaves out with their numbers. */
  hasGaps?: boolean;
  /** Bursts of up to 2,000 events. */
  hasLargeBursts?: boolean;
}

/** Invent a stream of some hours of a kind by its seed. */
export function inventStream(seed: number, { hasGaps, hasLargeBursts }: Kind = {}): InventedStream {
  const random = randomNumbers(seed);
  const share = () => random(1_000_000) / 1_000_000;
  const between = (low: number, high: number) => low + share() * (high - low);
  const until = BEGINNING + between(1.5, 4) * HOUR;
  const servers = inventServers(random, between);
  const perSecond = Math.exp(between(Math.log(0.1), Math.log(1.5))) * (hasLargeBursts ? 5 : 1);
  const sent: { sentAt: number; server: number; written: number }[] = [];
  const silences = Array.from({ length: random(3) }, () => {
    const from = between(BEGINNING, until);
    return { from, until: from + between(1, 20) * MINUTE };
  });
  const total = servers.reduce((sum, { weight }) => sum + weight, 0);
  for (let time = BEGINNING; time < until; time += -Math.log(1 - share()) / perSecond * SECOND) {
    if (silences.some((silence) => time >= silence.from && time < silence.until)) continue;
    let left = share() * total;
    const server = servers.findIndex(({ weight }) => (left -= weight) < 0);
    const written = time - between(0, 1500) + servers[server]!.ahead;
    sent.push({ sentAt: time, server, written });
  }
  // A server comes back and sends what it had: of the hours before, by its own clock.
  for (let bursts = random(4); bursts > 0; bursts--) {
    const sentAt = between(BEGINNING, until);
    const server = random(servers.length);
    const ahead = random(3) === 0 ? between(-DAY, DAY / 4) : servers[server]!.ahead;
    const length = 1 + random(200);
    // In the order in which it was written, or in none.
    const isInOrder = random(2) === 0;
    for (let i = 0; i < length; i++) {
      const back = isInOrder ? (1 - i / length) * 3 * HOUR : between(0, 1) * 3 * HOUR;
      const written = sentAt + ahead - (random(2) === 0 ? back : between(0, 1) * SECOND);
      sent.push({ sentAt: sentAt + i * 5, server, written });
    }
  }
  for (let bursts = hasLargeBursts ? 1 + random(2) : 0; bursts > 0; bursts--) {
    const start = between(BEGINNING, until);
    const length = 200 + random(1800);
    const spacing = [5, 100, 1000 / perSecond / 2][random(3)]!;
    const ahead = [0, between(-12 * HOUR, 0), between(0, 6 * HOUR)][random(3)]!;
    // As fast as they come, or of the hours before.
    const span = random(2) === 0 ? length * spacing : between(0, 3) * HOUR;
    for (let i = 0; i < length; i++) {
      const sentAt = start + i * spacing;
      sent.push({ sentAt, server: 0, written: sentAt + ahead - (1 - i / length) * span });
    }
  }
  sent.sort((a, b) => a.sentAt - b.sentAt);
  const events = sent.map(({ sentAt, server, written }, index): InventedEvent => {
    const head = { seq: 1000 + index, time: Math.floor(written) };
    const kind = random(10);
    const did = `did:plc:${server}x${random(30)}`;
    if (kind < 4) {
      const op = { action: "create", collection: "app.bsky.feed.post", cid: "c" } as const;
      const ops = [{ ...op, rkey: `r${index}` }];
      return { sentAt, event: { kind: "commit", ...head, did, rev: `r${index}`, ops } };
    }
    if (kind === 4) {
      return { sentAt, event: { kind: "account", ...head, did, active: true } as Account };
    }
    return { sentAt, event: { kind: "other", type: "#identity", ...head } };
  });
  for (let gaps = hasGaps ? 1 + random(2) : 0; gaps > 0; gaps--) {
    const from = between(BEGINNING, until);
    const end = from + between(1, 30) * MINUTE;
    const left = events.filter(({ sentAt }) => sentAt >= from && sentAt < end);
    // Fewer may be left out in any second.
    if (left.length > MOST_SKIPPED) { for (const event of left) event.isLeftOut = true; }
  }
  return { events, until };
}

function inventServers(
  random: (bound: number) => number,
  between: (low: number, high: number) => number,
): Server[] {
  const servers = Array.from(
    { length: 8 + random(40) },
    () => ({ weight: between(1, 10), ahead: 0 }),
  );
  const total = servers.reduce((sum, { weight }) => sum + weight, 0);
  // Up to a fifth of what is sent has a time that is wrong.
  let wrong = between(0, 0.2) * total;
  for (const server of servers) {
    if ((wrong -= server.weight) < 0) break;
    server.ahead = [
      () => between(-3 * DAY, DAY),
      () => between(-15 * MINUTE, 0),
      () => between(-5 * SECOND, 5 * SECOND),
      () => between(0, 2 * HOUR),
    ][random(4)]!();
  }
  return servers;
}

/** Reads invented events, given by their index. */
export function inventedDecoder({ events }: InventedStream): StreamDecoder {
  return {
    decode: (index) => events[Number(index)]!.event,
    record: () => ({ $type: "app.bsky.feed.post", text: "", createdAt: "2026-06-01T00:00:00Z" }),
  };
}
