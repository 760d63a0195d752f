import { sign, webcrypto } from 'node:crypto';
import { concatBytes, utf8 } from '@enclos/codec';
import { toPem } from '@enclos/codec/pem';
import { coseSigningInput, writeCoseSign1 } from '@enclos/cose';
import { basicConstraints, issueCertificate, keyRing, type Curve, type KeyPair } from '@enclos/evidence-kit';
import {
  ChunkFile,
  commitEvidence,
  commitKeyOf,
  EntryEncoder,
  leafOf,
  MerkleTree,
  noClaims,
  readEntry,
  serialiseTree,
  type MapChanges,
  type TransactionId,
  type WriteSet,
} from '../src/index.ts';
import { nodeDigests } from '../src/node/index.ts';
import {
  coseRootHeader,
  foldProof,
  keyIdentifier,
  readLedgerCertificate,
  writeCoseSignatureRecord,
  writeNodeSignature,
  type LedgerCertificate,
  type LedgerFile,
  type ProofTools,
} from '../src/proof/index.ts';

export const tools: ProofTools = { digests: nodeDigests, subtle: webcrypto.subtle };
const ring = keyRing('a little service');
const pieceBytes = 5000;
const single = new Uint8Array(8);
const encoder = new EntryEncoder();

/** A key with its certificate, PEM. */
export interface Party {
  readonly key: KeyPair;
  readonly pem: string;
  readonly certificate: LedgerCertificate;
  /** SHA-256 of the public key, hex. */
  readonly id: string;
}

export function party(name: string, issuer?: Party, ca = issuer === undefined, curve: Curve = 'P-384'): Party {
  const key = ring.key(name, curve);
  const der = issueCertificate({
    version: 3,
    serialNumber: Uint8Array.of(1),
    issuer: issuer === undefined ? name : issuer.key.name,
    subject: name,
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2026-01-02T00:00:00Z'),
    key,
    issuerKey: issuer?.key ?? key,
    extensions: [basicConstraints({ ca })],
  });
  const certificate = readLedgerCertificate(der);
  return { key, pem: toPem('CERTIFICATE', der), certificate, id: keyIdentifier(certificate.key, nodeDigests) };
}

/** One map with one key. */
export function put(name: string, value: Uint8Array | string, key: Uint8Array | string = single): MapChanges {
  const bytes = (text: Uint8Array | string): Uint8Array => (typeof text === 'string' ? utf8(text) : text);
  return { name, readVersion: 0, writes: [[bytes(key), bytes(value)]], removes: [] };
}

export function serviceInfo({ pem }: Party, status: string): MapChanges {
  return put('public:ccf.gov.service.info', JSON.stringify({ cert: pem, status }));
}

export function nodeInfo({ id, pem }: Party, status = 'Trusted'): readonly MapChanges[] {
  return [
    put('public:ccf.gov.nodes.endorsed_certificates', pem, id),
    put('public:ccf.gov.nodes.info', JSON.stringify({ status }), id),
  ];
}

/** COSE by a party, detached or not. */
export function coseSign(
  signer: Party,
  protectedBytes: Uint8Array,
  payload: Uint8Array,
  isDetached: boolean,
): Uint8Array {
  const input = coseSigningInput(
    isDetached ? { protectedBytes } : { protectedBytes, payload },
    isDetached ? { detachedPayload: payload } : {},
  );
  const signature = new Uint8Array(sign('sha384', input, { key: signer.key.privateKey, dsaEncoding: 'ieee-p1363' }));
  return writeCoseSign1({ protectedBytes, signature, ...(isDetached ? {} : { payload }) });
}

export interface Signers {
  readonly node?: Party;
  readonly service?: Party;
  readonly more?: WriteSet;
}

/** A ledger that a test writes, transaction by transaction. */
export class LittleLedger {
  readonly secret = new Uint8Array(32).fill(7);
  readonly cipher = nodeDigests.aes256Gcm(this.secret);
  readonly commit = commitKeyOf(nodeDigests, this.secret);
  readonly tree = MerkleTree.begin(nodeDigests);
  readonly entries: Uint8Array[] = [];
  view = 2;
  #signed = 1;

