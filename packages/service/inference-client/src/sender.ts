import { isEnclosError } from '@enclos/errors';
import type { HpkeEngine } from '@enclos/hpke';
import type { ReceiptVerifier } from '@enclos/receipts';
import { openAnswer, responseOf, type OpenedAnswer } from './answer.ts';
import type { Attestations, AttestedService } from './attested-service.ts';
import type { ServiceAddress } from './outer-http.ts';
import type { AnswerReceipt } from './receipt-check.ts';
import { misused } from './refusal.ts';
import {
  innerRequestOf,
  programRequestOf,
  type ExpectedModels,
  type InnerRequest,
  type ProgramRequest,
} from './request.ts';
import type { AnswerEvents, Transport } from './transports/transport.ts';

export interface SenderOptions {
  readonly address: ServiceAddress;
  readonly engine: HpkeEngine;
  readonly attestations: Attestations;
  readonly transport: Transport;
  readonly models: ExpectedModels | undefined;
  readonly receipts: 'when-present' | 'require' | 'none';
  readonly receiptVerifier: ReceiptVerifier | undefined;
  readonly onReceipt: (receipt: AnswerReceipt) => void;
  readonly maxRequestBytes: number;
}

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

  async attest({ fresh = false }: { readonly fresh?: boolean } = {}): Promise<AttestedService> {
    this.#checkOpen();
    const { attestations } = this.#options;
    const current = await attestations.current();
    return fresh ? attestations.renew(current) : current;
  }

  close(): void {
    this.#isClosed = true;
  }

  #checkOpen(): void {
    if (this.#isClosed) misused('The client is closed.');
  }

  async fetch(request: Request): Promise<Response> {
    const { address, maxRequestBytes } = this.#options;
    const path = address.pathOf(request.url);
    await this.attest();
    const asked = await programRequestOf(request, { path, maxBytes: maxRequestBytes });
    return responseOf(await this.send(asked, request.signal));
  }

  /** What `fetch` does, without objects of `fetch`: they take as long as a seal. */
  async send(asked: ProgramRequest, signal?: AbortSignal): Promise<OpenedAnswer> {
    const { address, engine, models, maxRequestBytes } = this.#options;
    const { attestations, receipts, receiptVerifier: verifier, onReceipt } = this.#options;
    if (asked.body.length > maxRequestBytes) misused(`The body of the request has more than ${maxRequestBytes} bytes.`);
    this.#checkOpen();
    const inner = innerRequestOf(asked, {
      authority: address.base.host,
      randomBytes: engine.randomBytes,
      models,
      withoutReceipt: receipts === 'none',
    });
    const { events, service } = await this.#exchange(inner, signal);
    return openAnswer(events, {
      check: { request: inner, service, renew: async () => attestations.renew(service), verifier },
      requireReceipt: receipts === 'require',
      onReceipt,
    });
  }

  /** Sends a request: once more for each cause that a new attestation or session removes. */
  async #exchange(inner: InnerRequest, signal: AbortSignal | undefined): Promise<BegunAnswer> {
    const { attestations, transport } = this.#options;
    const causes = new Set<string>();
    for (;;) {
      // Each attempt follows from the one before.
      // eslint-disable-next-line no-await-in-loop
      const service = await attestations.current();
      try {
        // eslint-disable-next-line no-await-in-loop
        return { events: await transport.send(service, inner, signal), service };
      } catch (error) {
        if (!isEnclosError(error) || !removable.has(error.code) || causes.has(error.code)) throw error;
        causes.add(error.code);
        transport.forget(service);
        // eslint-disable-next-line no-await-in-loop
        if (error.code !== 'HPKE_SESSION_GONE') await attestations.renew(service);
      }
    }
  }
}

interface BegunAnswer {
  readonly events: AnswerEvents;
  readonly service: AttestedService;
}

/** What the service does not know any more: a new attestation or a new session is needed. */
const removable: ReadonlySet<string> = new Set(['HPKE_KEY_STALE', 'HPKE_OPEN_FAILED', 'HPKE_SESSION_GONE']);
