import { ascending, median, quantile, replace, spacing } from "./times.ts";

/** An event of a stream with its place in the time of the stream. */
export interface Placed<T> {
  item: T;
  /** The time of the stream at this event, in milliseconds since 1970; it never falls. */
  time: number;
  /**
   * The time of the stream lies between these: where events on both sides confirm it, it is both. At an
   * end or among the first events, by which it was found, too few do.
   */
  earliest: number;
  latest: number;
  /**
   * The time leaps here, stood still shortly before, or is one of a backlog: other events may have come
   * meanwhile.
   */
  isLeap: boolean;
  /** A dense stream was silent before this event. */
  isAfterSilence: boolean;
  /** The time was found by events of which this one shows that they came late: it is found anew here. */
  isBeginning: boolean;
  /** Few events behind a gap found the time: they may all be a server's backlog, and nothing is claimed. */
  isUnproven: boolean;
}

/** Why no more events are waited for: the stream pauses, is silent, or is read no further. */
export type Stop = "pause" | "silence" | "end";

/** What is known of a stream before it is read. */
export interface ClockOptions {
  /** Times at which a claim begins or ends, in milliseconds since 1970. */
  edges?: number[];
  /** Events of the minute before the beginning, as far as that is known. */
  minuteEvents?: number;
  /** Does one clock date all events? */
  isOneClock?: boolean;
}

/** Events on each side whose median is the time of an event. */
const SIDE = 8;
/** A step of the time among the first events is fast from here on, where it is so many times as long as later ones. */
const FAST_MS = 1000;
/** Events on each side where the stream pauses or ends. */
const SIDE_AT_END = 3;
/**
 * Later events that a step is judged by, where one counts and the stream is not of the present: longer than a
 * burst. Where a host dates its events itself, there are no bursts of servers, and few will do.
 */
const [AHEAD, AHEAD_OF_ONE] = [4096, 512];
/** Events by which the time is found where a stream is entered. Behind a gap, fewer prove nothing. */
const FIRST = 512;
/** The time where a stream begins is no later than so many of those events: most may be a server's backlog. */
const LATE_SHARE = 0.75;
/** So near to our own clock the stream is of the present, and our clock bounds it well. */
const PRESENT_MS = 10_000;
/** Events on each side by which later parts of the stream are judged, and how often that is done. */
const [WIDE, STEP] = [32, 16];
/** A step of the time is a leap from here on, where it is so many times as long as the next ones. */
const [LEAP_MS, LONG] = [60_000, 25];
/** A stretch of so many events is plain where the time moves on by no more than this. */
const [STRETCH, PLAIN_MS] = [256, 5000];
/** Events after a leap until the time is steady, and that prove one where no others come: more than most bursts. */
const UNREST = 256;
/** So many steps back among the times around an event are no single servers' any more. */
const BACK = 6;
/** A minute without events is a gap in a stream that brought so many in the minute before. */
const [DENSE, SILENCE_MS] = [512, 60_000];

/**
 * Tells the time of a stream by what many of its events say, and by no single one.
 *
 * The `time` of an event is what its server wrote: servers are days behind or hours ahead, and send
 * backlogs. The order of a stream is its host's. So the time at an event is the median of the times of
 * the events around it, eight before and eight behind it. It never falls, it is never later than our
 * own clock was when the event came, and it stands still while later parts of the stream
 * contradict it, as after a burst of a server whose clock is ahead. Where all clocks are right, it is
 * the event's own time.
 *
 * An event is held until enough later ones have come (`place`), or until the stream pauses or ends
 * (`flush`). Those are eight where the time moves on plainly, and many where it moves fast, as in a
 * sparse stream or a burst, or reaches an edge of what is claimed.
 */
