import { randomBytes, sign, webcrypto } from 'node:crypto';
import { closeSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { utf8 } from '@enclos/codec';
import { toPem } from '@enclos/codec/pem';
import { basicConstraints, issueCertificate, keyRing, type KeyPair } from '@enclos/evidence-kit';
import {
  ChunkFile,
  LedgerSecret,
  LedgerSecrets,
  LedgerWriter,
  serialiseTree,
  type ClosedChunk,
  type MapChanges,
  type WrittenEntry,
} from '@enclos/ledger';
import { nodeDigests } from '@enclos/ledger/node';
import {
  foldProof,
  keyIdentifier,
  readLedgerCertificate,
  writeNodeSignature,
  type ProofTools,
} from '@enclos/ledger/proof';

export const proofTools: ProofTools = { digests: nodeDigests, subtle: webcrypto.subtle };

const view = 2;
/** CCF signs after 5,000 transactions or a second (its `ledger_signatures`), which is so many bytes of ours. */
const signed = Object.freeze({ transactions: 5000, bytes: 16_000_000 });
const single = new Uint8Array(8);
const ring = keyRing('a ledger to measure');

interface Party {
  readonly key: KeyPair;
  readonly pem: string;
  readonly id: string;
}

/** The files of a ledger, in its order. */
export async function writeLedger(folder: string, bytes: number, valueBytes: number): Promise<readonly string[]> {
  const secrets = LedgerSecrets.begin(new LedgerSecret(nodeDigests, randomBytes(32)));
  const writer = new LedgerWriter({ digests: nodeDigests, secrets });
  const files = new Files(folder);
  const service = party('service');
  const node = party('node', service);
  files.store(writer.append({ view, writes: [...nodeInfo(node), serviceInfo(service)] }));
  const value = randomBytes(valueBytes);
  const interval = Math.min(signed.transactions, Math.ceil(signed.bytes / valueBytes));
  for (let count = 1; files.bytes < bytes || count % interval !== 1; count++) {
    const isSignature = count % interval === 0;
    const written = isSignature
      ? writer.append({ view, isSignature, writes: signature(writer, node) })
      : writer.append({ view, writes: [put('records', value, utf8(`key ${count}`))] });
    files.store(written);
    if (isSignature) writer.tree.flush(written.seqno);
  }
  files.close();
  return files.paths;
}

function party(name: string, issuer?: Party): Party {
  const key = ring.key(name, 'P-384');
  const der = issueCertificate({
    version: 3,
    serialNumber: Uint8Array.of(1),
    issuer: issuer === undefined ? name : issuer.key.name,
    subject: name,
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2026-01-02T00:00:00Z'),
    key,
    issuerKey: issuer?.key ?? key,
    extensions: [basicConstraints({ ca: issuer === undefined })],
  });
  const certificate = readLedgerCertificate(der);
  return { key, pem: toPem('CERTIFICATE', der), id: keyIdentifier(certificate.key, nodeDigests) };
}

function put(name: string, value: Uint8Array | string, key: Uint8Array = single): MapChanges {
  const bytes = typeof value === 'string' ? utf8(value) : value;
  return { name, readVersion: 0, writes: [[key, bytes]], removes: [] };
}

function serviceInfo({ pem }: Party): MapChanges {
  return put('public:ccf.gov.service.info', JSON.stringify({ cert: pem, status: 'Opening' }));
}

function nodeInfo({ id, pem }: Party): readonly MapChanges[] {
  return [
    put('public:ccf.gov.nodes.endorsed_certificates', pem, utf8(id)),
    put('public:ccf.gov.nodes.info', JSON.stringify({ status: 'Trusted' }), utf8(id)),
  ];
}

function signature({ tree, seqno }: LedgerWriter, { key, pem, id }: Party): readonly MapChanges[] {
  const { preimage = new Uint8Array() } = foldProof(tree.leaf(seqno), tree.proof(seqno), proofTools);
  const record = writeNodeSignature({
    transactionId: { view, seqno: seqno + 1 },
    node: id,
    root: tree.root(),
    certificate: pem,
    signature: new Uint8Array(sign('sha256', preimage, key.privateKey)),
  });
  return [
    put('public:ccf.internal.signatures', record),
    put('public:ccf.internal.tree', serialiseTree(tree, tree.flushed)),
  ];
}

/** Does with files what the writer says. */
class Files {
  readonly paths: string[] = [];
  bytes = 0;
  readonly #folder: string;
  #open = -1;

  constructor(folder: string) {
    this.#folder = folder;
  }

  store({ place, bytes, closed }: WrittenEntry): void {
    const path = join(this.#folder, place.name);
    if (place.begins) {
      this.#open = openSync(path, 'w');
      this.paths.push(path);
      writeSync(this.#open, ChunkFile.openHeader);
    }
    writeSync(this.#open, bytes);
    this.bytes += bytes.length;
    if (closed !== undefined) this.#complete(closed);
  }

  close(): void {
    if (this.#open >= 0) closeSync(this.#open);
  }

  #complete({ from, to, header, table }: ClosedChunk): void {
    writeSync(this.#open, table);
    writeSync(this.#open, header, 0, header.length, 0);
    this.close();
    this.#open = -1;
    renameSync(join(this.#folder, from), join(this.#folder, to));
    this.paths[this.paths.length - 1] = join(this.#folder, to);
  }
}
