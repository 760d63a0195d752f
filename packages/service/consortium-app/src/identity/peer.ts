import { hash } from 'node:crypto';
import { peerOf } from '@enclos/bounded';
import type { KvTransaction } from '@enclos/kv';
import type { AppRequest } from '../contract/message.ts';
import { certificateOf } from './certificates.ts';

/**
 * The peer that a request counts as where clients share something: a user or a member whom governance knows, since no other client
 * has the key; otherwise the network that it comes from, since a stranger makes as many certificates as he likes. Empty for none.
 */
export function peerOfRequest({ certificate, address = '' }: AppRequest, transaction: KvTransaction): string {
  if (certificate !== undefined) {
    const id = hash('sha256', certificate, 'hex');
    for (const party of ['user', 'member'] as const) {
      if (certificateOf(transaction, party, id) !== undefined) return `${party} ${id}`;
    }
  }
  return peerOf(address);
}
