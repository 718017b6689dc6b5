import { z } from "zod";
import { type Database, literal, row, rows } from "../store/duckdb.ts";
import type { ConfiguredFilter } from "./load_filters.ts";
import { rawRows } from "../raw/raw_rows.ts";

/** Accounts by did or handle, as a filter's section in `study.yaml` lists them. */
export const AccountList = z.array(
  z.string().regex(
    /^(did:[a-z]+:[\w.:%-]+|([a-z0-9-]+\.)+[a-z][a-z0-9-]*)$/,
    "is neither a did nor a handle such as name.bsky.social (in lower case, without @)",
  ),
);

/** Give an SQL expression: is the author of a candidate among the accounts that a filter lists? */
export function isListed(filter: string): string {
  return `did IN (SELECT did FROM listed_accounts WHERE filter = ${literal(filter)})`;
}

/**
 * Make the temporary table `listed_accounts` (filter, did) of the accounts that filters list.
 *
 * A handle stands for every account that a raw row of `files` names by it; only feeds give handles.
 * Gives the handles that no row names.
 */
export async function resolveAccounts(
  database: Database,
  filters: ConfiguredFilter[],
  files: string[],
): Promise<string[]> {
  const lists = filters.map(({ name, accounts }) =>
    `SELECT ${literal(name)} AS filter, unnest(${literal(accounts)}::VARCHAR[]) AS account`
  );
  await database.run(`CREATE OR REPLACE TEMP TABLE listed AS
    ${lists.join(" UNION ALL ") || "SELECT '' AS filter, '' AS account LIMIT 0"}`);
  const { handles } = await row<{ handles: number }>(
    database,
    "SELECT count(*) FILTER (NOT starts_with(account, 'did:')) AS handles FROM listed",
  );
  // Finding handles means reading raw once more.
  await database.run(`CREATE OR REPLACE TEMP TABLE named AS
    SELECT DISTINCT lower(author_handle) AS handle, did
    FROM ${rawRows(handles > 0 ? files : [])} WHERE author_handle IS NOT NULL`);
  await database.run(`CREATE OR REPLACE TEMP TABLE listed_accounts AS
    SELECT filter, account AS did FROM listed WHERE starts_with(account, 'did:')
    UNION SELECT filter, did FROM listed JOIN named ON handle = account`);
  const unknown = await rows<{ account: string }>(
    database,
    `SELECT DISTINCT account FROM listed ANTI JOIN named ON handle = account
     WHERE NOT starts_with(account, 'did:') ORDER BY account`,
  );
  return unknown.map(({ account }) => account);
}
