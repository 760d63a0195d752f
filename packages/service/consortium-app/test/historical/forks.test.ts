import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { utf8 } from '@enclos/codec';
import { coseSigningInput, writeCoseSign1 } from '@enclos/cose';
import { isEnclosError } from '@enclos/errors';
import { LedgerSecret, LedgerSecrets, LedgerWriter, serialiseTree, type WriteSet } from '@enclos/ledger';
import { nodeDigests } from '@enclos/ledger/node';
import {
  coseRootHeader,
  foldProof,
  keysOf,
  readLedgerCertificate,
  readReceipt,
  tables,
  verifyReceipt,
  writeCoseSignatureRecord,
  writeNodeSignature,
} from '@enclos/ledger/proof';
import { LedgerHistory, sourceInMemory, type HistoricalState } from '@enclos/ledger-history';
import { makeServiceIdentity } from '../../src/node/identity.ts';
import { tools } from './on-ledger.ts';

const identity = makeServiceIdentity(['127.0.0.1']);
const services = [readLedgerCertificate(identity.service.certificate)];
const secretsOf = () => LedgerSecrets.begin(new LedgerSecret(nodeDigests, new Uint8Array(32).fill(3)));
type Signer = 'node' | 'service';

/** A ledger of the service: a write, and the signature over it. */
function ledger(view: number, text: string, signers: readonly Signer[]): readonly Uint8Array[] {
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
  const first = write([['records', utf8(text)]]);
  const transactionId = { view, seqno: writer.tree.size };
  const values: (readonly [string, Uint8Array])[] = [[tables.tree, serialiseTree(writer.tree, 1)]];
  if (signers.includes('node')) values.push([tables.signatures, nodeRecord(writer, transactionId)]);
  if (signers.includes('service')) values.push([tables.coseSignatures, serviceRecord(writer, transactionId)]);
  return [first, write(values)];
}

function nodeRecord(
  { tree }: LedgerWriter,
  transactionId: { readonly view: number; readonly seqno: number },
): Uint8Array {
  const { preimage } = foldProof(tree.leaf(tree.size - 1), tree.proof(tree.size - 1), { digests: nodeDigests });
  const signature = new Uint8Array(sign('sha256', preimage ?? utf8(''), identity.node.privateKey));
  const { id, certificate } = identity.node;
  return writeNodeSignature({ transactionId, node: id, root: tree.root(), signature, certificate });
}

function serviceRecord(
  { tree }: LedgerWriter,
  transactionId: { readonly view: number; readonly seqno: number },
): Uint8Array {
  const header = { transactionId, issuer: 'i', subject: 's', issuedAt: 1 };
  const protectedBytes = coseRootHeader(header, identity.service.publicKey, { digests: nodeDigests });
  const input = coseSigningInput({ protectedBytes }, { detachedPayload: tree.root() });
  const key = { key: identity.service.privateKey, dsaEncoding: 'ieee-p1363' } as const;
  return writeCoseSignatureRecord(
    writeCoseSign1({ protectedBytes, signature: new Uint8Array(sign('sha384', input, key)) }),
  );
}

/** The state of seqno 1, or why there is none. */
async function stateOf(bytes: readonly Uint8Array[], view: number): Promise<unknown> {
  const failures: unknown[] = [];
  const history = new LedgerHistory({
    source: sourceInMemory(bytes),
    ledger: { lastCommitted: () => ({ view, seqno: 2 }), status: () => 'Committed', viewOf: () => view },
    keys: keysOf(secretsOf()),
    services: () => services.map((certificate) => ({ certificate })),
    tools,
    onFailure: (error) => void failures.push(error),
  });
  for (let asked = 0; asked < 200 && failures.length === 0; asked++) {
    const states = history.stateRange(1, 1, 1, 60);
    if (states !== undefined) return states[0];
    await delay(2);
  }
  return failures[0];
}

const valueOf = (state: unknown): string => {
  assert.ok(state instanceof Object && 'transaction' in state, String(state));
  const { transaction } = state as HistoricalState;
  return String.fromCharCode(...(transaction.map('records').get(utf8('k')) ?? []));
};

test('what a service signed in a view that came to nothing is not its past', async () => {
  const kept = ledger(3, 'kept', ['node', 'service']);
  const undone = ledger(2, 'undone', ['node', 'service']);
  assert.equal(valueOf(await stateOf(kept, 3)), 'kept');
  // Signatures, certificates and encryption of the other hold: only the view tells. Without that check a host chooses.
  assert.equal(valueOf(await stateOf(undone, 2)), 'undone');
  assert.ok(isEnclosError(await stateOf(undone, 3), 'LEDGER_UNPROVEN'));
});

test('an entry beside the signature of another history is refused, and so is one that nobody signed', async () => {
  const [one, another] = [ledger(2, 'one', ['node', 'service']), ledger(2, 'another', ['node', 'service'])];
  assert.ok(isEnclosError(await stateOf([...another.slice(0, 1), ...one.slice(1)], 2), 'LEDGER_UNPROVEN'));
  assert.ok(isEnclosError(await stateOf(ledger(2, 'unsigned', []), 2), 'LEDGER_UNAVAILABLE'));
});

test('a ledger that the service signs by COSE alone gives receipts in COSE, and none in JSON', async () => {
  const state = await stateOf(ledger(2, 'cose', ['service']), 2);
  assert.equal(valueOf(state), 'cose');
  const { coseReceipt } = state as HistoricalState;
  const proven = await verifyReceipt(readReceipt(coseReceipt ?? utf8('')), { services }, tools);
  assert.deepEqual(proven.transactionId, { view: 2, seqno: 1 });
  assert.throws(
    () => (state as HistoricalState).receipt,
    (error) => isEnclosError(error, 'LEDGER_UNAVAILABLE'),
  );
});

test('a ledger that nodes alone sign gives receipts in JSON', async () => {
  const state = (await stateOf(ledger(2, 'node', ['node']), 2)) as HistoricalState;
  assert.equal(valueOf(state), 'node');
  assert.equal(state.coseReceipt, undefined);
  await verifyReceipt(readReceipt(utf8(JSON.stringify(state.receipt))), { services }, tools);
});
