import { createPrivateKey, generateKeyPairSync, hash, randomBytes, sign, webcrypto, type KeyObject } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { utf8 } from '@enclos/codec';
import { toPem } from '@enclos/codec/pem';
import { issueCertificate } from '@enclos/codec/x509';
import { coseSigningInput, writeCoseSign1 } from '@enclos/cose';
import {
  LedgerSecret,
  LedgerSecrets,
  LedgerWriter,
  serialiseTree,
  type TransactionId,
  type WriteSet,
} from '@enclos/ledger';
import { nodeDigests } from '@enclos/ledger/node';
import {
  coseRootHeader,
  foldProof,
  keyIdentifier,
  keysOf,
  readEcdsaKey,
  readLedgerCertificate,
  tables,
  writeCoseSignatureRecord,
  writeNodeSignature,
  type EcdsaKey,
} from '@enclos/ledger/proof';
import { LedgerHistory, sourceInMemory, type LedgerHistoryOptions } from '../src/index.ts';

export const tools = { digests: nodeDigests, subtle: webcrypto.subtle };
export type Signer = 'node' | 'service';

export interface Party {
  readonly name: string;
  readonly privateKey: KeyObject;
  readonly publicKey: EcdsaKey;
  /** PEM. */
  readonly certificate: string;
  readonly keyId: Uint8Array;
}

/** A service, or a node whose certificate a service issues. */
export function party(name: string, issuer?: Party): Party {
  const pair = generateKeyPairSync('ec', {
    namedCurve: 'P-384',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const privateKey = createPrivateKey(pair.privateKey);
  const signer = issuer?.privateKey ?? privateKey;
  const keyId = new Uint8Array(hash('sha256', pair.publicKey, 'buffer').subarray(0, 20));
  const der = issueCertificate({
    commonName: name,
    ...(issuer === undefined ? {} : { issuerName: issuer.name }),
    hosts: [],
    isAuthority: issuer === undefined,
    subjectKeyId: keyId,
    ...(issuer === undefined ? {} : { issuerKeyId: issuer.keyId }),
    validFrom: new Date(Date.now() - 1000),
    validUntil: new Date(Date.now() + 86_400_000),
    serialNumber: new Uint8Array(randomBytes(16)),
    publicKey: new Uint8Array(pair.publicKey),
    algorithm: 'ecdsa-sha384',
    sign: (bytes) => new Uint8Array(sign('sha384', bytes, signer)),
  });
  const publicKey = readEcdsaKey(new Uint8Array(pair.publicKey));
  return { name, privateKey, publicKey, certificate: toPem('CERTIFICATE', der), keyId };
}

export const service = party('service');
export const node = party('node', service);
export const pastServices = [{ certificate: readLedgerCertificate(service.certificate) }];
const secretsOf = (): LedgerSecrets => LedgerSecrets.begin(new LedgerSecret(nodeDigests, new Uint8Array(32).fill(3)));

/** What a ledger is written with, and how its signature lies. */
export interface LittleLedger {
  readonly view?: number;
  /** What each transaction before the signature writes. Default: one. */
  readonly texts?: readonly string[];
  /** Rows of the transaction that stands first, beside those of `texts`. Default: there is none. */
  readonly wide?: number;
  readonly signers?: readonly Signer[];
  /** Who signs as the node. */
  readonly by?: Party;
  readonly byService?: Party;
  /** The certificate in the record; null for none. */
  readonly certificate?: string | null;
  readonly root?: Uint8Array;
  /** Where the signature says that it is. */
  readonly named?: TransactionId;
  readonly tree?: Uint8Array;
}

/** Entries of a ledger of the service: writes, and the signature over them. */
export function ledger(parts: LittleLedger = {}): readonly Uint8Array[] {
  const { view = 2, texts = ['a'], wide = 0, signers = ['node', 'service'], ...lies } = parts;
  const writer = new LedgerWriter({ digests: nodeDigests, secrets: secretsOf() });
  const write = (changes: readonly (readonly [string, Uint8Array])[]): Uint8Array => {
    const writes: WriteSet = changes.map(([name, value]) => ({
      name,
      readVersion: 0,
      writes: [[utf8('k'), value]],
      removes: [],
    }));
    return writer.append({ view, writes }).bytes;
  };
  const rows = Array.from({ length: wide }, (_, at) => [Uint8Array.of(at, at >> 8), utf8('')] as const);
  const first: WriteSet = [{ name: 'public:wide', readVersion: 0, writes: rows, removes: [] }];
  const entries = wide === 0 ? [] : [writer.append({ view, writes: first }).bytes];
  const more = texts.map((text) => write([['records', utf8(text)]]));
  const transactionId = lies.named ?? { view, seqno: writer.tree.size };
  const tree = lies.tree ?? serialiseTree(writer.tree, 1);
  const values: (readonly [string, Uint8Array])[] = [[tables.tree, tree]];
  if (signers.includes('node')) values.push([tables.signatures, nodeRecord(writer, transactionId, lies)]);
  if (signers.includes('service')) values.push([tables.coseSignatures, serviceRecord(writer, transactionId, lies)]);
  return [...entries, ...more, write(values)];
}

function nodeRecord({ tree }: LedgerWriter, transactionId: TransactionId, lies: LittleLedger): Uint8Array {
  const { by = node, certificate = by.certificate, root = tree.root() } = lies;
  const { preimage } = foldProof(tree.leaf(tree.size - 1), tree.proof(tree.size - 1), { digests: nodeDigests });
  const signature = new Uint8Array(sign('sha256', preimage ?? utf8(''), by.privateKey));
  return writeNodeSignature({
    transactionId,
    node: keyIdentifier(by.publicKey, nodeDigests),
    root,
    signature,
    ...(certificate === null ? {} : { certificate }),
  });
}

function serviceRecord({ tree }: LedgerWriter, transactionId: TransactionId, lies: LittleLedger): Uint8Array {
  const { byService = service } = lies;
  const header = { transactionId, issuer: 'i', subject: 's', issuedAt: 1 };
  const protectedBytes = coseRootHeader(header, byService.publicKey, { digests: nodeDigests });
  const input = coseSigningInput({ protectedBytes }, { detachedPayload: tree.root() });
  const key = { key: byService.privateKey, dsaEncoding: 'ieee-p1363' } as const;
  const signature = new Uint8Array(sign('sha384', input, key));
  return writeCoseSignatureRecord(writeCoseSign1({ protectedBytes, signature }));
}

/** The history over such a ledger. */
export function historyOver(bytes: readonly Uint8Array[], changes: Partial<LedgerHistoryOptions> = {}, view = 2) {
  const failures: unknown[] = [];
  const history = new LedgerHistory({
    source: sourceInMemory(bytes),
    ledger: { lastCommitted: () => ({ view, seqno: bytes.length }), status: () => 'Committed', viewOf: () => view },
    keys: keysOf(secretsOf()),
    services: () => pastServices,
    tools,
    onFailure: (error) => void failures.push(error),
    ...changes,
  });
  return { history, failures };
}

/** Asks until the states are there, or why there are none. */
export async function statesOf(
  { history, failures }: ReturnType<typeof historyOver>,
  first = 1,
  last = first,
): Promise<unknown> {
  for (let asked = 0; asked < 200 && failures.length === 0; asked++) {
    const states = history.stateRange(first, first, last, 60);
    if (states !== undefined) return states;
    await delay(2);
  }
  return failures[0];
}
