import type { VerifiedEvidence } from '@enclos/attestation';
import type { Mode } from '../roles.ts';

/** What happened to one client; `connection` is its number. */
export type ProxyEvent<E extends object = VerifiedEvidence> =
  | { readonly type: 'attested'; readonly connection: number; readonly evidence: E; readonly mode: Mode | 'ra-tls' }
  /** The server was not reached, or was not accepted, so the client was closed before a byte of it went out. */
  | { readonly type: 'refused'; readonly connection: number; readonly error: unknown }
  /** There were `maxConnections`. */
  | { readonly type: 'busy'; readonly connection: number }
  | {
      readonly type: 'closed';
      readonly connection: number;
      /** From the client, and to it. */
      readonly sentBytes: number;
      readonly receivedBytes: number;
    };
