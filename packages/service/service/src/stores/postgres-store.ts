import { Pool, type PoolConfig, type QueryResult } from 'pg';
import { EnclosError, isEnclosError } from '@enclos/errors';
import '../errors.ts';
import { makeSchema, tableOf } from './postgres-schema.ts';
import { checkRow, maximumKeys, type Store, type StoredRow } from '../store/store.ts';

export interface PostgresStoreOptions {
  /** The name of the service: its table is `enclos_NAME`. 1 to 32 lower-case letters. */
  readonly service: string;
  /** For a connection to be there. Default: 5000. */
  readonly connectTimeoutMs?: number;
  /** For a statement, at the server and here. Default: 5000. */
  readonly statementTimeoutMs?: number;
  readonly maximumConnections?: number;
  /** Hears of idle connections that broke. */
  readonly onConnectionLost?: (error: Error) => void;
}

/** Reading is tried so often when a connection breaks: each of a pool may have been cut by a restart of the server. */
const maximumTries = 3;
const retryDelayMs = 200;

/**
 * A store that replicas share: one table of one database, made when it is not there. TLS, user and database are said by the
 * URL (`?sslmode=verify-full&sslrootcert=...`), and by the variables of PostgreSQL that `pg` reads.
 *
 * @throws SERVICE_STORE_REFUSED for another URL; SERVICE_STORE_UNAVAILABLE when the server is not there.
 */
export async function openPostgresStore(url: string, options: PostgresStoreOptions): Promise<Store> {
  if (!isPostgresUrl(url)) {
    // Not with the URL in it, which may have a password.
    throw new EnclosError('SERVICE_STORE_REFUSED', 'The address of the store is not a postgres:// URL.');
  }
  const table = tableOf(options.service);
  const pool = new Pool(poolOptions(url, options));
  pool.on('error', (error) => options.onConnectionLost?.(error));
  try {
    await tried(() => makeSchema(pool, table));
  } catch (error) {
    await pool.end();
    throw error;
  }
  return new PostgresStore(pool, table);
}

function isPostgresUrl(url: string): boolean {
  return URL.canParse(url) && ['postgres:', 'postgresql:'].includes(new URL(url).protocol);
}

function poolOptions(url: string, options: PostgresStoreOptions): PoolConfig {
  const { connectTimeoutMs = 5000, statementTimeoutMs = 5000, maximumConnections = 8 } = options;
  return {
    connectionString: url,
    max: maximumConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    statement_timeout: statementTimeoutMs,
    // A server that is gone without a word does not time its statements out.
    query_timeout: statementTimeoutMs + 1000,
    application_name: `enclos-${options.service}`,
  };
}

interface Row {
  /** pg gives a bigint as text, which no number could hold. */
  readonly version: string;
  readonly bytes: Uint8Array;
}

class PostgresStore implements Store {
  readonly #pool: Pool;
  readonly #table: string;

  constructor(pool: Pool, table: string) {
    this.#pool = pool;
    this.#table = table;
  }

  async read(key: string): Promise<StoredRow | undefined> {
    checkRow(key);
    const query = `SELECT version, bytes FROM ${this.#table} WHERE key = $1`;
    const [row] = (await tried(() => this.#pool.query<Row>(query, [key]))).rows;
    return row === undefined ? undefined : { version: BigInt(row.version), bytes: new Uint8Array(row.bytes) };
  }

  async write(key: string, version: bigint, bytes: Uint8Array): Promise<boolean> {
    checkRow(key, bytes);
    const stored = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (version === 0n) {
      const insert = `INSERT INTO ${this.#table} VALUES ($1, nextval('${this.#table}_version'), $2) ON CONFLICT DO NOTHING`;
      return this.#changed(insert, [key, stored]);
    }
    const update = `UPDATE ${this.#table} SET version = nextval('${this.#table}_version'), bytes = $3 WHERE key = $1 AND version = $2`;
    return this.#changed(update, [key, version.toString(), stored]);
  }

  async keys(prefix: string): Promise<readonly string[]> {
    const query = `SELECT key FROM ${this.#table} WHERE key >= $1 AND starts_with(key, $1) ORDER BY key LIMIT $2`;
    const { rows } = await tried(() => this.#pool.query<{ readonly key: string }>(query, [prefix, maximumKeys]));
    return rows.map(({ key }) => key);
  }

  remove(key: string, version: bigint): Promise<boolean> {
    checkRow(key);
    return this.#changed(`DELETE FROM ${this.#table} WHERE key = $1 AND version = $2`, [key, version.toString()]);
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  /** Once only: when the answer gets lost, the enclave reads what has become of it. */
  async #changed(statement: string, values: readonly unknown[]): Promise<boolean> {
    const { rowCount }: QueryResult = await tried(() => this.#pool.query(statement, [...values]), 1);
    return rowCount === 1;
  }
}

/** @throws SERVICE_STORE_UNAVAILABLE */
async function tried<T>(work: () => Promise<T>, tries = maximumTries): Promise<T> {
  for (let left = tries; ; left--) {
    try {
      return await work();
    } catch (cause) {
      if (isEnclosError(cause)) throw cause;
      if (left <= 1 || !isConnectionLost(cause)) {
        throw new EnclosError('SERVICE_STORE_UNAVAILABLE', undefined, { cause });
      }
      await new Promise((resolve) => setTimeout(resolve, retryDelayMs));
    }
  }
}

/** Class 08 and what a server says that goes down or comes up (PostgreSQL appendix A), or what the socket says. */
function isConnectionLost(error: unknown): boolean {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  if (typeof code === 'string') return /^(?:08...|57P0[123]|ECONNRESET|ECONNREFUSED|EPIPE|ENOENT)$/.test(code);
  return error instanceof Error && error.message.startsWith('Connection terminated');
}