export class StreamClock<T> {
  /** The time at the last placed event, or where the stream was entered; undefined where unknown. */
  time: number | undefined;
  /** The earliest time where it is not known. */
  #floor: number | undefined;
  /** Times of the last placed events, as often as needed the beginning's, and behind them of held ones. */
  #times: number[] = [];
  #held: T[] = [];
  /** Our own clock when each of them came. */
  #received: number[] = [];
  /** The times around an event, sorted: the last placed one or the next, by how many were placed before it. */
  #around: number[] | undefined;
  #aroundOf = 0;
  /** Steps back around the last placed event, where it can be counted on from there. */
  #back: number | undefined;
  /** The time in later parts of the stream: the number of an event and the median around it. */
  #later: { number: number; time: number }[] = [];
  /** Events placed and pushed since the stream was entered here. */
  #placed = 0;
  #pushed = 0;
  /** Events whose place was judged by later ones alone, and the time that they say themselves. */
  #first = 0;
  #earliest = Infinity;
  /** Times at the last placed events at which it moved on. */
  #recent: number[] = [];
  /** Events in a row at which the time stood because too few events proved a leap. */
  #standing = 0;
  /** Was the time found by the first events? */
  #isFound = false;
  /** Was it found by few events behind a gap? Then each step begins anew, until many have moved it. */
  #isUnproven = false;
  /** Events left until the time counts as steady again. */
  #unrest = 0;
  readonly #edges: number[];
  readonly #ahead: number;
  /** The time where the stream was entered, and at the last placed events, in a ring. */
  #began: number | undefined;
  #stretch: number[] = [];
  /** Did the minute before the place that was entered have so many events that a silence can be seen? */
  #beganDense = false;

  constructor(
    beginning?: number,
    { edges = [], minuteEvents = 0, isOneClock = false }: ClockOptions = {},
  ) {
    this.#edges = edges;
    this.#ahead = isOneClock ? AHEAD_OF_ONE : AHEAD;
    this.#enter(beginning);
    this.#beganDense = minuteEvents >= DENSE;
  }

