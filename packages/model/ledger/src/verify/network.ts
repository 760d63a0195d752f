import { equalBytes } from '@enclos/codec';
import { boolean, JsonRecord, oneOf, parseJsonBytes, string } from '@enclos/codec/json';
import { decodeUtf8 } from '@enclos/codec/text';
import { isIssuedBy, readLedgerCertificate, type LedgerCertificate } from '../signature/certificate.ts';
import { keyIdentifier, type ProofTools } from '../signature/node-signature.ts';
import { within } from '../within.ts';
import type { TransactionId, WriteSet } from '../write-set.ts';
import type { Findings, LedgerPlace } from './report.ts';
import { changesOf, singleOf, tables } from './tables.ts';

const maximumJson = 1_048_576;
const statuses = ['Opening', 'Open', 'WaitingForRecoveryShares', 'Recovering'] as const;
type ServiceStatus = (typeof statuses)[number];

/** Which status may follow (CCF, python/src/ccf/ledger.py). A disaster may happen at any time, so Opening may always follow. */
const moves: Readonly<Record<ServiceStatus, readonly ServiceStatus[]>> = Object.freeze({
  Opening: ['Open', 'WaitingForRecoveryShares'],
  Recovering: ['WaitingForRecoveryShares'],
  WaitingForRecoveryShares: ['Open'],
  Open: ['Recovering'],
});

interface Identity {
  certificate: LedgerCertificate;
  readonly since: TransactionId;
  endorsed: boolean;
}

/** The service, its nodes and its members, as the transactions so far say. */
export class Network {
  readonly #nodes = new Map<string, 'Pending' | 'Retired' | 'Trusted'>();
  readonly #certificates = new Map<string, LedgerCertificate>();
  /** In version 1. */
  readonly #ownCertificates = new Map<string, LedgerCertificate>();
  /** The service that was asked last about a certificate, and whether it issued it: one node signs often. */
  readonly #issued = new WeakMap<
    LedgerCertificate,
    { readonly service: LedgerCertificate; readonly holds: Promise<boolean> }
  >();
  readonly #members = new Map<string, LedgerCertificate>();
  readonly identities: Identity[] = [];
  #status: ServiceStatus | undefined;
  #isInterrupted = false;
  readonly #findings: Findings;
  readonly #tools: ProofTools;

  constructor(findings: Findings, tools: ProofTools) {
    this.#findings = findings;
    this.#tools = tools;
  }

  /** Transactions are missing: what was seen may not hold any more. */
  interrupt(): void {
    this.#status = undefined;
    this.#isInterrupted = true;
  }

  /** Whether the service may be another one than was seen last. */
  get isInterrupted(): boolean {
    return this.#isInterrupted;
  }

  get service(): LedgerCertificate | undefined {
    return this.identities.at(-1)?.certificate;
  }

  member(id: string): LedgerCertificate | undefined {
    return this.#members.get(id);
  }

  nodeStatus(id: string): 'Pending' | 'Retired' | 'Trusted' | undefined {
    return this.#nodes.get(id);
  }

  /** `isOwn`: it stands in the record of the node, as in version 1, and not in the table of those that the service issued. */
  nodeCertificate(id: string): { readonly certificate: LedgerCertificate; readonly isOwn: boolean } | undefined {
    const issued = this.#certificates.get(id);
    const certificate = issued ?? this.#ownCertificates.get(id);
    return certificate === undefined ? undefined : { certificate, isOwn: issued === undefined };
  }

