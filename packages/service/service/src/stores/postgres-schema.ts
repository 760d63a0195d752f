import type { Pool, PoolClient } from 'pg';

/** Any number that nobody else of the database uses: of replicas that start at once, one makes the table. */
const schemaLock = '7020450190310219';

const statements = [
  'CREATE SEQUENCE IF NOT EXISTS enclos_attestation_version',
  // Keys in the order of their bytes, whatever the database's language is.
  'CREATE TABLE IF NOT EXISTS enclos_attestation (key text COLLATE "C" PRIMARY KEY, version bigint NOT NULL, bytes bytea NOT NULL)',
];

/** Makes the table when it is not there. A user who may not make tables can use one that somebody made. */
export async function makeSchema(pool: Pool): Promise<void> {
  const client = await pool.connect();
  let failure: Error | undefined;
  try {
    if (!(await isMade(client))) await make(client);
  } catch (error) {
    failure = error instanceof Error ? error : new Error('A query failed.', { cause: error });
    throw error;
  } finally {
    // With an error the connection, whose transaction may be open, is closed and not used again.
    client.release(failure);
  }
}

async function isMade(client: PoolClient): Promise<boolean> {
  const query = "SELECT to_regclass('enclos_attestation') IS NOT NULL AS made";
  const [row] = (await client.query<{ readonly made: boolean }>(query)).rows;
  return row?.made === true;
}

/** `IF NOT EXISTS` alone is not enough: two that look at once both go on, and one of them fails. */
async function make(client: PoolClient): Promise<void> {
  await client.query('BEGIN');
  await client.query(`SELECT pg_advisory_xact_lock(${schemaLock})`);
  for (const statement of statements) await client.query(statement);
  await client.query('COMMIT');
}
