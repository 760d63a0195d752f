import '../errors.ts';
import { untilAborted } from '@enclos/bounded';
import { EnclosError } from '@enclos/errors';

/**
 * Requests that are passed on to one replica at once, and those that wait for their turn. An enclave has 256 streams, and seven replicas
 * beside it may all ask it.
 */
const maxAtOnce = 14;
const maxWaiting = 256;
/** A client that takes its answer more slowly than bodies have to arrive gives way when another request waits. */
const minBytesPerSecond = 65_536;
const patienceMs = 5000;
const lookMs = 1000;

/** A request that is passed on now. */
export interface ForwardingTurn {
  /** Ends the request: its client left, or was slow. */
  readonly signal: AbortSignal;
  /** The pieces of an answer, whose end ends the turn. */
  follow(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array>;
  /** Idempotent. */
  end(): void;
}

interface Waiter {
  readonly signal: AbortSignal;
  begin(): void;
}

/** The turns of one replica. A turn ends with the answer, so clients that do not take theirs would shut out all others. */
export class ForwardingTurns {
  readonly #nowMs: () => number;
  readonly #held = new Set<HeldTurn>();
  /** Turns that are promised to a request, which has not begun yet. */
  #promised = 0;
  readonly #waiting: Waiter[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** @throws INFERENCE_REPLICA_LOST where too many wait; the reason of the signal */
  async take(signal: AbortSignal): Promise<ForwardingTurn> {
    await this.#turn(signal);
    const turn = new HeldTurn(this.#nowMs, signal, () => {
      this.#held.delete(turn);
      this.#next();
    });
    this.#promised -= 1;
    this.#held.add(turn);
    if (signal.aborted) turn.giveUp(signal.reason);
    return turn;
  }

  async #turn(signal: AbortSignal): Promise<void> {
    if (this.#held.size + this.#promised >= maxAtOnce) this.#endSlowest();
    if (this.#held.size + this.#promised < maxAtOnce) {
      this.#promised += 1;
      return;
    }
    if (this.#waiting.length >= maxWaiting) {
      const message = 'The replica that has the key of this request has too many requests.';
      throw new EnclosError('INFERENCE_REPLICA_LOST', message);
    }
    let isMine = false;
    const turn = new Promise<void>((resolve) => {
      this.#waiting.push({
        signal,
        begin() {
          isMine = true;
          resolve();
        },
      });
    });
    this.#watch();
    try {
      await untilAborted(signal, turn);
    } catch (error) {
      if (isMine) {
        this.#promised -= 1;
        this.#next();
      }
      throw error;
    }
  }

  /** Hands a turn to the request that waits longest and is still wanted. */
  #next(): void {
    const waiter = this.#waiting.splice(0, this.#waiting.findIndex(({ signal }) => !signal.aborted) + 1).at(-1);
    if (waiter === undefined) {
      this.#waiting.splice(0);
      return;
    }
    this.#promised += 1;
    waiter.begin();
  }

  /** While requests wait, clients are looked at: they become slow without an event. */
  #watch(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (!this.#waiting.some(({ signal }) => !signal.aborted)) return;
      this.#endSlowest();
      if (this.#waiting.length > 0) this.#watch();
    }, lookMs);
    this.#timer.unref();
  }

  #endSlowest(): void {
    const [slowest] = [...this.#held].filter((turn) => turn.isSlow).toSorted((a, b) => b.owedMs - a.owedMs);
    slowest?.giveUp(new EnclosError('INFERENCE_REPLICA_LOST', 'The answer was taken too slowly while others waited.'));
  }
}

class HeldTurn implements ForwardingTurn {
  readonly #nowMs: () => number;
  readonly #ending = new AbortController();
  readonly #over: () => void;
  #isOver = false;
  /** For how long the client had a piece to take, and since when it has the one that it has not taken yet. */
  #clientMs = 0;
  #offeredAtMs: number | undefined;
  #takenBytes = 0;

  constructor(nowMs: () => number, signal: AbortSignal, over: () => void) {
    this.#nowMs = nowMs;
    const leave = (): void => this.giveUp(signal.reason);
    this.#over = () => {
      signal.removeEventListener('abort', leave);
      over();
    };
    signal.addEventListener('abort', leave);
  }

  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** How long its client has kept the turn. */
  get owedMs(): number {
    return this.#clientMs + (this.#offeredAtMs === undefined ? 0 : this.#nowMs() - this.#offeredAtMs);
  }

  get isSlow(): boolean {
    if (this.#offeredAtMs === undefined) return false;
    const { owedMs } = this;
    return owedMs > patienceMs && this.#takenBytes < (owedMs / 1000) * minBytesPerSecond;
  }

  async *follow(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      for await (const piece of body) {
        this.#offeredAtMs = this.#nowMs();
        yield piece;
        this.#clientMs = this.owedMs;
        this.#offeredAtMs = undefined;
        this.#takenBytes += piece.length;
      }
    } finally {
      this.end();
    }
  }

  giveUp(reason: unknown): void {
    this.#ending.abort(reason);
    this.end();
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#over();
  }
}
