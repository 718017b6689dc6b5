import type { OpenBatch } from "../../etl/labels/open_batch.ts";

/** How a batch stands. */
export type Standing =
  | {
    state: "open";
    status: string;
    /** Requests that have an answer. */
    answered: number;
    expires_at: string | null;
  }
  | {
    state: "over";
    status: string;
    /** What became of each request, as far as it is known: lines of output files. */
    lines(): AsyncGenerator<string>;
    /** Why nothing of it was answered. */
    failure?: string;
  }
  /** It is no longer where it was sent. */
  | { state: "lost" };

/** Write down something of a batch; it is durable then. */
export type Store = (change: Partial<OpenBatch>) => Promise<void>;

/** Takes batches to where they are answered, and brings the answers back. */
export interface BatchCarrier {
  /** What new batches say of where they are. */
  readonly where: Pick<OpenBatch, "host" | "folder">;
  /** Whether it looks after a batch; throws where it should and cannot. */
  has(batch: OpenBatch): boolean;
  /** Take a file of requests there, and store each step before the next. */
  send(batch: OpenBatch, requests: string, store: Store): Promise<void>;
  /**
   * Find out how far `send` came when its run died, and end it.
   *
   * Gives false where nothing was begun, and whatever it left there is removed. `isWhole` says that
   * none of the posts was removed meanwhile: a batch that is not begun then never begins.
   */
  resume(batch: OpenBatch, isWhole: boolean, store: Store): Promise<boolean>;
  look(batch: OpenBatch): Promise<Standing>;
  /** Remove what it left there. */
  clear(batch: OpenBatch): Promise<void>;
}