  get next(): TransactionId {
    return { view: this.view, seqno: this.tree.size };
  }

  evidence(id: TransactionId): string {
    return commitEvidence(this.commit, id);
  }

  add(writes: WriteSet, claimsDigest: Uint8Array = noClaims): TransactionId {
    const id = this.next;
    const commitEvidenceDigest = nodeDigests.sha256(utf8(this.evidence(id)));
    const ordered = writes.toSorted((left, right) => (left.name < right.name ? -1 : 1));
    const entry = encoder.encode({ ...id, claimsDigest, commitEvidenceDigest, writes: ordered }, this.cipher);
    this.entries.push(entry);
    this.tree.append(leafOf(nodeDigests, readEntry(entry)));
    return id;
  }

  /** The root over so many leaves, signed by a node, as CCF signs. */
  nodeSignature(node: Party, size = this.tree.size): Uint8Array {
    const { preimage } = foldProof(this.tree.leaf(size - 1), this.tree.proof(size - 1, size), tools);
    return new Uint8Array(sign('sha256', preimage ?? new Uint8Array(), node.key.privateKey));
  }

  coseSignature(service: Party, size = this.tree.size): Uint8Array {
    const header = coseRootHeader(
      {
        transactionId: { view: this.view, seqno: size },
        issuer: 'service.example',
        subject: 'ledger',
        issuedAt: 1_767_225_600,
      },
      service.certificate.key,
      tools,
    );
    return coseSign(service, header, this.tree.root(size), true);
  }

  /** A signature transaction. */
  sign({ node, service, more = [] }: Signers): TransactionId {
    const writes = [...more, put('public:ccf.internal.tree', serialiseTree(this.tree, this.#signed))];
    if (node !== undefined) {
      const record = { transactionId: this.next, node: node.id, root: this.tree.root(), certificate: node.pem };
      writes.push(
        put('public:ccf.internal.signatures', writeNodeSignature({ ...record, signature: this.nodeSignature(node) })),
      );
    }
    if (service !== undefined) {
      writes.push(put('public:ccf.internal.cose_signatures', writeCoseSignatureRecord(this.coseSignature(service))));
    }
    this.#signed = this.tree.size;
    return this.add(writes);
  }

  /** The entries from `first` to `last` in a file: complete and committed, or open. */
  file(first: number, last?: number): { readonly name: string; readonly bytes: Uint8Array } {
    const entries = this.entries.slice(first - 1, last);
    if (last === undefined) {
      return { name: `ledger_${first}`, bytes: concatBytes(ChunkFile.openHeader, ...entries) };
    }
    const chunk = new ChunkFile(first);
    for (const entry of entries) chunk.add(entry.length);
    const { header, table } = chunk.complete();
    return { name: `ledger_${first}-${last}.committed`, bytes: concatBytes(header, ...entries, table) };
  }
}

/** A service with one node that writes some transactions and signs them three times. */
export function littleService(): {
  readonly ledger: LittleLedger;
  readonly service: Party;
  readonly node: Party;
} {
  const service = party('service');
  const node = party('node', service);
  const ledger = new LittleLedger();
  ledger.add([serviceInfo(service, 'Opening'), ...nodeInfo(node)]);
  ledger.sign({ node, service });
  ledger.add([serviceInfo(service, 'Open')]);
  ledger.add([put('records', 'private', 'a'), put('public:records', 'public', 'a')], new Uint8Array(32).fill(9));
  ledger.sign({ node, service });
  ledger.add([put('records', 'another', 'b')]);
  ledger.sign({ node, service });
  return { ledger, service, node };
}

/** Files that are read in pieces, each of which holds only until the next is asked for. */
export function filesOf(
  files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
): readonly LedgerFile[] {
  return files.map(({ name, bytes }) => ({
    name,
    size: bytes.length,
    async *read() {
      const room = new Uint8Array(pieceBytes);
      for (let at = 0; at < bytes.length; at += pieceBytes) {
        const piece = bytes.subarray(at, at + pieceBytes);
        room.set(piece);
        yield room.subarray(0, piece.length);
        room.fill(0xee);
      }
    },
  }));
}
