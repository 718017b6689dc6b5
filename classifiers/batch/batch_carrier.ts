import type { OpenBatch } from "../../etl/batches/open_batch.ts";

/** How a batch stands, as its carrier found it. */
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
    /** The known results of requests: lines of output files. */
    lines(): AsyncGenerator<string>;
    /** Why it has no answers at all. */
    failure?: string;
  }
  /** It no longer exists where it was sent. */
  | { state: "lost" };

/** What a carrier calls to store its changes of a batch durably. */
export type Store = (change: Partial<OpenBatch>) => Promise<void>;

/** Takes batches to their server or folder, and brings the answers back. */
export interface BatchCarrier {
  /** Where new batches are. */
  readonly where: Pick<OpenBatch, "host" | "folder">;
  /** Whether it looks after a batch; throws where it should and cannot. */
  has(batch: OpenBatch): boolean;
  /** Take a file of requests there, and store each step before the next. */
  send(batch: OpenBatch, requests: string, store: Store): Promise<void>;
  /**
   * Find out how far `send` came when its run died, and finish it.
   *
   * Gives false, and removes leftovers, where nothing was begun. `isWhole` says that
   * none of the posts was removed meanwhile; otherwise a batch that has not begun never begins.
   */
  resume(batch: OpenBatch, isWhole: boolean, store: Store): Promise<boolean>;
  look(batch: OpenBatch): Promise<Standing>;
  /** Remove what it left there. */
  clear(batch: OpenBatch): Promise<void>;
}
