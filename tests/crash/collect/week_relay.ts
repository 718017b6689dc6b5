/** A relay on 127.0.0.1 for a simulated week: it knows the past only, forgets, and fails on demand. */
import { errorFrame, FIRST_SEQ, infoFrame } from "../../../demo/sample/frames.ts";
import { cut, isDisconnect, ServerSocket } from "../../../demo/network/websocket.ts";
import type { WeekEvent } from "./week_events.ts";

const PATH = "/xrpc/com.atproto.sync.subscribeRepos";
const POLICY = 1008;
/** How much of what a consumer had before its connection broke it is sent again. */
const REPEATED = 30;
/** While a run reads, the stream goes on: so many milliseconds of it are there at once. */
const AFTER_MS = 10 * 60_000;
/** A consumer that looks for its place takes one frame and goes; one that reads stays. */
const [GOES_MS, STAYS_MS] = [10, 150];

/** What happens to the connection that has been sent so many frames. */
export interface Incident {
  after: number;
  /** Tear the connection, or hold it still until the consumer is gone. */
  what: "tear" | "hold";
}

export class WeekRelay {
  /** What is still to happen. */
  incident: Incident | undefined;
  /** Resolves when it has. */
  happened = Promise.withResolvers<void>();
  /** Begin the sequence anew with this event while a consumer reads, and forget what was before. */
  resetAt = Infinity;
  /** The sequence number of each event, by its index, as it is counted now. */
  #seqs: number[] = [];
  /** Index of the first event that is held, and of the one behind the last. */
  #held = [0, 0];
  #isRepeating = false;
  #listener: Deno.TcpListener | undefined;
  #opened = new Set<Deno.Conn>();
  #served = new Set<Promise<void>>();
  readonly #port: number;

  constructor(readonly events: WeekEvent[], readonly replayMs: number) {
    this.renumber(FIRST_SEQ);
    this.#listener = this.#listen(0);
    this.#port = this.#listener.addr.port;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#port}`;
  }

  /** Count from a number on, beginning at an event; what was before it has no number any more. */
  renumber(first: number, index = 0): void {
    this.#seqs.length = index;
    for (let seq = first; index < this.events.length; index++) {
      this.#seqs[index] = seq += this.events[index]!.leftOut;
      seq++;
    }
  }

  /** The sequence number that the relay gives or last gave to an event. */
  seqOf(index: number): number {
    return this.#seqs[index]!;
  }

  /** The index of the oldest event that is held. */
  get oldest(): number {
    return this.#held[0]!;
  }

  /** Let time go on: the relay holds what is not older than its replay range, and ten minutes more. */
  goTo(present: number): void {
    const indexOf = (time: number) => this.events.findIndex((event) => event.time >= time);
    this.#held = [
      Math.max(indexOf(present - this.replayMs), this.oldest),
      indexOf(present + AFTER_MS),
    ];
  }

  /** Let something happen to the next connection that reads. */
  arm(incident: Incident): void {
    this.happened = Promise.withResolvers();
    this.incident = incident;
  }

  /** Cut everyone off and refuse connections. */
  async goDown(): Promise<void> {
    this.#listener?.close();
    this.#listener = undefined;
    for (const connection of this.#opened) cut(connection);
    await Promise.all(this.#served);
  }

  comeBack(): void {
    this.#listener = this.#listen(this.#port);
  }

  #listen(port: number): Deno.TcpListener {
    const listener = Deno.listen({ hostname: "127.0.0.1", port });
    const accept = async () => {
      for await (const connection of listener) {
        this.#opened.add(connection);
        const serving = this.#serve(connection).finally(() => this.#served.delete(serving));
        this.#served.add(serving);
      }
    };
    const accepting: Promise<void> = accept().finally(() => this.#served.delete(accepting));
    this.#served.add(accepting);
    return listener;
  }

  async #serve(connection: Deno.Conn): Promise<void> {
    try {
      const socket = await ServerSocket.accept(connection, PATH);
      if (socket === undefined) return;
      let isOpen = true;
      const gone = socket.untilClosed().finally(() => isOpen = false);
      await Promise.all([gone, this.#stream(socket, () => isOpen, gone)]);
    } catch (error) {
      if (!isDisconnect(error)) throw error;
    } finally {
      this.#opened.delete(connection);
      cut(connection);
    }
  }

  async #stream(socket: ServerSocket, isOpen: () => boolean, gone: Promise<void>): Promise<void> {
    let next = await this.#firstOf(socket);
    if (next === undefined) return;
    for (let sent = 0; isOpen() && next < this.#held[1]!; next++, sent++) {
      const event = this.events[next]!;
      const isDue = this.incident !== undefined && sent >= this.incident.after;
      if ((isDue || next === this.resetAt) && !await stays(gone, STAYS_MS)) return;
      if (sent === 2) await stays(gone, GOES_MS);
      if (next === this.resetAt) this.#reset();
      if (isDue && this.incident !== undefined) {
        const { what } = this.incident;
        this.incident = undefined;
        this.happened.resolve();
        this.#isRepeating = true;
        return what === "hold" ? undefined : await socket.tear(event.frame(this.seqOf(next)).bytes);
      }
      await socket.send(event.frame(this.seqOf(next)).bytes);
    }
  }

  #reset(): void {
    this.renumber(1, this.resetAt);
    this.#held[0] = this.resetAt;
    this.resetAt = Infinity;
  }

  /** Find the index where a subscription begins, or refuse it. */
  async #firstOf(socket: ServerSocket): Promise<number | undefined> {
    const cursor = socket.url.searchParams.get("cursor");
    const [oldest, end] = this.#held as [number, number];
    if (cursor === null) return end;
    const after = Number(cursor);
    if (after > this.seqOf(end - 1)) {
      await socket.send(errorFrame("FutureCursor", "Cursor in the future."));
      await socket.close(POLICY, "FutureCursor");
      return undefined;
    }
    if (after + 1 < this.seqOf(oldest)) await socket.send(infoFrame("OutdatedCursor", "Too old."));
    const index = this.#seqs.findIndex((seq, i) => i >= oldest && seq > after);
    if (!this.#isRepeating) return index;
    this.#isRepeating = false;
    return Math.max(oldest, index - REPEATED);
  }
}

/** Tell whether a consumer is still there after a while. */
async function stays(gone: Promise<void>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wait = new Promise<boolean>((done) => timer = setTimeout(() => done(true), ms));
  const left = await Promise.race([wait, gone.then(() => false, () => false)]);
  clearTimeout(timer);
  return left;
}
