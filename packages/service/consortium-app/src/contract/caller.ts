import type { KvTransaction } from '@enclos/kv';
import type { AppRequest } from './message.ts';

/** A caller as a handler sees it, but for bytes (CCF, js/ccf-app/src/endpoints.ts). */
export interface Caller {
  readonly policy: string | readonly string[];
  readonly id?: string;
  readonly data?: unknown;
  /** PEM. */
  readonly cert?: string;
  readonly jwt?: { readonly keyIssuer: string; readonly header: unknown; readonly payload: unknown };
  /** Empty: its `content` is bytes, and travels beside. */
  readonly cose?: Readonly<Record<string, never>>;
  /** For `all_of`: each identity by the name of its policy. */
  readonly [policy: string]: unknown;
}

/** What a policy judges. */
export interface AuthnContext {
  readonly request: AppRequest;
  readonly transaction: KvTransaction;
  /** Since 1970. */
  readonly nowSeconds: number;
}

/** What a policy found. */
export type AuthnFinding =
  | { readonly caller: Caller; readonly content?: Uint8Array }
  /** In the words of CCF, which clients see. */
  | { readonly refusal: string }
  /** The request cannot be judged at all: no other policy is tried. In the words of CCF. */
  | { readonly failure: string };
