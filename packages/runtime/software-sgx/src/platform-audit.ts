import { toHex } from '@enclos/codec';
import { mrSignerOf, parseSigstruct, type Attributes } from '@enclos/sgx';
import { sha256 } from '@enclos/sgx/node';
import type { EnclaveExit, Isolation, LaunchedIdentity } from '@enclos/tee';
import {
  createTally,
  openAuditWriter,
  type AuditEvent,
  type AuditWriter,
  type AuditWriterOptions,
  type Tally,
} from '@enclos/tee/audit';
import {
  auditedCalls,
  auditedLeaves,
  codeOf,
  told,
  type EnclaveHandlers,
  type LeafHandlers,
  type QuoteHandler,
  type Tell,
} from './audited-calls.ts';
import type { MeasuredImage } from './cpu/measured-image.ts';

/** The log of one platform process. */
export interface PlatformAudit {
  /** @throws PLATFORM_AUDIT_FAILED: a platform that cannot record its start does not start. */
  started(facts: AuditFacts): Promise<void>;
  /** A host has connected. */
  host(who?: AuditedHost): HostAudit;
  /**
   * Wraps the quotes of a quote helper: each is recorded before it is given out. @throws (each) PLATFORM_AUDIT_FAILED instead
   * of the quote
   */
  helperQuotes(quote: QuoteHandler): QuoteHandler;
  /** Waits a moment for enclaves that are ending, records that the platform stops, and closes the log. Idempotent. */
  close(): Promise<void>;
}

/** The identity of a host of a separated platform. */
export interface AuditedHost {
  readonly user?: number | undefined;
  /** The folder in which it connected, when it is known by its folders. */
  readonly folder?: string | undefined;
}

export type AuditFacts = Readonly<Record<string, string | number | boolean>>;

export interface HostAudit {
  /** Wraps the host's requests: refused requests are recorded. */
  requests<A extends readonly unknown[]>(
    names: readonly string[],
    serve: (index: number, ...rest: A) => Promise<Uint8Array>,
  ): (index: number, ...rest: A) => Promise<Uint8Array>;
  /** Wraps the quotes that this host asks for. @throws (each) PLATFORM_AUDIT_FAILED in place of the quote */
  quotes(quote: QuoteHandler): QuoteHandler;
  /** The audit of an enclave that this host asks for. */
  enclave(): EnclaveAudit;
  disconnected(): void;
}

/** The facts that are recorded when a launch is refused. */
export interface AuditedLaunch {
  readonly image: Pick<MeasuredImage, 'streamBytes'>;
  readonly signature: Uint8Array;
  readonly debug: boolean;
  readonly isolation: Isolation;
  readonly inspector?: boolean | undefined;
  /** Sockets are passed to the enclave, as the platform decided. */
  readonly passed?: boolean | undefined;
  /** Its companions, with the digests of their files: a text for people. */
  readonly companions?: string | undefined;
}

/** The facts of a launch of an SGX image. */
export interface AuditedSgxLaunch {
  readonly streamBytes: number;
  readonly signature: Uint8Array;
  readonly attributes: Attributes;
  readonly miscSelect: number;
  readonly isolation: Isolation;
  /** What runs it. */
  readonly stub: { readonly sha256: Uint8Array; readonly securityVersion: number } | undefined;
}

/** One process of a companion. */
export interface AuditedCompanion {
  readonly name: string;
  readonly number: number;
  readonly generation: number;
}

export interface EnclaveAudit {
  /** Call it before the host gets the enclave. @throws PLATFORM_AUDIT_FAILED */
  launched(launch: AuditedLaunch, identity: LaunchedIdentity): Promise<void>;
  refused(launch: AuditedLaunch, error: unknown): void;
  /** As `launched`, for an SGX image. @throws PLATFORM_AUDIT_FAILED */
  launchedSgx(launch: AuditedSgxLaunch, identity: LaunchedIdentity): Promise<void>;
  refusedSgx(launch: AuditedSgxLaunch, error: unknown): void;
  /**
   * Wraps the functions that the enclave may call: each call is recorded before its result is given.
   * @throws (each) PLATFORM_AUDIT_FAILED in place of the result
   */
  calls(handlers: EnclaveHandlers): EnclaveHandlers;
  /** As `calls`, for the stub of an SGX image. */
  leaves(handlers: LeafHandlers): LeafHandlers;
  companionStarted(process: AuditedCompanion): void;
  companionEnded(process: AuditedCompanion, exit: EnclaveExit): void;
  /** It could not be started, and is tried again later. */
  companionFailed(process: AuditedCompanion, error: unknown): void;
  terminated(): void;
  exited(exit: EnclaveExit): void;
}

