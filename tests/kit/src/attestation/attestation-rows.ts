import { createHash } from 'node:crypto';
import type { PostgresServer } from '@enclos/testkit';

/** The rows of a set of replicas, for who runs their database: nothing stops that one. */
export interface Rows {
  /** In hex. */
  read(key: string): Promise<string>;
  write(key: string, hex: string): Promise<void>;
  remove(key: string): Promise<void>;
  keys(prefix: string): Promise<readonly string[]>;
}

const tenantName = (issuer: string): string => createHash('sha256').update(issuer).digest('base64url');
export const stateRow = (issuer: string): string => `state/${tenantName(issuer)}`;
export const keyRows = (issuer: string): string => `keys/${tenantName(issuer)}/`;

export function rowsOf({ query }: PostgresServer, url: string): Rows {
  const table = 'enclos_attestation';
  const next = `nextval('${table}_version')`;
  return {
    read: async (key) => (await query(url, `SELECT encode(bytes, 'hex') FROM ${table} WHERE key = '${key}'`)).trim(),
    async write(key, hex) {
      const values = `('${key}', ${next}, decode('${hex}', 'hex'))`;
      const replace = `ON CONFLICT (key) DO UPDATE SET version = ${next}, bytes = excluded.bytes`;
      await query(url, `INSERT INTO ${table} VALUES ${values} ${replace}`);
    },
    remove: async (key) => void (await query(url, `DELETE FROM ${table} WHERE key = '${key}'`)),
    async keys(prefix) {
      const text = await query(url, `SELECT key FROM ${table} WHERE starts_with(key, '${prefix}') ORDER BY key`);
      return text.split('\n').filter((line) => line !== '');
    },
  };
}
