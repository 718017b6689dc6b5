/**
 * DuckDB-WASM 1.28.0, the last release that reads Parquet without fetching an extension, on a
 * folder that may be read-only.
 */
import * as duckdb from "@duckdb/duckdb-wasm/dist/duckdb-node-blocking.cjs";
import { openSync } from "node:fs";
import { ENGINE } from "./engine.ts";

/** A value that a query may bind; a date is bound as its ISO 8601 text, which DuckDB casts. */
export type Parameter = string | number | bigint | boolean | null | Date;

/** What the mend below needs of the engine's runtime; the release's own types leave it out. */
interface Runtime {
  _files: Map<string, number>;
  _filesById: Map<number, number>;
  _fileInfoCache: Map<number, unknown>;
  resolveFileInfo(module: unknown, fileId: number): { dataUrl: string } | null;
  openFile(module: unknown, fileId: number, flags: number): number;
  checkFile(module: { HEAPU8: Uint8Array }, pointer: number, length: number): boolean;
}

/** How a database takes its engine; the release's own types hide it. */
interface Loader {
  instantiateWasm(
    imports: WebAssembly.Imports,
    done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ): object;
}

interface Engine {
  createPrepared(connection: number, sql: string): number;
  runPrepared(connection: number, statement: number, parameters: unknown[]): Uint8Array;
  closePrepared(connection: number, statement: number): void;
}

/** A connection to an engine of its own. */
export class Connection {
  readonly #engine: Engine;
  readonly #id: number;

  constructor(engine: Engine, id: number) {
    this.#engine = engine;
    this.#id = id;
  }

  /** Run a statement that gives no rows. */
  run(sql: string, parameters: Parameter[] = []): void {
    this.#prepared(sql, parameters.map(bound));
  }

  /**
   * Give the rows of a query (SELECT, WITH or FROM) as an Arrow stream.
   *
   * `parameters` stand for `?` in the query. Throws what DuckDB says of a wrong query or value.
   */
  query(sql: string, parameters: Parameter[] = []): Uint8Array {
    // A query that fails on a value gives no rows and no error in this release (seen with casts);
    // making a table of them first does fail.
    this.#prepared(`CREATE OR REPLACE TEMP TABLE query_result AS ${sql}`, parameters.map(bound));
    return this.#prepared("SELECT * FROM query_result", []);
  }

  #prepared(sql: string, parameters: unknown[]): Uint8Array {
    const statement = this.#engine.createPrepared(this.#id, sql);
    try {
      return this.#engine.runPrepared(this.#id, statement, parameters);
    } finally {
      this.#engine.closePrepared(this.#id, statement);
    }
  }
}

let mended = false;
let compiled: WebAssembly.Module | undefined;

/** Start an engine in this process; takes about 0.4 s, and a tenth of that for each further one. */
export async function connect(): Promise<Connection> {
  if (!mended) openReadOnly(duckdb.NODE_RUNTIME as unknown as Runtime);
  mended = true;
  const bundle = { mainModule: ENGINE, mainWorker: "" };
  const database = await duckdb.createDuckDB(
    { mvp: bundle, eh: bundle },
    new duckdb.VoidLogger(),
    duckdb.NODE_RUNTIME,
  );
  compileOnce(database as unknown as Loader);
  await database.instantiate(() => {});
  database.open({});
  return database.connect().useUnsafe((engine, id) => new Connection(engine, id));
}

/** Make a database take the engine that this process has compiled, where it has. */
function compileOnce(loader: Loader): void {
  loader.instantiateWasm = (imports, done) => {
    const module = compiled ??= new WebAssembly.Module(Deno.readFileSync(ENGINE));
    Object.assign(globalThis, { DUCKDB_RUNTIME: { ...duckdb.NODE_RUNTIME } });
    void WebAssembly.instantiate(module, imports).then((instance) => done(instance, module));
    return [];
  };
}

/**
 * Make the runtime open files for reading: it asks for writing too, and without that permission it
 * spins for ever.
 */
function openReadOnly(runtime: Runtime): void {
  const open = runtime.openFile.bind(runtime);
  runtime.openFile = (module, fileId, flags) => {
    runtime._fileInfoCache.delete(fileId);
    const file = runtime.resolveFileInfo(module, fileId);
    if (file === null) return open(module, fileId, flags);
    const descriptor = openSync(file.dataUrl, "r");
    runtime._files.set(file.dataUrl, descriptor);
    runtime._filesById.set(fileId, descriptor);
    try {
      return open(module, fileId, flags);
    } finally {
      // A descriptor is closed with its file; by its name it would be found when it is no more.
      runtime._files.delete(file.dataUrl);
    }
  };
  runtime.checkFile = (module, pointer, length) => {
    const path = new TextDecoder().decode(module.HEAPU8.slice(pointer, pointer + length));
    // The engine asks for a file of its own name, which nothing permits to read.
    if (path.startsWith(":memory:")) return false;
    try {
      return Deno.statSync(path).isFile;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  };
}

/** Give a value as both engines take it. */
export function bound(value: Parameter): unknown {
  if (value instanceof Date) return value.toISOString().replace("Z", "");
  return typeof value === "bigint" ? String(value) : value;
}
