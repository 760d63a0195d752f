import { randomBytes } from 'node:crypto';
import {
  encodeShare,
  LedgerSecret,
  makeShares,
  sealShare,
  wrapLedgerSecret,
  type RecoveryShares,
} from '@enclos/ledger';
import { nodeDigests } from '@enclos/ledger/node';
import { partyId, type KnownParty } from './genesis.ts';

/**
 * Shares of a ledger secret for the members who have an encryption key, as CCF issues them when a service opens.
 *
 * @param ledgerSecret 32 bytes.
 * @param threshold how many members open the ledger together. Default: any one of them.
 * @throws CODEC_OUT_OF_RANGE where fewer have a key; LEDGER_INVALID for an encryption key that is none of RSA.
 * @example const recoveryShares = await issueShares(ledgerSecret, [{ certificate, encryptionKey }]);
 */
export async function issueShares(
  ledgerSecret: Uint8Array,
  members: readonly KnownParty[],
  threshold = 1,
): Promise<RecoveryShares> {
  const holders = members.flatMap(({ certificate, encryptionKey }) =>
    encryptionKey === undefined ? [] : [{ id: partyId(certificate), encryptionKey }],
  );
  const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
  const { secret, shares } = makeShares({ threshold, count: holders.length }, random);
  const sealed = holders.map(async ({ id, encryptionKey }, at) => {
    const [share] = shares.slice(at);
    return [id, await sealShare(encryptionKey, share === undefined ? new Uint8Array() : encodeShare(share))] as const;
  });
  return {
    wrappedLatestSecret: wrapLedgerSecret(nodeDigests, secret, new LedgerSecret(nodeDigests, ledgerSecret)),
    encryptedShares: new Map(await Promise.all(sealed)),
  };
}
