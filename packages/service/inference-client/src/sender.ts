import { isEnclosError } from '@enclos/errors';
import type { HpkeEngine } from '@enclos/hpke';
import { openAnswer } from './answer.ts';
import type { Attestations, AttestedService } from './attested-service.ts';
import { bodyOf, type Channel, type SealedExchange } from './channel.ts';
import { refuseUnsealed, type ServiceAddress } from './outer-http.ts';
import type { AnswerReceipt } from './receipt-check.ts';
import { misused } from './refusal.ts';
import { innerRequestOf, messageOf, type ExpectedModels, type InnerRequest } from './request.ts';

export interface SenderOptions {
  readonly address: ServiceAddress;
  readonly engine: HpkeEngine;
  readonly attestations: Attestations;
  readonly channel: Channel;
  readonly nowMs: () => number;
  readonly models: ExpectedModels | undefined;
  readonly requireReceipt: boolean;
  readonly onReceipt: (receipt: AnswerReceipt) => void;
  readonly maxRequestBytes: number;
  readonly maxAnswerBytes: number;
}

/** Padding and the head of an answer. */
const sealingBytes = 131_072;

/** Sends requests to an attested service, and opens what it answers. */
export class Sender {
  readonly #options: SenderOptions;
  #isClosed = false;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  get address(): ServiceAddress {
    return this.#options.address;
  }

  async attest(): Promise<void> {
    if (this.#isClosed) misused('The client is closed.');
    await this.#options.attestations.current();
  }

  close(): void {
    this.#isClosed = true;
  }

  async fetch(request: Request): Promise<Response> {
    const { address, engine, models, maxRequestBytes, maxAnswerBytes, attestations } = this.#options;
    const path = address.pathOf(request.url);
    await this.attest();
    const inner = await innerRequestOf(request, {
      path,
      authority: address.base.host,
      randomBytes: (length) => engine.randomBytes(length),
      maxBytes: maxRequestBytes,
      models,
    });
    const { response, exchange, service } = await this.#exchange(inner, request.signal);
    return openAnswer(response.body, {
      opener: exchange.openAnswer({ maxBytes: maxAnswerBytes + sealingBytes }),
      maxBytes: maxAnswerBytes,
      check: { request: inner, service, renew: async () => attestations.renew(service) },
      requireReceipt: this.#options.requireReceipt,
      onReceipt: this.#options.onReceipt,
    });
  }

  /** Seals and sends a request: once more for each cause that a new attestation or session removes. */
  async #exchange(inner: InnerRequest, signal: AbortSignal): Promise<SealedAnswer> {
    const { attestations, channel } = this.#options;
    const causes = new Set<string>();
    for (;;) {
      // Each attempt follows from the one before.
      // eslint-disable-next-line no-await-in-loop
      const service = await attestations.current();
      try {
        // eslint-disable-next-line no-await-in-loop
        return await this.#attempt(service, inner, signal);
      } catch (error) {
        if (!isEnclosError(error) || !removable.has(error.code) || causes.has(error.code)) throw error;
        causes.add(error.code);
        channel.forget(service);
        // eslint-disable-next-line no-await-in-loop
        if (error.code !== 'HPKE_SESSION_GONE') await attestations.renew(service);
      }
    }
  }

  async #attempt(service: AttestedService, inner: InnerRequest, signal: AbortSignal): Promise<SealedAnswer> {
    const { address, channel, nowMs } = this.#options;
    const exchange = await channel.seal(service, messageOf(inner, nowMs()));
    const response = await address.send(exchange.path, {
      method: 'POST',
      headers: { ...service.routing, 'content-type': exchange.type },
      body: bodyOf(exchange.body),
      signal,
    });
    if (response.status === 200 && response.headers.get('content-type') === exchange.answerType) {
      return { response, exchange, service };
    }
    await response.body?.cancel();
    return refuseUnsealed(response);
  }
}

interface SealedAnswer {
  readonly response: Response;
  readonly exchange: SealedExchange;
  readonly service: AttestedService;
}

/** What the service does not know any more: a new attestation or a new session is needed. */
const removable: ReadonlySet<string> = new Set(['HPKE_KEY_STALE', 'HPKE_OPEN_FAILED', 'HPKE_SESSION_GONE']);
