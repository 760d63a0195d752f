import { utf8 } from '@enclos/codec';
import { KvStore, type KvTransaction } from '@enclos/kv';
import { LedgerSecret, LedgerSecrets, type RecoveryShares } from '@enclos/ledger';
import { nodeDigests } from '@enclos/ledger/node';
import type { ScriptEngine } from '@enclos/script';
import type { AppBundle } from '../bundle/bundle.ts';
import { appMaps, defaultRuntimeOptions, installBundle, singletonKey } from '../bundle/rows.ts';
import type { LogLevel } from '../context.ts';
import type { AppAnswer, AppRequest } from '../contract/message.ts';
import { checkApp } from '../deployment/check-app.ts';
import { openService, writeGenesis, type KnownParty } from '../node/genesis.ts';
import { NodeHistory } from '../node/history.ts';
import type { ServiceIdentity } from '../node/identity.ts';
import { NodeLedger, type LedgerSink } from '../node/node-ledger.ts';
import type { SignaturePolicy } from '../stages/signature-clock.ts';
import { Stages } from '../stages/stages.ts';
import { setTokenIssuer, type TokenIssuer } from './token-issuer.ts';

export interface SandboxOptions {
  readonly engine: ScriptEngine;
  readonly identity: ServiceIdentity;
  readonly members: readonly KnownParty[];
  readonly users: readonly KnownParty[];
  /** Where clients reach it: `127.0.0.1:8000`. */
  readonly address: string;
  readonly sink?: LedgerSink;
  /** 32 random bytes, which open the private parts of the ledger. Default: new ones. */
  readonly ledgerSecret?: Uint8Array;
  /** Shares of the ledger secret, for members: see `issueShares`. Without them only the secret itself opens the ledger. */
  readonly recoveryShares?: RecoveryShares;
  /** The policy `jwt` accepts their tokens. Default: none. */
  readonly issuers?: readonly TokenIssuer[];
  readonly signatures?: Partial<SignaturePolicy>;
  /** Takes lines of `console`, and exceptions with their traces. */
  readonly log?: (level: LogLevel, line: string) => void;
}

/**
 * A service of CCF for development: one node, open at once, all in memory, and no governance: its applications are put into it.
 * Exceptions go to the log and to clients.
 *
 * @example
 * const sandbox = new Sandbox({ engine: v8Engine(), identity, members: [], users: [], address: '127.0.0.1:8000' });
 * sandbox.deploy(readBundle(bytes));
 * const answer = await sandbox.submit(request);
 */
export class Sandbox {
  readonly #engine: ScriptEngine;
  readonly #node: NodeLedger;
  readonly #store = new KvStore();
  readonly #stages: Stages;

  /** @throws TOKEN_ISSUER_INVALID */
  constructor(options: SandboxOptions) {
    const { engine, identity, members, users, address, sink, ledgerSecret, recoveryShares, log } = options;
    const { issuers = [], signatures = {} } = options;
    const node = new NodeLedger({
      identity,
      ...(sink === undefined ? {} : { sink }),
      ...(ledgerSecret === undefined
        ? {}
        : { secrets: LedgerSecrets.begin(new LedgerSecret(nodeDigests, ledgerSecret)) }),
    });
    const logging = log === undefined ? {} : { log };
    this.#engine = engine;
    this.#node = node;
    this.#stages = new Stages({
      ...logging,
      engine,
      store: this.#store,
      node,
      ledger: node,
      historical: new NodeHistory(node),
      signatures,
    });
    this.#stages.transact((transaction) => writeGenesis(transaction, { identity, members, users, address }));
    this.#stages.transact((transaction) => {
      openService(transaction, identity, recoveryShares);
      for (const issuer of issuers) setTokenIssuer(transaction, issuer);
      setOptions(transaction);
    });
  }

  /**
   * Puts an application in the place of the one before.
   *
   * @throws SCRIPT_INVALID, APP_INVALID for one whose modules or functions do not load: then the one before stays.
   */
  deploy(bundle: AppBundle): void {
    const historical = new NodeHistory(this.#node);
    const { seqno } = this.#node.lastCommitted();
    const [past] = historical.stateRange(0, seqno, seqno) ?? [];
    const foundation = { engine: this.#engine, ledger: this.#node, historical };
    const transaction = this.#store.begin();
    try {
      checkApp(bundle, { foundation, limits: defaultRuntimeOptions, transaction, past });
    } finally {
      this.#store.discard(transaction);
    }
    this.#stages.transact((writing) => installBundle(writing, bundle));
  }

  submit(request: AppRequest): Promise<AppAnswer> {
    return this.#stages.submit(request);
  }

  /** Signs what is not signed yet, and stops. */
  close(): void {
    this.#stages.close();
  }
}

/** The limits of CCF. Exceptions go to the log and to clients, with their traces. */
function setOptions(transaction: KvTransaction): void {
  const { maxHeapBytes, maxStackBytes, maxExecutionMs } = defaultRuntimeOptions;
  const options = {
    max_heap_bytes: maxHeapBytes,
    max_stack_bytes: maxStackBytes,
    max_execution_time_ms: maxExecutionMs,
    log_exception_details: true,
    return_exception_details: true,
  };
  transaction.map(appMaps.options).set(singletonKey, utf8(JSON.stringify(options)));
}