const waitForEndsMs = 2000;

/**
 * Opens the log of a platform. See {@link openAuditWriter} for what it refuses.
 * @throws PLATFORM_AUDIT_BUSY, PLATFORM_AUDIT_BROKEN, PLATFORM_AUDIT_FAILED
 */
export async function openPlatformAudit(path: string, options: AuditWriterOptions = {}): Promise<PlatformAudit> {
  const writer = await openAuditWriter(path, options);
  const log: Log = { writer, tally: createTally(writer), running: new Set(), idle: [] };
  let hosts = 0;
  let closed: Promise<void> | undefined;
  return Object.freeze({
    started: (facts: AuditFacts) => writer.record({ event: 'platform-started', processId: process.pid, ...facts }),
    helperQuotes: (quote: QuoteHandler) => (request: Parameters<QuoteHandler>[0]) =>
      told(helperTell(log), { event: 'helper-quote' }, () => quote(request)),
    host: (who: AuditedHost = {}) => hostAudit(log, ++hosts, who),
    close() {
      closed ??= closeLog(log);
      return closed;
    },
  });
}

interface Log {
  readonly writer: AuditWriter;
  readonly tally: Tally;
  readonly running: Set<string>;
  /** Called when the last enclave has ended. */
  readonly idle: (() => void)[];
}

async function closeLog({ writer, tally, running, idle }: Log): Promise<void> {
  if (running.size > 0) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, waitForEndsMs);
      idle.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
  tally.flush();
  writer.note({ event: 'platform-stopped', running: running.size });
  await writer.close();
}

function hostAudit(log: Log, host: number, { user, folder }: AuditedHost): HostAudit {
  const { tally } = log;
  let enclaves = 0;
  const who = { ...(user === undefined ? {} : { user }), ...(folder === undefined ? {} : { folder }) };
  tally.note('platform', { event: 'host-connected', host, ...who });
  return Object.freeze({
    requests:
      <A extends readonly unknown[]>(
        names: readonly string[],
        serve: (index: number, ...rest: A) => Promise<Uint8Array>,
      ) =>
      async (index: number, ...rest: A) => {
        try {
          return await serve(index, ...rest);
        } catch (error) {
          const request = names[index] ?? 'unknown';
          // A launch has its own record.
          if (request !== 'initialize' && request !== 'initializeSgx') {
            tally.note(`host ${host}`, { event: 'request-refused', host, request, code: codeOf(error) });
          }
          throw error;
        }
      },
    quotes: (quote: QuoteHandler) => (request: Parameters<QuoteHandler>[0]) =>
      told(
        (event, code) => tally.record(`host ${host}`, { ...event, code }),
        { event: 'host-quote', host },
        () => quote(request),
      ),
    enclave: () => enclaveAudit(log, host, `${host}.${++enclaves}`),
    disconnected: () => tally.note('platform', { event: 'host-disconnected', host }),
  });
}

