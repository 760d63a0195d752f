import { utf8 } from '@enclos/codec';
import { fromPem } from '@enclos/codec/pem';
import { decodeUtf8 } from '@enclos/codec/text';
import { KvStore, type KvTransaction } from '@enclos/kv';
import type { LedgerSecrets } from '@enclos/ledger';
import type { ScriptEngine } from '@enclos/script';

import { bundleOf, type AppBundle, type HistoricalView, type LogLevel } from '../../src/index.ts';
import { installBundle } from '../../src/bundle/rows.ts';
import type { AppAnswer, AppRequest } from '../../src/contract/message.ts';
import { openService, writeGenesis } from '../../src/node/genesis.ts';
import { NodeHistory } from '../../src/node/history.ts';
import { certifiedKey, makeServiceIdentity, type CertifiedKey } from '../../src/node/identity.ts';
import { NodeLedger, type LedgerSink } from '../../src/node/node-ledger.ts';
import type { SignaturePolicy } from '../../src/stages/signature-clock.ts';
import { Stages } from '../../src/stages/stages.ts';

/** One endpoint of an application that a test writes. */
export interface LittleEndpoint {
  readonly policies?: readonly unknown[];
  readonly mode?: string;
  readonly more?: object;
}

export const nowMs = Date.parse('2026-06-01T12:00:00Z');
const validity = { validFrom: new Date(nowMs - 1000), validUntil: new Date(nowMs + 86_400_000) };
export const user = certifiedKey({ name: 'user0', isAuthority: false, ...validity });
export const member = certifiedKey({ name: 'member0', isAuthority: false, ...validity });
export const stranger = certifiedKey({ name: 'stranger', isAuthority: false, ...validity });
const identity = makeServiceIdentity(['127.0.0.1'], { nowMs });

/** An application of one module, whose endpoints are `METHOD /path`: the function has the name of the second part of `as`. */
export function bundle(source: string, endpoints: Readonly<Record<string, LittleEndpoint>>): AppBundle {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [key, { policies = ['no_auth'], mode = 'readwrite', more = {} }] of Object.entries(endpoints)) {
    const [verb = '', path = '', name = ''] = key.split(' ');
    paths[path] ??= {};
    paths[path][verb.toLowerCase()] = {
      js_module: 'app.js',
      js_function: name,
      authn_policies: policies,
      forwarding_required: 'always',
      mode,
      ...more,
    };
  }
  return bundleOf(utf8(JSON.stringify({ endpoints: paths })), [{ name: 'app.js', source }]);
}

export interface LittleOptions {
  readonly signatures?: Partial<SignaturePolicy>;
  readonly sink?: LedgerSink;
  readonly attempted?: (transaction: KvTransaction, store: KvStore) => void;
  /** Writes to the store before the application is there. */
  readonly before?: (transaction: KvTransaction) => void;
  readonly nowMs?: number;
  readonly secrets?: LedgerSecrets;
  /** Default: what the node remembers. */
  readonly historical?: (node: NodeLedger) => HistoricalView;
}

export interface LittleAsk {
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  readonly as?: CertifiedKey;
  readonly from?: string;
}

/** A service with an application, asked without a network. */
export class LittleApp {
  readonly store = new KvStore();
  readonly node: NodeLedger;
  readonly stages: Stages;
  readonly lines: string[] = [];

  constructor(engine: ScriptEngine, app: AppBundle, options: LittleOptions = {}) {
    const now = (): number => options.nowMs ?? nowMs;
    const { sink, secrets } = options;
    this.node = new NodeLedger({
      identity,
      now,
      ...(sink === undefined ? {} : { sink }),
      ...(secrets === undefined ? {} : { secrets }),
    });
    const { attempted } = options;
    this.stages = new Stages({
      engine,
      store: this.store,
      node: this.node,
      ledger: this.node,
      historical: options.historical?.(this.node) ?? new NodeHistory(this.node),
      now,
      log: (level: LogLevel, line) => this.lines.push(`${level}: ${line}`),
      signatures: { delayMs: 3_600_000, ...options.signatures },
      ...(attempted === undefined ? {} : { attempted: (transaction) => attempted(transaction, this.store) }),
    });
    this.stages.transact((transaction) => {
      const users = [{ certificate: user.certificate, data: { admin: true } }];
      writeGenesis(transaction, { identity, members: [member], users, address: '127.0.0.1:8000' });
    });
    this.stages.transact((transaction) => {
      openService(transaction, identity);
      options.before?.(transaction);
      installBundle(transaction, app);
    });
  }

  ask(line: string, { query = '', headers = {}, body = '', as, from }: LittleAsk = {}): Promise<AppAnswer> {
    const [method = '', path = ''] = line.split(' ');
    const [certificate] = as === undefined ? [] : fromPem('CERTIFICATE', as.certificate, 65_536);
    const request: AppRequest = {
      method,
      path,
      query,
      headers: new Map(Object.entries(headers)),
      body: typeof body === 'string' ? utf8(body) : body,
      certificate,
      address: from,
    };
    return this.stages.submit(request);
  }

  /** The status with the body: JSON as a value. */
  async json(line: string, ask: LittleAsk = {}): Promise<readonly [number, unknown]> {
    const { status, body } = await this.ask(line, ask);
    return [status, body.length === 0 ? undefined : JSON.parse(decodeUtf8(body))];
  }
}

export function textOf({ body }: AppAnswer): string {
  return decodeUtf8(body);
}
