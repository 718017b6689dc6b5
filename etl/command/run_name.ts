import { basename } from "node:path";

/** What the file name of a run in the ledger says of it (`LedgerRow`). */
export interface RunName {
  /** The task, with a dash for its colon. */
  task: string;
  started: Date;
}

/** Read the name of a run's file; undefined where it is none. */
export function runName(path: string): RunName | undefined {
  const [, year, month, day, hour, minute, second, task] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)-(.+)-[0-9a-f]{8}\.parquet$/.exec(basename(path)) ?? [];
  if (task === undefined) return undefined;
  return { task, started: new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) };
}