function enclaveAudit({ writer, tally, running, idle }: Log, host: number, enclave: string): EnclaveAudit {
  const companions = `companions of ${enclave}`;
  const tell: Tell = (event, code) => tally.record(`enclave ${enclave}`, { ...event, enclave, code });
  const recordLaunch = async (identity: LaunchedIdentity, facts: AuditFacts): Promise<void> => {
    await writer.record({ event: 'enclave-launched', enclave, ...identityFacts(identity), ...facts, code: 'OK' });
    running.add(enclave);
  };
  return Object.freeze<EnclaveAudit>({
    launched: (launch, identity) =>
      recordLaunch(identity, {
        isolation: launch.isolation,
        ...inspection(launch),
        ...(launch.passed === true ? { streams: 'passed' } : {}),
        ...(launch.companions === undefined ? {} : { companions: launch.companions }),
      }),
    refused: (launch, error) => tally.note(`launches of ${host}`, refusedLaunch(host, launch, error)),
    launchedSgx: (launch, identity) => recordLaunch(identity, { isolation: launch.isolation, ...sgxFacts(launch) }),
    refusedSgx: (launch, error) =>
      tally.note(`launches of ${host}`, {
        event: 'launch-refused',
        host,
        code: codeOf(error),
        ...claims(launch.signature),
        isolation: launch.isolation,
        ...sgxFacts(launch),
        imageBytes: launch.streamBytes,
      }),
    calls: (handlers) => auditedCalls(handlers, tell),
    leaves: (handlers) => auditedLeaves(handlers, tell),
    companionStarted: ({ name, number, generation }) =>
      tally.note(companions, { event: 'companion-started', enclave, companion: name, number, generation }),
    companionEnded: ({ name, number, generation }, exit) =>
      tally.note(companions, {
        event: 'companion-ended',
        enclave,
        companion: name,
        number,
        generation,
        ...endFacts(exit),
      }),
    companionFailed: ({ name, number }, error) =>
      tally.note(companions, { event: 'companion-failed', enclave, companion: name, number, code: codeOf(error) }),
    terminated: () => tally.note(`host ${host}`, { event: 'enclave-terminated', enclave }),
    exited(exit) {
      writer.note({ event: 'enclave-exited', enclave, ...endFacts(exit) });
      if (running.delete(enclave) && running.size === 0) for (const resolve of idle.splice(0)) resolve();
    },
  });
}

function endFacts({ exitCode, signal, detail }: EnclaveExit): AuditFacts {
  return {
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(signal === undefined ? {} : { signal }),
    // Only the platform's own sentence, which the output of a debug enclave may follow.
    reason: (detail.split('\n', 1)[0] ?? '').slice(0, 200),
  };
}

function identityFacts(identity: LaunchedIdentity): AuditFacts {
  return {
    mrEnclave: toHex(identity.mrEnclave),
    mrSigner: toHex(identity.mrSigner),
    productId: identity.productId,
    securityVersion: identity.securityVersion,
    debug: identity.debug,
  };
}

function sgxFacts({ attributes, miscSelect, stub }: AuditedSgxLaunch): AuditFacts {
  return {
    execution: 'sgx',
    attributes: attributes.flags.toString(16),
    xfrm: attributes.xfrm.toString(16),
    miscSelect,
    ...(stub === undefined ? {} : { stub: toHex(stub.sha256), stubSecurityVersion: stub.securityVersion }),
  };
}

/** A refused image has no identity: the record says what its signature claims, as a claim. */
function refusedLaunch(host: number, launch: AuditedLaunch, error: unknown): AuditEvent {
  const { signature, debug, isolation, image } = launch;
  return {
    event: 'launch-refused',
    host,
    code: codeOf(error),
    ...claims(signature),
    debug,
    isolation,
    ...inspection(launch),
    imageBytes: image.streamBytes,
  };
}

/** A debugger reads everything in an enclave, so this gets its own record. It is rare. */
function inspection({ inspector }: AuditedLaunch): AuditFacts {
  return inspector === true ? { inspector } : {};
}

function claims(signature: Uint8Array): AuditFacts {
  try {
    const { enclaveHash, modulus, isvProdId, isvSvn } = parseSigstruct(signature);
    return {
      claimedMrEnclave: toHex(enclaveHash),
      claimedMrSigner: toHex(mrSignerOf(modulus, sha256)),
      claimedProductId: isvProdId,
      claimedSecurityVersion: isvSvn,
    };
  } catch {
    return { claimedMrEnclave: 'unreadable' };
  }
}

/** A quote helper does not know its callers. */
function helperTell({ tally }: Log): Tell {
  return (event, code) => tally.record('quote helper', { ...event, code });
}