  /** Whether a service issued the certificate of a node. */
  isIssued(certificate: LedgerCertificate, service: LedgerCertificate): Promise<boolean> {
    const known = this.#issued.get(certificate);
    if (known?.service === service) return known.holds;
    const holds = isIssuedBy(certificate, service, this.#tools.subtle);
    this.#issued.set(certificate, { service, holds });
    return holds;
  }

  /** Takes what a transaction says. @returns checks that go on. */
  apply(writes: WriteSet, id: TransactionId, place: LedgerPlace): Promise<void>[] {
    const checks: Promise<void>[] = [];
    const guard = (rule: 'governance' | 'identity' | 'node', read: () => void): void => {
      try {
        read();
      } catch (error) {
        this.#findings.problem(rule, place, error instanceof Error ? error.message : String(error));
      }
    };
    const service = singleOf(writes, tables.service);
    if (service !== undefined) guard('identity', () => this.#applyService(service, id, place));
    for (const [node, value] of changesOf(writes, tables.nodes)) guard('node', () => this.#applyNode(node, value));
    for (const [node, value] of changesOf(writes, tables.nodeCertificates)) {
      guard('node', () => checks.push(...this.#applyNodeCertificate(node, value, place)));
    }
    for (const [member, value] of changesOf(writes, tables.members)) {
      guard('governance', () => this.#applyMember(member, value));
    }
    return checks;
  }

  #applyService(value: Uint8Array, since: TransactionId, place: LedgerPlace): void {
    const { status, certificate } = within('The record of the service', () => {
      const record = new JsonRecord(parseJsonBytes(value, maximumJson), 'service');
      return {
        status: record.required('status', oneOf(...statuses)),
        certificate: readLedgerCertificate(record.required('cert', string(16_384))),
      };
    });
    const before = this.#status;
    if (before !== undefined && before !== status && status !== 'Opening' && !moves[before].includes(status)) {
      this.#findings.problem('status', place, `The service went from ${before} to ${status}.`);
    }
    const wasInterrupted = this.#isInterrupted;
    this.#status = status;
    this.#isInterrupted = false;
    const last = this.identities.at(-1);
    if (last !== undefined && equalBytes(last.certificate.key.spki, certificate.key.spki)) {
      last.certificate = certificate;
      return;
    }
    if (last !== undefined && !wasInterrupted && status !== 'Opening' && status !== 'Recovering') {
      this.#findings.problem(
        'identity',
        place,
        `The service took another key while it was ${status}, not in a recovery.`,
      );
    }
    this.identities.push({ certificate, since, endorsed: false });
  }

  #applyNode(id: string, value: Uint8Array | undefined): void {
    if (value === undefined) {
      this.#nodes.delete(id);
      this.#ownCertificates.delete(id);
      return;
    }
    within(`The record of node ${id}`, () => {
      const record = new JsonRecord(parseJsonBytes(value, maximumJson), 'node');
      this.#nodes.set(id, record.required('status', oneOf('Pending', 'Trusted', 'Retired')));
      record.optional('retired_committed', boolean);
      // Version 1 of CCF has the node's own certificate here, and no table of endorsed ones.
      const own = record.optional('cert', string(16_384));
      if (own !== undefined) this.#ownCertificates.set(id, readLedgerCertificate(own));
    });
  }

  #applyNodeCertificate(id: string, value: Uint8Array | undefined, place: LedgerPlace): Promise<void>[] {
    if (value === undefined) {
      this.#certificates.delete(id);
      return [];
    }
    const certificate = readLedgerCertificate(decodeUtf8(value));
    this.#certificates.set(id, certificate);
    if (keyIdentifier(certificate.key, this.#tools.digests) !== id) {
      this.#findings.problem('node', place, `The certificate of node ${id} is for the key of another node.`);
    }
    const { service } = this;
    if (service === undefined) return [];
    return [
      this.isIssued(certificate, service).then((isIssued) => {
        const what = `The certificate of node ${id} is not issued by the service.`;
        if (!isIssued) this.#findings.problem('node', place, what);
      }),
    ];
  }

  #applyMember(id: string, value: Uint8Array | undefined): void {
    if (value === undefined) this.#members.delete(id);
    else this.#members.set(id, readLedgerCertificate(decodeUtf8(value)));
  }
}