  /** The time at the last event that came, as far as that is known. */
  get newest(): number | undefined {
    if (this.#held.length === 0) return this.time;
    const last = median(this.#times.slice(-2 * SIDE_AT_END - 1));
    return Math.max(this.time ?? -Infinity, last);
  }

  #enter(beginning: number | undefined): void {
    this.#beganDense = false;
    this.time = this.#began = beginning;
    this.#stretch = [];
    this.#floor = undefined;
    this.#held = [];
    this.#received = [];
    this.#around = this.#back = undefined;
    this.#later = [];
    this.#placed =
      this.#pushed =
      this.#first =
      this.#standing =
        0;
    this.#recent = [];
    this.#unrest = 0;
    this.#isFound = this.#isUnproven = false;
    // What came before is not later: so the first events alone move nothing.
    this.#times = beginning === undefined ? [] : before(beginning);
  }

  /** Go on behind a gap, where nothing is held: the time is found anew, and is no earlier than before. */
  skip(): void {
    const floor = this.time;
    this.#enter(undefined);
    this.#floor = floor;
  }

  /** Hold the next event of the stream; `received` is our own clock. */
  push(item: T, time: number, received: number): void {
    this.#held.push(item);
    this.#received.push(received);
    this.#times.push(Math.min(time, received));
    this.#pushed++;
    if (this.time !== undefined && this.#pushed % STEP === 0 && this.#held.length > WIDE) {
      const around = this.#times.slice(-2 * WIDE - 1);
      this.#later.push({ number: this.#pushed - WIDE, time: median(around) });
    }
  }

  /** Give the next event whose time is known, in the order in which they came. */
  place(): Placed<T> | undefined {
    const held = this.#held.length;
    if (held <= SIDE) return undefined;
    if (this.time === undefined) {
      // Behind a gap, a backlog may be as long as a burst.
      const fewest = this.#floor === undefined ? FIRST : this.#ahead;
      if (held < fewest && !this.#isInPresent()) return undefined;
      this.#findBeginning();
    }
    const next = this.#times.length - held;
    if (this.#around === undefined) {
      this.#around = this.#times.slice(next - SIDE, next + SIDE + 1).sort(ascending);
    } else if (this.#aroundOf < this.#placed) {
      replace(this.#around, this.#times[next - SIDE - 1]!, this.#times[next + SIDE]!);
    }
    this.#aroundOf = this.#placed;
    if (held <= this.#ahead && this.#isDecisive(this.#around[SIDE]!)) return undefined;
    const placed = this.#take(this.#around[SIDE]!);
    this.#trim();
    return placed;
  }

  /**
   * Give all events that are held: the stream pauses, ends, or leaves something out.
   *
   * The last three events move nothing where the time is of the present, or where eight lie more than a
   * minute apart, else the last eight. A leap is believed where many events follow it, or where it leads
   * to the present. Where the stream only pauses, what follows a leap in doubt is held.
   */
  flush(why: Stop): Placed<T>[] {
    const isWaiting = this.time === undefined && this.#floor !== undefined && why === "pause";
    if (this.#held.length === 0 || isWaiting && !this.#isInPresent()) return [];
    const isThin = SIDE * spacing(this.#times.slice(-2 * SIDE - 1)) > LEAP_MS;
    const fewest = isThin || this.#isInPresent() ? SIDE_AT_END : SIDE;
    if (this.time === undefined) {
      this.#findBeginning();
      // Few events behind a gap may all be a server's backlog.
      this.#isUnproven = this.#floor !== undefined && this.#held.length < FIRST &&
        this.time! < this.#received.at(-1)! - PRESENT_MS;
    }
    const count = this.#held.length;
    const first = this.#times.length - count;
    const around = Float64Array.from(this.#held, (_, index) => {
      const behind = Math.min(SIDE, count - 1 - index);
      const end = first + index + behind + 1;
      return median(this.#times.slice(end - 2 * Math.max(fewest, behind) - 1, end));
    });
    // The time at an event is not later than that at the end; of the last few the end tells nothing.
    const last = median(this.#times.slice(-2 * SIDE - 1));
    const ahead = reach(this.#times.slice(-2 * SIDE - 1));
    const newest = Math.min(this.newest! + ahead, this.#received.at(-1)!);
    const fewestBehind = why === "pause" ? this.#ahead : UNREST;
    const placed: Placed<T>[] = [];
    for (const [index, time] of around.entries()) {
      const behind = count - 1 - index;
      const step = time - this.time!;
      // Few events at the end tell less than those before them, at which the time stands.
      const isLeap = this.#isLeap(step) ||
        behind < SIDE_AT_END && this.#standing > 0 && step > LEAP_MS;
      // A server that is ahead says the future, which our clock cuts off.
      const isLive = time >= this.#received[0]! - PRESENT_MS && time < this.#received[0]!;
      const isProven = !isLeap || isLive || behind + this.#standing >= fewestBehind;
      if (!isProven && why === "pause") break;
      this.#standing = isLeap ? this.#standing + 1 : 0;
      const end = behind >= 2 * SIDE ? last : Infinity;
      this.#back = undefined;
      const next = this.#take(time, end, isProven ? around.subarray(index) : [this.time!]);
      placed.push(behind >= fewest ? next : { ...next, latest: Math.max(next.time, newest) });
    }
    this.#around = this.#back = undefined;
    this.#trim();
    return placed;
  }

  /**
   * Is the time at the next event judged by many later ones?
   *
   * Not where it moves on plainly. In the present our clock bounds it, and only an edge is waited for.
   */
  #isDecisive(around: number): boolean {
    const edge = this.#edgeBefore(around);
    if (this.time! >= this.#received[0]! - PRESENT_MS) {
      return edge !== undefined && this.#received.at(-1)! < edge + PRESENT_MS;
    }
    // Many short steps are a long one.
    const isPlain = around - (this.#stretch[this.#placed % STRETCH] ?? this.#began!) <= PLAIN_MS;
    return edge !== undefined || this.#unrest > 0 || !isPlain;
  }

  /** Give the time that later parts of the stream allow at the next event. */
  #believed(around: number, behind: ArrayLike<number>): number {
    const isFar = around - this.time! > LEAP_MS || this.#edgeBefore(around) !== undefined;
    if (!isFar) return this.#later.at(-1)?.time ?? around;
    // A backlog of the past, more than a minute before the time, is in the way of no step.
    const earliest = this.time! - LEAP_MS;
    let lowest = around;
    const judge = (time: number) => time >= earliest && time < lowest && (lowest = time);
    for (const { time } of this.#later) judge(time);
    for (let i = 0; i < behind.length; i++) judge(behind[i]!);
    return lowest;
  }

  /** Give the edge that lies between the time and the next one. */
  #edgeBefore(around: number): number | undefined {
    return this.#edges.find((edge) => this.time! < edge && around >= edge);
  }

  /**
   * Find the time at the first event of a stream that nothing is known of.
   *
   * The first events may be a server's backlog: where the time moves on much faster among them than
   * later, it begins behind that.
   */
  #findBeginning(): void {
    const half = this.#times.length >> 1;
    const around = this.#times.map((_, index) =>
      median(this.#times.slice(Math.max(0, index - SIDE), index + SIDE + 1))
    );
    const later = spacing(this.#times.slice(half));
    const fast = Math.max(FAST_MS, later === Infinity ? 0 : LONG * later);
    const steps = around.map((time, index) => time - (around[index - 1] ?? time));
    const last = Math.max(0, steps.findLastIndex((step) => step > fast));
    // It never falls, and is not later than what comes behind.
    const latest = Math.max(...around.slice(0, last + 1));
    const found = Math.min(latest, quantile(this.#times.slice(half), LATE_SHARE));
    this.time = this.#began = Math.max(this.#floor ?? -Infinity, found);
    this.#first = last + SIDE + 1;
    this.#earliest = Math.min(...around.slice(0, last + 1)) - reach(this.#times);
    this.#isFound = true;
    this.#times.unshift(...before(this.time));
  }

  /** Do the last events say that the stream is of the present, by our own clock when they came? */
  #isInPresent(): boolean {
    return median(this.#times.slice(-2 * SIDE - 1)) >= this.#received.at(-1)! - PRESENT_MS;
  }

  #take(around: number, end = Infinity, behind: ArrayLike<number> = []): Placed<T> {
    const last = this.time!;
    this.#placed++;
    while (this.#later.length > 0 && this.#later[0]!.number < this.#placed + WIDE) {
      this.#later.shift();
    }
    const step = this.#isLeap(around - last);
    const believed = Math.min(end, this.#believed(around, behind));
    const isHeld = around < last || believed < around;
    const isMoved = this.#placed > 1 && this.#recent.at(-1) !== this.#recent[0];
    const isContradicted = isMoved && this.#isLeap(last - around) ||
      this.#isLeap(around - believed);
    if (isContradicted || !isHeld && step) this.#unrest = UNREST;
    else if (this.#unrest > 0 && !isHeld) this.#unrest--;
    const isLeap = this.#unrest > 0 || this.#stepsBack() >= BACK;
    if (!isHeld) this.time = around;
    const isFirst = this.#first > 0;
    if (isFirst) this.#first--;
    const isDense = this.#recent.length === 0 ? this.#beganDense : this.#recent.length >= DENSE &&
      this.#recent[this.#recent.length - DENSE]! > last - SILENCE_MS;
    // Where the time stands, as at the place that was entered, nothing tells how far events lie apart.
    const isStanding = this.#recent.length === 0 && this.time === last;
    const isUnproven = this.#isUnproven;
    // Where the time stands still, no number of events proves it.
    if (this.#placed > FIRST && this.time! > this.#began!) this.#isUnproven = false;
    if (!isHeld && !isFirst && !isStanding) this.#recent.push(this.time!);
    this.#stretch[(this.#placed - 1) % STRETCH] = this.time!;
    this.#received.shift();
    return {
      item: this.#held.shift()!,
      time: this.time!,
      earliest: isFirst ? Math.min(this.#earliest, this.time!) : this.time!,
      latest: this.time!,
      isLeap,
      isAfterSilence: isDense && this.time! - last > SILENCE_MS,
      isBeginning: !isHeld && (this.#isFound && this.#placed <= FIRST && step ||
        isUnproven && this.time! > last),
      isUnproven: this.#isUnproven,
    };
  }

  /** Count steps back among the times around the next event. */
  #stepsBack(): number {
    const next = this.#times.length - this.#held.length;
    if (this.#back === undefined) {
      this.#back = 0;
      for (let i = next - SIDE + 1; i <= next + SIDE; i++) this.#back += this.#stepBack(i);
    } else this.#back += this.#stepBack(next + SIDE) - this.#stepBack(next - SIDE);
    return this.#back;
  }

  #stepBack(index: number): number {
    return this.#times[index - 1]! - this.#times[index]! > LEAP_MS ? 1 : 0;
  }

  /** Is a step of the time much longer than those before or those that follow, as far as there are some? */
  #isLeap(step: number): boolean {
    if (step <= LEAP_MS) return false;
    const next = this.#times.length - this.#held.length + 1;
    const spacings = [this.#recent.slice(-SIDE), this.#times.slice(next, next + SIDE)].map(spacing);
    const least = Math.min(...spacings);
    return least === Infinity || step > LONG * least;
  }

  #trim(): void {
    if (this.#recent.length > 2 * DENSE) this.#recent.splice(0, this.#recent.length - DENSE);
    const more = this.#times.length - this.#held.length - 2 * WIDE;
    if (more > FIRST) this.#times.splice(0, more);
  }
}

/** Give how far a time can be from those of the eight events beside it, of clocks that are right. */
function reach(times: number[]): number {
  return Math.ceil(Math.max(LEAP_MS, SIDE * spacing(times)));
}

function before(time: number): number[] {
  return Array<number>(2 * WIDE).fill(time);
}
