import { settledWithin, SharedWork } from '@enclos/bounded';
import { decodeUtf8 } from '@enclos/codec/text';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { wholeBodyOf, type HttpClientResponse } from '@enclos/http';
import { ChangedReason } from '../changed-reason.ts';
import { cardPath, maximumCardBytes, readCard, refuseReplica, type ReplicaCard } from './card.ts';
import type { ReplicaLink } from './link.ts';

/** Places at which the host may know a replica: a bit each in what it says, and a destination each in enclave.json. */
const replicaSlots = 8;

/** Another replica, which both sides have appraised. */
export interface Replica {
  readonly card: ReplicaCard;
  readonly link: ReplicaLink;
}

export interface ReplicaDirectoryOptions {
  /** The card of this replica as it is now. */
  readonly own: () => ReplicaCard;
  /** Which places have an address now, as bits; the host may say anything. */
  readonly places: () => Promise<number>;
  readonly linkTo: (place: number) => ReplicaLink;
  /** Hears once why what is at a place is not a replica, or not any more. */
  readonly onRefused: (place: number, error: unknown) => void;
  readonly nowMs: () => number;
}

interface Slot {
  readonly link: ReplicaLink;
  card: ReplicaCard | undefined;
  /** Not looked at again before. */
  restsUntilMs: number;
  readonly told: ChangedReason;
  /** The look that is under way. */
  looking: Promise<void> | undefined;
}

/** A replica answers for its card at once. One that hangs is left out, and requests that it has are given up. */
const cardTimeoutMs = 1500;
/**
 * An address at which nothing answers, as that of a machine that is gone, takes its time to fail. Those that wait for a look, and the other
 * replicas, do not.
 */
const lookTimeoutMs = 2000;
/** What was refused, or is this replica itself, stays so for a while: each look costs both sides a quote. */
const restMs = 10_000;
/** A request whose key is not known has the replicas looked at again, so often at most. */
const askedAgainMs = 500;

/** The other replicas, looked at again and again. */
export class ReplicaDirectory {
  readonly #options: ReplicaDirectoryOptions;
  readonly #slots: readonly Slot[];
  readonly #looking = new SharedWork<void>();
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: ReplicaDirectoryOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: replicaSlots }, (_, place) => ({
      link: options.linkTo(place),
      card: undefined,
      restsUntilMs: Number.NEGATIVE_INFINITY,
      told: new ChangedReason(),
      looking: undefined,
    }));
  }

  /** Each replica once, whatever the host says of it. */
  all(): readonly Replica[] {
    const found = new Map<string, Replica>();
    for (const { card, link } of this.#slots) {
      if (card !== undefined && !found.has(card.replica)) found.set(card.replica, { card, link });
    }
    return [...found.values()];
  }

  /** Looks at every place that has an address, or had a replica. One that takes long is looked at for longer, and not waited for. */
  async look(): Promise<void> {
    return this.#looking.join(async () => {
      this.#lookedAtMs = this.#options.nowMs();
      const places = await this.#options.places().catch((error: unknown) => {
        this.#options.onRefused(-1, error);
        return 0;
      });
      const looks = this.#slots.flatMap((slot, place) => {
        if (slot.card === undefined && ((places >>> place) & 1) === 0) return [];
        slot.looking ??= this.#lookAt(slot, place).finally(() => (slot.looking = undefined));
        return [slot.looking];
      });
      await settledWithin(lookTimeoutMs, Promise.all(looks));
    });
  }

  /** As `look`, for a request of which no replica is known to have the key. */
  async lookAgain(): Promise<void> {
    const agoMs = this.#options.nowMs() - this.#lookedAtMs;
    if (agoMs >= 0 && agoMs < askedAgainMs) return;
    await this.look();
  }

  close(): void {
    for (const slot of this.#slots) {
      slot.link.close();
      slot.card = undefined;
    }
  }

  async #lookAt(slot: Slot, place: number): Promise<void> {
    const { own, nowMs, onRefused } = this.#options;
    if (nowMs() < slot.restsUntilMs) return;
    try {
      const card = await cardOf(slot.link);
      const { replica, modelManifestDigest } = own();
      if (card.replica === replica) return this.#rest(slot);
      if (card.modelManifestDigest !== modelManifestDigest) refuseReplica('models');
      slot.card = card;
      slot.told.clear();
    } catch (error) {
      this.#leave(slot);
      if (isRefusal(error)) slot.restsUntilMs = nowMs() + restMs;
      if (slot.told.take(error)) onRefused(place, error);
    }
  }

  #rest(slot: Slot): void {
    this.#leave(slot);
    slot.restsUntilMs = this.#options.nowMs() + restMs;
  }

  #leave(slot: Slot): void {
    slot.card = undefined;
    slot.link.close();
  }
}

async function cardOf(link: ReplicaLink): Promise<ReplicaCard> {
  const response = await link.ask({
    method: 'GET',
    path: cardPath,
    headTimeoutMs: cardTimeoutMs,
    maxBytes: maximumCardBytes,
  });
  const text = decodeUtf8(await bytesOf(response, maximumCardBytes));
  return response.status === 200 ? readCard(text) : refuseReplica('card');
}

/** All of a short answer. @param maxBytes that of its request @throws INFERENCE_REPLICA_LOST */
export async function bytesOf(response: HttpClientResponse, maxBytes: number): Promise<Uint8Array> {
  try {
    return await wholeBodyOf(response, maxBytes);
  } catch (cause) {
    throw new EnclosError('INFERENCE_REPLICA_LOST', undefined, { cause });
  }
}

/** Whether another look would find the same: it is not a replica, rather than not there. */
function isRefusal(error: unknown): boolean {
  return isEnclosError(error) && (error.kind === 'refused' || error.kind === 'evidence' || error.kind === 'policy');
}
