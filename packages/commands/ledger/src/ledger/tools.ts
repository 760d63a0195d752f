import { webcrypto } from 'node:crypto';
import { nodeDigests } from '@enclos/ledger/node';
import type { ProofTools } from '@enclos/ledger/proof';

/** What commands verify with: the hashes of Node, and its WebCrypto. */
export const nodeTools: ProofTools = Object.freeze({ digests: nodeDigests, subtle: webcrypto.subtle });
