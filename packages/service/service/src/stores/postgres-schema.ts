import type { Pool, PoolClient } from 'pg';
import { EnclosError } from '@enclos/errors';
import '../errors.ts';

/** Any number that nothing else in the database uses: of replicas that start at once, one makes the table. */
const schemaLock = '7020450190310219';

const namePattern = /^[a-z]{1,32}$/;

/**
 * The table of a service. Its name goes into statements as it is, so only lower-case letters are taken.
 * @throws SERVICE_STORE_REFUSED
 */
export function tableOf(service: string): string {
  if (namePattern.test(service)) return `enclos_${service}`;
  throw new EnclosError('SERVICE_STORE_REFUSED', 'The name of a service is 1 to 32 lower-case letters.');
}

const statementsFor = (table: string): readonly string[] => [
  `CREATE SEQUENCE IF NOT EXISTS ${table}_version`,
  // Keys in the order of their bytes, whatever the database's language is.
  `CREATE TABLE IF NOT EXISTS ${table} (key text COLLATE "C" PRIMARY KEY, version bigint NOT NULL, bytes bytea NOT NULL)`,
];

/** Makes the table when it is not there. A user who may not make tables can use one that already exists. */
export async function makeSchema(pool: Pool, table: string): Promise<void> {
  const client = await pool.connect();
  let failure: Error | undefined;
  try {
    if (!(await isMade(client, table))) await make(client, table);
  } catch (error) {
    failure = error instanceof Error ? error : new Error('A query failed.', { cause: error });
    throw error;
  } finally {
    // With an error the connection, whose transaction may be open, is closed and not used again.
    client.release(failure);
  }
}

async function isMade(client: PoolClient, table: string): Promise<boolean> {
  const query = `SELECT to_regclass('${table}') IS NOT NULL AS made`;
  const [row] = (await client.query<{ readonly made: boolean }>(query)).rows;
  return row?.made === true;
}

/** `IF NOT EXISTS` alone is not enough: two that look at once both go on, and one of them fails. */
async function make(client: PoolClient, table: string): Promise<void> {
  await client.query('BEGIN');
  await client.query(`SELECT pg_advisory_xact_lock(${schemaLock})`);
  for (const statement of statementsFor(table)) await client.query(statement);
  await client.query('COMMIT');
}
