import { type CommandContext, refuseUsage } from '@enclos/cli-frame';
import { maxKeyBytes, readSmallFile, readSmallText } from '@enclos/cli-frame/files';
import { fromHex } from '@enclos/codec';
import { decodeLatin1 } from '@enclos/codec/text';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { openShare } from '@enclos/ledger';
import { nodeDigests } from '@enclos/ledger/node';
import {
  keysOf,
  readLedgerCertificate,
  recoverLedgerSecrets,
  type LedgerCertificate,
  type LedgerFile,
  type LedgerKeys,
} from '@enclos/ledger/proof';

/** For commands that open private parts. */
export const keyOptions = {
  'member-key': {
    type: 'string',
    value: 'FILE',
    multiple: true,
    summary: 'Open private parts: the private encryption key of a member, as many as the recovery threshold, PEM',
    extensions: ['pem'],
  },
  secret: {
    type: 'string',
    value: 'FILE',
    summary: 'Instead of --member-key: the latest ledger secret, 32 bytes or their hex',
  },
} as const;

export const serviceOption = {
  type: 'string',
  value: 'FILE',
  multiple: true,
  summary: 'The certificate of the service that you trust, PEM',
  extensions: ['pem', 'crt', 'cer'],
} as const;

export interface KeyOptions {
  readonly 'member-key': readonly string[];
  readonly secret: string | undefined;
}

/**
 * The keys that the options give; undefined for none.
 * @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID, LEDGER_SECRET_WRONG, LEDGER_INVALID
 */
export async function keysIn(
  given: KeyOptions,
  files: readonly LedgerFile[],
  { path }: CommandContext,
): Promise<LedgerKeys | undefined> {
  const { 'member-key': members, secret } = given;
  if (members.length > 0 && secret !== undefined) refuseUsage('Give --member-key or --secret, and not both.');
  if (secret !== undefined) {
    const latestSecret = secretIn(secret, await readSmallFile(path(secret), maxKeyBytes));
    return keysOf(await recoverLedgerSecrets(files, { latestSecret }, nodeDigests));
  }
  if (members.length === 0) return undefined;
  const pems = await Promise.all(members.map((file) => readMemberKey(path(file))));
  return keysOf(await recoverLedgerSecrets(files, { members: pems }, nodeDigests));
}

/** @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID */
async function readMemberKey(file: string): Promise<string> {
  const pem = await readSmallText(file, maxKeyBytes);
  try {
    await openShare(pem, new Uint8Array());
  } catch (error) {
    // No share is empty, so that a key that can be used opens none.
    if (!isEnclosError(error, 'LEDGER_INVALID')) return pem;
    const message = `${file} is not the private encryption key of a member, an RSA key in PEM: CCF names it member0_enc_privk.pem.`;
    throw new EnclosError('CLI_FILE_INVALID', message, { details: { path: file }, cause: error });
  }
  return pem;
}

function secretIn(file: string, bytes: Uint8Array): Uint8Array {
  if (bytes.length === 32) return bytes;
  const text = decodeLatin1(bytes).trim();
  if (/^[0-9a-f]{64}$/i.test(text)) return fromHex(text.toLowerCase());
  throw new EnclosError('CLI_FILE_INVALID', `${file} is not a ledger secret: 32 bytes, or 64 digits of hex.`, {
    details: { path: file },
  });
}

/** @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID */
export async function servicesIn(
  files: readonly string[],
  { path }: CommandContext,
): Promise<readonly LedgerCertificate[]> {
  return Promise.all(
    files.map(async (file) => {
      try {
        return readLedgerCertificate(await readSmallText(path(file), maxKeyBytes));
      } catch (error) {
        if (!isEnclosError(error, 'LEDGER_INVALID')) throw error;
        throw new EnclosError('CLI_FILE_INVALID', `${file} is not the certificate of a service, PEM.`, {
          details: { path: file },
          cause: error,
        });
      }
    }),
  );
}
