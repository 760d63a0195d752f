import type { KvContext } from '@enclos/kv';

/**
 * What a script is run as: the handler of an endpoint that writes or only reads, or a step of a proposal. It decides which
 * namespaces of the global `ccf` there are, and what the script may do with a table.
 */
export type ScriptRole = 'readwrite' | 'readonly' | 'ballot' | 'validate' | 'resolve' | 'apply';

const contexts: Readonly<Record<ScriptRole, KvContext>> = {
  readwrite: 'application',
  readonly: 'read-only application',
  ballot: 'read-only governance',
  validate: 'read-only governance',
  resolve: 'read-only governance',
  apply: 'read-write governance',
};

/** In whose name its reads and writes are judged (CCF, doc/audit/read_write_restrictions.rst). */
export function contextOf(role: ScriptRole): KvContext {
  return contexts[role];
}

export function isApplication(role: ScriptRole): boolean {
  return role === 'readwrite' || role === 'readonly';
}
