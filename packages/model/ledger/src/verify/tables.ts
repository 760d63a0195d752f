import type { WriteSet } from '../write-set.ts';

/** The tables of CCF that prove something (CCF, doc/audit/builtin_maps.rst). */
export const tables = Object.freeze({
  service: 'public:ccf.gov.service.info',
  nodes: 'public:ccf.gov.nodes.info',
  nodeCertificates: 'public:ccf.gov.nodes.endorsed_certificates',
  members: 'public:ccf.gov.members.certs',
  proposals: 'public:ccf.gov.proposals',
  messages: 'public:ccf.gov.cose_history',
  signatures: 'public:ccf.internal.signatures',
  coseSignatures: 'public:ccf.internal.cose_signatures',
  tree: 'public:ccf.internal.tree',
  endorsement: 'public:ccf.internal.previous_service_identity_endorsement',
  snapshotEvidence: 'public:ccf.internal.snapshot_evidence',
} as const);

export type TableName = (typeof tables)[keyof typeof tables];

export const tableNames: ReadonlySet<string> = new Set(Object.values(tables));

/** What a transaction wrote to a table: each key as text, or in hex where it is not text; undefined for a removed key. */
export function changesOf(writes: WriteSet, table: TableName): readonly (readonly [string, Uint8Array | undefined])[] {
  const changes = writes.find(({ name }) => name === table);
  if (changes === undefined) return [];
  return [
    ...changes.removes.map((key) => [textOf(key), undefined] as const),
    ...changes.writes.map(([key, value]) => [textOf(key), value] as const),
  ];
}

/** The value that a transaction wrote to a table of one value. */
export function singleOf(writes: WriteSet, table: TableName): Uint8Array | undefined {
  return writes.find(({ name }) => name === table)?.writes[0]?.[1];
}

/** Keys of these tables are identifiers in hex. */
function textOf(key: Uint8Array): string {
  return String.fromCharCode(...key.subarray(0, 256));
}
