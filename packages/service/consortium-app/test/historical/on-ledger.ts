import { webcrypto } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { LedgerSecret, LedgerSecrets } from '@enclos/ledger';
import { nodeDigests } from '@enclos/ledger/node';
import { keysOf, readLedgerCertificate } from '@enclos/ledger/proof';
import type { ScriptEngine } from '@enclos/script';
import { LedgerHistory, sourceInMemory, type LedgerHistoryOptions } from '@enclos/ledger-history';
import type { AppBundle } from '../../src/index.ts';
import type { NodeLedger } from '../../src/node/node-ledger.ts';
import { LittleApp } from '../kit/little-app.ts';

const tools = { digests: nodeDigests, subtle: webcrypto.subtle };

/** A service whose past is read from the bytes of its ledger, which `entries` holds. */
export function serviceOnLedger(engine: ScriptEngine, app: AppBundle, changes: Partial<LedgerHistoryOptions> = {}) {
  const entries: Uint8Array[] = [];
  const secrets = LedgerSecrets.begin(new LedgerSecret(nodeDigests, new Uint8Array(32).fill(9)));
  const historyOf = (node: NodeLedger, more: Partial<LedgerHistoryOptions> = changes): LedgerHistory =>
    new LedgerHistory({
      source: sourceInMemory(entries),
      ledger: node,
      keys: keysOf(secrets),
      services: () => [{ certificate: readLedgerCertificate(node.identity.service.certificate) }],
      tools,
      ...more,
    });
  const sink = {
    write: ({ bytes }: { readonly bytes: Uint8Array }) => void entries.push(bytes.slice()),
    committed() {},
  };
  return { service: new LittleApp(engine, app, { sink, secrets, historical: historyOf }), historyOf, entries };
}

/** Asks again and again, as clients do, for a second at most. */
export async function untilThere<T>(
  ask: () => Promise<T> | T,
  isThere: (answer: T) => boolean = (answer) => answer !== undefined,
): Promise<T> {
  for (let asked = 0; asked < 200; asked++) {
    const answer = await ask();
    if (isThere(answer)) return answer;
    await delay(5);
  }
  return ask();
}
