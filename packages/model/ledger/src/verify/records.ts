import { equalBytes, toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { readCoseEndorsement, readEndorsementRecord } from '../endorsement/cose-endorsement.ts';
import { verifyCose } from '../signature/cose-root.ts';
import type { ProofTools } from '../signature/node-signature.ts';
import type { MerkleTree } from '../tree/merkle-tree.ts';
import type { WriteSet } from '../write-set.ts';
import {
  isProposalBody,
  isProposalId,
  readGovernanceRecord,
  verifyGovernanceMessage,
  type GovernanceMessage,
} from './governance.ts';
import type { Network } from './network.ts';
import type { Findings, LedgerPlace } from './report.ts';
import { readSnapshotEvidence, type SnapshotEvidence } from './snapshots.ts';
import { changesOf, singleOf, tables } from './tables.ts';

const maximumPairs = 64;
/** After so many that do not hold, names of proposals are not looked for any more: each is compared under many roots. */
const maximumMisnamed = 256;

/** One transaction, with what was known before it. */
export interface RecordScene {
  readonly writes: WriteSet;
  readonly place: LedgerPlace;
  readonly network: Network;
  readonly tree: MerkleTree | undefined;
  readonly isPart: boolean;
  /** Roots with which an earlier identity may have ended. */
  readonly endRoots: readonly Uint8Array[];
}

/** Checks records that prove something by themselves: messages of members, endorsements of services, digests of snapshots. */
export class RecordVerifier {
  readonly evidence = new Map<number, SnapshotEvidence>();
  readonly #findings: Findings;
  readonly #tools: ProofTools;
  messages = 0;
  proposals = 0;
  #misnamed = 0;

  constructor(findings: Findings, tools: ProofTools) {
    this.#findings = findings;
    this.#tools = tools;
  }

  /** What needs the tree is checked before this returns. @returns checks that go on. */
  check(scene: RecordScene): readonly Promise<void>[] {
    const { writes, place } = scene;
    const checks: Promise<void>[] = [];
    const messages = changesOf(writes, tables.messages);
    // Each proposal is compared with each message, under many roots: a service writes one at a time.
    if (messages.length * changesOf(writes, tables.proposals).length > maximumPairs) {
      this.#findings.problem('governance', place, 'One transaction holds many messages of members and many proposals.');
      return checks;
    }
    for (const [member, value] of messages) {
      if (value !== undefined) checks.push(this.#checkMessage(member, value, scene));
    }
    const evidence = singleOf(writes, tables.snapshotEvidence);
    if (evidence !== undefined) {
      try {
        this.evidence.set(place.transactionId?.seqno ?? 0, readSnapshotEvidence(evidence));
      } catch (error) {
        this.#report('snapshot', place, error);
      }
    }
    const endorsement = singleOf(writes, tables.endorsement);
    if (endorsement !== undefined) checks.push(this.#checkEndorsement(endorsement, scene));
    return checks;
  }

  async #checkMessage(member: string, value: Uint8Array, scene: RecordScene): Promise<void> {
    const { place, network, isPart } = scene;
    const certificate = network.member(member);
    try {
      const message = readGovernanceRecord(value);
      this.messages++;
      if (message.type === 'proposal') this.#checkProposals(message, scene);
      if (certificate === undefined) {
        const note = 'Messages of members whose certificates stand before the files were not checked.';
        if (isPart) this.#findings.note(note);
        else this.#findings.problem('governance', place, `A message is of ${member}, who is not a member.`);
        return;
      }
      await verifyGovernanceMessage(message, member, certificate, this.#tools);
    } catch (error) {
      this.#report('governance', place, error);
    }
  }

  #checkProposals(message: GovernanceMessage, { writes, place, tree }: RecordScene): void {
    for (const [id, body] of changesOf(writes, tables.proposals)) {
      if (body === undefined) continue;
      this.proposals++;
      const isNamed = tree === undefined || this.#misnamed >= maximumMisnamed;
      if (!isNamed && !isProposalId(id, message, tree, this.#tools)) {
        this.#misnamed++;
        this.#findings.problem('governance', place, `The proposal ${id} is not named after its message.`);
      }
      if (!isProposalBody(body, message)) {
        this.#findings.problem('governance', place, `The proposal ${id} is not the one that the member signed.`);
      }
    }
  }

  async #checkEndorsement(value: Uint8Array, { place, network, endRoots }: RecordScene): Promise<void> {
    const [current, before] = [network.identities.at(-1), network.identities.at(-2)];
    try {
      const record = readEndorsementRecord(value);
      const endorsement = readCoseEndorsement(record.endorsement);
      if (current !== undefined) {
        if (!equalBytes(record.endorsingKey, current.certificate.key.spki)) {
          this.#findings.problem('identity', place, 'The endorsement is by another key than the one of the service.');
        }
        const otherwise = 'The endorsement is not signed by the service.';
        await verifyCose(endorsement.message, current.certificate.key, { otherwise }, this.#tools);
      }
      // The first endorsement of a service is of its own key, from its first transaction on.
      if (endorsement.to === undefined || before === undefined) return;
      if (current !== undefined && equalBytes(endorsement.key.spki, current.certificate.key.spki)) {
        // CCF before 6.0.0-rc2 opened a service twice when its primary changed in a recovery (issue 6906 of CCF).
        this.#findings.note(
          'A service endorsed its own key again: that leads to no other identity, and proves nothing.',
        );
        return;
      }
      if (!equalBytes(endorsement.key.spki, before.certificate.key.spki)) {
        this.#findings.problem(
          'identity',
          place,
          'The endorsement is of another key than the one before the recovery.',
        );
        return;
      }
      const { lastRoot } = endorsement;
      if (lastRoot !== undefined && !endRoots.some((root) => equalBytes(root, lastRoot))) {
        this.#findings.problem(
          'identity',
          place,
          `The endorsement is of a ledger that ends with root ${toHex(lastRoot)}.`,
        );
        return;
      }
      before.endorsed = true;
    } catch (error) {
      this.#report('identity', place, error);
    }
  }

  #report(rule: 'governance' | 'identity' | 'snapshot', place: LedgerPlace, error: unknown): void {
    if (!isEnclosError(error)) throw error;
    this.#findings.problem(rule, place, error.message);
  }
}
