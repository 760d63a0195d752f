import type { KvAccess, KvMap, KvTransaction } from '@enclos/kv';
import type { ScriptEngine, ScriptInterpreter, ScriptLimits } from '@enclos/script';

import type { HistoricalState, ScriptServices } from '../context.ts';
import type { GovernanceEffects } from './effects.ts';
import type { ScriptRequest } from './request.ts';
import type { ScriptRole } from './role.ts';

/** What a handler answers, as the script side converted it. Names of headers are the script's. */
export interface ScriptResponse {
  readonly status: number;
  /** By the kind of the body; undefined without one. */
  readonly contentType: string | undefined;
  readonly body: Uint8Array | string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** One request, or one step of a proposal, and what the script did in it. */
export interface ScriptCall {
  readonly transaction: KvTransaction;
  /** What the handler answers; steps of proposals have none. */
  readonly request: ScriptRequest | undefined;
  readonly requestBody: Uint8Array;
  /** The content of the COSE message that authenticated the caller. */
  readonly callerContent: Uint8Array | undefined;
  readonly historicalState: HistoricalState | undefined;
  readonly effects: GovernanceEffects | undefined;
  /** The peer that is counted for what callers share. Empty where none is known. */
  readonly peer: () => string;
  readonly limits: ScriptLimits;
  /** Milliseconds, on the clock of `Date`. */
  readonly startedAtMs: number;
  /** `ccf.rpc.setApplyWrites`; undefined while the status decides. */
  applyWrites: boolean | undefined;
  claimsDigest: Uint8Array | undefined;
  response: ScriptResponse | undefined;
  /** Which part of the returned value could not be converted, in the words of CCF. */
  conversionFailure: string | undefined;
  /** Lines that it wrote to the console. */
  lines: number;
  /** Transactions of the past that it asked for. */
  askedStates: number;
  /** Bytes of tables that it iterates over now. */
  iteratedBytes: number;
  /** The maps of its transaction, by the number of the handle. */
  readonly maps: (KvMap | undefined)[];
  /** The range of states that it asked for last. */
  range: readonly HistoricalState[];
  /** The states of the past that it may read, by numbers that no other call of the interpreter has. */
  readonly states: Map<number, HistoricalState>;
  /** Their tables, once one of them is read. */
  readonly pastTables: Map<HistoricalState, KvTransaction>;
  /** The tables of the past that it has opened, by the number of the handle. */
  readonly pastHandles: Map<number, PastHandle>;
}

/** A table of the past that a script has opened. */
export interface PastHandle {
  readonly name: string;
  readonly access: KvAccess;
  readonly state: HistoricalState;
  map: KvMap | undefined;
}

export type CallInput = Pick<ScriptCall, 'transaction' | 'historicalState' | 'effects'> & {
  readonly requestBody?: Uint8Array;
  readonly callerContent?: Uint8Array | undefined;
  readonly peer?: () => string;
};

const nothing = new Uint8Array(0);
const noPeer = (): string => '';

/** What an interpreter keeps between its calls, and the call that runs in it. */
export class ScriptSession {
  readonly role: ScriptRole;
  readonly services: ScriptServices;
  /** Runs what is checked before it is accepted: constitutions, modules. */
  readonly engine: ScriptEngine;
  /** `ccf.enableMetricsLogging`. */
  metrics = false;
  #call: ScriptCall | undefined;
  #resets: (() => void)[] = [];
  #nextState = 0;
  #interpreter: Pick<ScriptInterpreter, 'checkTime'> | undefined;

  constructor(of: Pick<ScriptSession, 'role' | 'services' | 'engine'>) {
    this.role = of.role;
    this.services = of.services;
    this.engine = of.engine;
  }

  /** The running call. The host functions that need it are called by scripts only, which run in calls only. */
  get call(): ScriptCall {
    if (this.#call === undefined) throw new Error('No call is running.');
    return this.#call;
  }

  begin(input: CallInput, limits: ScriptLimits, request?: ScriptRequest): ScriptCall {
    this.#call = {
      transaction: input.transaction,
      request,
      requestBody: input.requestBody ?? nothing,
      callerContent: input.callerContent,
      historicalState: input.historicalState,
      effects: input.effects,
      peer: input.peer ?? noPeer,
      limits,
      startedAtMs: Date.now(),
      applyWrites: undefined,
      claimsDigest: undefined,
      response: undefined,
      conversionFailure: undefined,
      lines: 0,
      askedStates: 0,
      iteratedBytes: 0,
      maps: [],
      range: [],
      states: new Map(),
      pastTables: new Map(),
      pastHandles: new Map(),
    };
    return this.#call;
  }

  /** Lets the running call read a state of the past. @returns its number: scripts may keep it, and it means nothing in a later call. */
  addState(state: HistoricalState): number {
    this.call.states.set(this.#nextState, state);
    return this.#nextState++;
  }

  /** Names the interpreter that the calls run in. */
  runIn(interpreter: Pick<ScriptInterpreter, 'checkTime'>): void {
    this.#interpreter = interpreter;
  }

  /** Between the parts of what takes long: throws, once the time of the call is up, what has to pass to the interpreter. */
  readonly checkTime = (): void => {
    this.#interpreter?.checkTime();
  };

  /** The limits of the running call, with the time that is left of it. */
  limitsLeft(): ScriptLimits {
    const { limits, startedAtMs } = this.call;
    const maxExecutionMs = Math.max(1, startedAtMs + limits.maxExecutionMs - Date.now());
    return { ...limits, maxExecutionMs };
  }

  end(): void {
    this.#call = undefined;
  }

  /** The previous setting, as the function of CCF answers. */
  logMetrics(enable: boolean): boolean {
    const previous = this.metrics;
    this.metrics = enable;
    return previous;
  }

  /** What an extension keeps for the interpreter goes with it when it becomes new. */
  onReset(forget: () => void): void {
    this.#resets.push(forget);
  }

  reset(): void {
    this.metrics = false;
    for (const forget of this.#resets) forget();
  }
}
