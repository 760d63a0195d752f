import '../errors.ts';
import { SharedWork } from '@enclos/bounded';
import { durable, hasCode } from '@enclos/durable';
import { systemReason } from '@enclos/diagnostics';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { Log } from '../log.ts';
import { chooseCollateral, requireNotOlder, type EndorsedMachine, type HeldCollateral } from './candidate.ts';
import { readText } from './decode.ts';
import { firstLookMs, nextLookMs } from './pace.ts';
import type { CollateralSource } from './source.ts';

export interface KeeperOptions {
  readonly source: CollateralSource;
  readonly machine: EndorsedMachine;
  /** Where a copy is kept, so that a restart without a network has collateral. */
  readonly copyFile: string;
  readonly log: Log;
  /** Called with the code of each failure, to be counted. */
  readonly failed: (code: string) => void;
  readonly now: () => Date;
  /** From 0 up to 1. Default: `Math.random`. */
  readonly random?: () => number;
}

export interface CollateralState {
  /** When the oldest document was issued, and when the first one ends; Unix time in seconds. Undefined without collateral. */
  readonly issuedAt: number | undefined;
  readonly endsAt: number | undefined;
  /** When the source last had collateral that was accepted, or was unchanged; Unix time in seconds. */
  readonly confirmedAt: number | undefined;
  /** The reason of the last failure, until the next success. */
  readonly lastError: EnclosError | undefined;
  /** Why pods have no collateral that verifiers accept now; undefined when they have. */
  readonly unready: string | undefined;
}

/** Keeps the collateral of the node's vendor for its pods. */
export interface CollateralKeeper {
  /** As JSON. @throws COLLATERAL_UNAVAILABLE before there is any */
  endorsements(): Promise<string>;
  state(): CollateralState;
  /** Looks at the source now. Never rejects: the state says what came of it. */
  look(): Promise<void>;
  close(): void;
}

/**
 * Starts to keep collateral: the copy on disk first, then what the source has. What it gets replaces what it holds only after the
 * signatures up to the root of this machine were checked, and when no document in it is older. Expired collateral stays in
 * use, because verifiers decide about it, and the state and the log say so.
 */
export async function keepCollateral(options: KeeperOptions): Promise<CollateralKeeper> {
  const keeper = new Keeper(options);
  await keeper.begin();
  return Object.freeze<CollateralKeeper>({
    endorsements: () => keeper.endorsements(),
    state: () => keeper.state(),
    look: () => keeper.look(),
    close: () => keeper.close(),
  });
}

class Keeper {
  readonly #options: KeeperOptions;
  readonly #looks = new SharedWork<void>();
  #held: HeldCollateral | undefined;
  #confirmedMs: number | undefined;
  #lastError: EnclosError | undefined;
  #failuresInRow = 0;
  #wasExpired = false;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  async begin(): Promise<void> {
    await this.#readCopy();
    const waitMs = firstLookMs(this.#options.source.pace, this.#paceState());
    // A file is read before the first pod can ask. A server is not waited for: it may be down, and devices work without it.
    if (this.#options.source.pace === 'watch') await this.look();
    else if (waitMs === 0) void this.look();
    else this.#schedule(waitMs);
  }

  async endorsements(): Promise<string> {
    if (this.#held !== undefined) return this.#held.text;
    throw new EnclosError('COLLATERAL_UNAVAILABLE', undefined, { cause: this.#lastError });
  }

  state(): CollateralState {
    const seconds = (ms: number | undefined): number | undefined =>
      ms === undefined ? undefined : Math.floor(ms / 1000);
    return Object.freeze({
      issuedAt: seconds(this.#held?.issuedMs),
      endsAt: seconds(this.#held?.endsMs),
      confirmedAt: seconds(this.#confirmedMs),
      lastError: this.#lastError,
      unready: this.#unready(),
    });
  }

  #unready(): string | undefined {
    const because = this.#lastError === undefined ? '' : ` (${this.#lastError.code}: ${this.#lastError.message})`;
    if (this.#held === undefined) return `there is no collateral for pods${because}`;
    if (this.#isExpired()) return `the collateral for pods expired at ${this.#held.nextUpdate}${because}`;
    if (this.#held.isPlatformRevoked) return 'the vendor has revoked the certificate of this node';
    return undefined;
  }

  look(): Promise<void> {
    return this.#looks.join(() => this.#look());
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    const { source, machine, now } = this.#options;
    try {
      const texts = await source.read(machine.root.fingerprint);
      if (texts !== undefined) await this.#accept(await chooseCollateral(texts, machine, now()));
      // An unchanged file that was refused stays refused.
      if (texts !== undefined || this.#lastError?.code !== 'AGENT_COLLATERAL_REFUSED') this.#succeeded();
    } catch (error) {
      this.#failed(error);
    }
    this.#sayExpired();
    this.#schedule(nextLookMs(source.pace, this.#paceState()));
  }

  async #accept(next: HeldCollateral): Promise<void> {
    const held = this.#held;
    if (held !== undefined) requireNotOlder(next, held);
    if (held?.text === next.text) return;
    this.#held = next;
    const { nextUpdate, isPlatformRevoked } = next;
    this.#options.log.info('collateral-accepted', { source: next.name, until: nextUpdate, isPlatformRevoked });
    await this.#writeCopy(next.text);
  }

  #succeeded(): void {
    this.#confirmedMs = this.#options.now().getTime();
    this.#lastError = undefined;
    this.#failuresInRow = 0;
  }

  #failed(thrown: unknown): void {
    const error = isEnclosError(thrown)
      ? thrown
      : new EnclosError('AGENT_COLLATERAL_UNREACHABLE', undefined, { cause: thrown });
    this.#failuresInRow += 1;
    this.#options.failed(error.code);
    // The same reason comes again and again; it is told once.
    if (this.#lastError?.message !== error.message) {
      this.#options.log.warn('collateral-failed', error, { source: this.#options.source.name });
    }
    this.#lastError = error;
  }

  #isExpired(): boolean {
    return this.#held !== undefined && this.#held.endsMs < this.#options.now().getTime();
  }

  #sayExpired(): void {
    const isExpired = this.#isExpired();
    if (isExpired && !this.#wasExpired) {
      const message = `The collateral that pods get expired at ${this.#held?.nextUpdate ?? ''}.`;
      this.#options.log.warn('collateral-expired', new EnclosError('AGENT_COLLATERAL_EXPIRED', message));
    }
    this.#wasExpired = isExpired;
  }

  #paceState() {
    const { now, random = Math.random } = this.#options;
    return { held: this.#held, failures: this.#failuresInRow, nowMs: now().getTime(), random: random() };
  }

  #schedule(waitMs: number): void {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.look(), waitMs);
    this.#timer.unref();
  }

  /** The copy is checked like anything else: the machine may have another vendor now, or the disk may have failed. */
  async #readCopy(): Promise<void> {
    const { copyFile, machine, now, log } = this.#options;
    try {
      const text = await readText(copyFile);
      this.#held = await chooseCollateral([{ name: copyFile, text }], machine, now());
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) log.warn('collateral-copy-unusable', error);
    }
  }

  async #writeCopy(text: string): Promise<void> {
    const { copyFile, log } = this.#options;
    await durable.replace(copyFile, text).catch((cause: unknown) => {
      const message = `${copyFile} cannot be written: ${systemReason(cause) ?? 'the system reports an error'}.`;
      log.warn('collateral-copy-failed', new EnclosError('AGENT_COLLATERAL_NOT_KEPT', message, { cause }));
    });
  }
}
