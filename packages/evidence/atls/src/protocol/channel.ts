import type { TLSSocket } from 'node:tls';
import { concatBytes } from '@enclos/codec';
import { orElse } from '../certificate/certificate-errors.ts';
import { EnclosError } from '@enclos/errors';
import { violated } from '../errors.ts';
import { FrameReader } from './frame-reader.ts';
import { encodeMessage, type Message, type MessageKind } from './messages.ts';
import { nextPhase, type Phase } from './phases.ts';
import { otherRole, type Role } from '../roles.ts';

/** The exchange on one socket: the messages so far, and those that may come next. */
export class Channel {
  readonly #socket: TLSSocket;
  readonly #role: Role;
  readonly #frames = new FrameReader();
  #phase: Phase = 'begun';

  constructor(socket: TLSSocket, role: Role) {
    this.#socket = socket;
    this.#role = role;
  }

  /** Says these messages, in one piece. */
  send(...messages: readonly Message[]): void {
    for (const { kind } of messages) this.#phase = nextPhase(this.#phase, this.#role, kind);
    this.#socket.write(concatBytes(...messages.map(encodeMessage)));
  }

  /**
   * The next message of the peer, one of these kinds.
   * @throws ATLS_PROTOCOL_VIOLATION, ATLS_PEER_REFUSED, ATLS_CONNECTION_LOST
   */
  async receive<K extends MessageKind>(...kinds: readonly K[]): Promise<Extract<Message, { readonly kind: K }>> {
    const message = await this.#message();
    this.#phase = nextPhase(this.#phase, otherRole[this.#role], message.kind);
    if (message.kind === 'refused') {
      throw new EnclosError('ATLS_PEER_REFUSED', undefined, { details: { reason: message.reason } });
    }
    return isOf(message, kinds) ? message : violated('order');
  }

  /**
   * While evidence is made or appraised the peer has nothing to say, its application least of all.
   * @throws ATLS_PROTOCOL_VIOLATION
   */
  requireSilence(): void {
    if (this.#frames.rest.length > 0 || this.#socket.readableLength > 0) violated('silence');
  }

  /** Gives the socket back to the application, with the bytes that came after the last message. */
  release(): void {
    if (this.#phase !== 'open') violated('order');
    const { rest } = this.#frames;
    if (rest.length > 0) this.#socket.unshift(Buffer.from(rest));
  }

  async #message(): Promise<Message> {
    // So a stranger cannot make this side buffer more than a challenge.
    const judge = (kind: MessageKind): void => void nextPhase(this.#phase, otherRole[this.#role], kind);
    for (;;) {
      const message = orElse(
        () => this.#frames.next(judge),
        (cause) => violated('frame', cause),
      );
      if (message !== undefined) return message;
      await this.#more();
    }
  }

  async #more(): Promise<void> {
    for (;;) {
      const chunk: unknown = this.#socket.read();
      if (chunk instanceof Uint8Array) return this.#frames.push(chunk);
      if (this.#socket.destroyed || this.#socket.readableEnded) {
        throw new EnclosError('ATLS_CONNECTION_LOST', undefined, { cause: this.#socket.errored ?? undefined });
      }
      await somethingHappens(this.#socket);
    }
  }
}

const happenings = ['readable', 'end', 'close'] as const;

function somethingHappens(socket: TLSSocket): Promise<void> {
  return new Promise((resolve) => {
    const happened = (): void => {
      for (const name of happenings) socket.off(name, happened);
      resolve();
    };
    for (const name of happenings) socket.on(name, happened);
  });
}

function isOf<K extends MessageKind>(
  message: Message,
  kinds: readonly K[],
): message is Extract<Message, { readonly kind: K }> {
  return kinds.some((kind) => kind === message.kind);
}
