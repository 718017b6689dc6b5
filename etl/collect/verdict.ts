/** The consequence of one frame for the connection. */
export type Verdict =
  | "go_on"
  | "until_reached"
  | "limit_reached"
  | { error: string }
  /** Our own clock is so many milliseconds behind the stream: nothing that it says can be claimed. */
  | { behind: number };
