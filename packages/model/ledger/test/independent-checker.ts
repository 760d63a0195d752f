// Checks files of a ledger by the layout of CCF's documents. It shares nothing with the package.
import { createDecipheriv, createHash, createHmac } from 'node:crypto';

/** What the checker found, for the test to compare with what was written. */
export interface CheckedLedger {
  readonly transactions: number;
  readonly signatures: number;
  /** `seqno map key=value` of everything, in order. */
  readonly writes: readonly string[];
  /** The seqnos that begin with the flag for it, and those that end a chunk. */
  readonly before: readonly number[];
  readonly after: readonly number[];
}

const sha256 = (...parts: readonly Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();

function rootOf(nodes: readonly Buffer[]): Buffer {
  if (nodes.length <= 1) return nodes[0] ?? Buffer.alloc(32);
  // The left part of a tree is the largest power of two below its size.
  let left = 1;
  while (left * 2 < nodes.length) left *= 2;
  return sha256(rootOf(nodes.slice(0, left)), rootOf(nodes.slice(left)));
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/** The maps of a domain, each write as text. */
function mapsOf(domain: Buffer, seqno: number): { readonly writes: string[]; readonly values: Map<string, Buffer> } {
  const writes: string[] = [];
  const values = new Map<string, Buffer>();
  let at = 0;
  const number = (): number => {
    at += 8;
    return Number(domain.readBigUInt64LE(at - 8));
  };
  const bytes = (): Buffer => {
    const length = number();
    check(at + length <= domain.length, 'a length beyond the domain');
    at += length;
    return domain.subarray(at - length, at);
  };
  while (at < domain.length) {
    const name = bytes().toString();
    number();
    check(number() === 0, 'reads are recorded');
    for (let count = number(); count > 0; count--) {
      const key = bytes();
      const value = bytes();
      values.set(name, value);
      writes.push(`${seqno} ${name} ${key.toString('hex')}=${value.toString('hex')}`);
    }
    for (let count = number(); count > 0; count--) writes.push(`${seqno} ${name} ${bytes().toString('hex')} removed`);
  }
  return { writes, values };
}

/** @param files By name, in the order of the ledger. @param secretAt The ledger secret of a seqno: 32 bytes. */
export function checkLedger(
  files: readonly (readonly [name: string, bytes: Uint8Array])[],
  secretAt: (seqno: number) => Uint8Array,
): CheckedLedger {
  const leaves: Buffer[] = [Buffer.alloc(32)];
  const [before, after]: [number[], number[]] = [[], []];
  const writes: string[] = [];
  let signatures = 0;
  for (const [name, contents] of files) {
    const file = Buffer.from(contents);
    const parts = /^ledger_(\d+)(?:-(\d+)(\.committed)?)?$/.exec(name);
    check(parts !== null && Number(parts[1]) === leaves.length, `${name}: begins at ${leaves.length}`);
    const table = Number(file.readBigUInt64LE(0));
    check((table === 0) === (parts?.[2] === undefined), `${name}: is closed or open`);
    const end = table === 0 ? file.length : table;
    const offsets: number[] = [];
    let endsWithSignature = false;
    for (let at = 8; at < end;) {
      offsets.push(at);
      check(file[at] === 1, `${name}: version at ${at}`);
      const size = file.readUIntLE(at + 2, 6) + 8;
      check(at + size <= end, `${name}: size at ${at}`);
      const entry = file.subarray(at, at + size);
      at += size;
      const seqno = leaves.length;
      if (((entry[1] ?? 0) & 1) !== 0) after.push(seqno);
      if (((entry[1] ?? 0) & 2) !== 0) before.push(seqno);
      const iv = entry.subarray(24, 36);
      const view = iv.readUInt32LE(8);
      const publicLength = Number(entry.readBigUInt64LE(36));
      const domain = entry.subarray(44, 44 + publicLength);
      check(domain[0] === 4 && Number(domain.readBigInt64LE(1)) === seqno, `${seqno}: type and seqno`);
      check(Number(iv.readBigUInt64LE(0)) === seqno, `${seqno}: seqno of the IV`);
      const [claims, evidenceDigest] = [domain.subarray(9, 41), domain.subarray(41, 73)];
      check(domain.readBigInt64LE(73) === 0n, `${seqno}: conflicts`);
      const secret = secretAt(seqno);
      const decipher = createDecipheriv('aes-256-gcm', secret, iv);
      decipher.setAAD(domain).setAuthTag(entry.subarray(8, 24));
      const opened = Buffer.concat([decipher.update(entry.subarray(44 + publicLength)), decipher.final()]);
      const publicPart = mapsOf(domain.subarray(81), seqno);
      writes.push(...publicPart.writes, ...mapsOf(opened, seqno).writes);
      const id = `${view}.${seqno}`;
      const commitKey = createHmac('sha256', secret).update('Commit S').digest();
      const evidence = `ce:${id}:${createHmac('sha256', commitKey).update(id).digest('hex')}`;
      check(sha256(Buffer.from(evidence)).equals(evidenceDigest), `${seqno}: commit evidence`);
      const signature = publicPart.values.get('public:ccf.internal.signatures');
      endsWithSignature = signature !== undefined;
      if (signature !== undefined) {
        signatures++;
        const { root } = JSON.parse(signature.toString()) as { readonly root: string };
        check(rootOf(leaves).toString('hex') === root, `${seqno}: root`);
      }
      leaves.push(sha256(sha256(entry), evidenceDigest, claims));
    }
    if (table === 0) continue;
    check(endsWithSignature, `${name}: ends with a signature`);
    check(Number(parts?.[2]) === leaves.length - 1, `${name}: ends at ${leaves.length - 1}`);
    check(file.length === table + 4 * offsets.length, `${name}: length of the table`);
    for (const [index, offset] of offsets.entries()) {
      check(file.readUInt32LE(table + 4 * index) === offset, `${name}: table`);
    }
  }
  return { transactions: leaves.length - 1, signatures, writes, before, after };
}
