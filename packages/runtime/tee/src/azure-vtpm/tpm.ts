import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '@enclos/codec';
import { unexpectedEvidence } from '../report-data.ts';
import { commandError, type RunCommand } from './command.ts';
import { checkedTpmQuote, PCR_COUNT, type TpmQuote } from './tpm-quote.ts';

/** The NV index in which the paravisor keeps the HCL report. */
const reportIndex = '0x01400001';
/** The attestation key that the HCL report binds. */
const attestationKey = '0x81000003';
const commandTimeoutMs = 30_000;
const maxFileBytes = 131_072;
const allRegisters = `sha256:${Array.from({ length: PCR_COUNT }, (_, i) => i).join(',')}`;

export interface Tpm {
  /** The HCL report, as it is in the TPM. */
  readReport(): Promise<Uint8Array>;
  /** @param qualifyingData up to 64 bytes. */
  quote(qualifyingData: Uint8Array): Promise<TpmQuote>;
}

/** A TPM through tpm2-tools 5 (`tpm2_nvread`, `tpm2_quote`). @param tcti as the option `--tcti` of these programs. */
export function createTpm(run: RunCommand, tcti: string): Tpm {
  const call = async (command: string, args: readonly string[]): Promise<void> => {
    try {
      await run(command, ['--tcti', tcti, ...args], commandTimeoutMs);
    } catch (error) {
      throw commandError(command, error);
    }
  };
  return Object.freeze({
    readReport: () =>
      inFolder(async (folder) => {
        const output = join(folder, 'report');
        await call('tpm2_nvread', ['--hierarchy', 'o', '--output', output, reportIndex]);
        return readOutput(output);
      }),
    quote: (qualifyingData: Uint8Array) =>
      inFolder(async (folder) => {
        const [message, signature, pcrs] = ['message', 'signature', 'pcrs'].map((name) => join(folder, name));
        if (message === undefined || signature === undefined || pcrs === undefined) throw new Error('Three paths.');
        const what = ['--key-context', attestationKey, '--pcr-list', allRegisters, '--hash-algorithm', 'sha256'];
        const form = ['--qualification', toHex(qualifyingData), '--format', 'plain', '--pcrs_format', 'values'];
        await call('tpm2_quote', [...what, ...form, '--message', message, '--signature', signature, '--pcr', pcrs]);
        const parts = {
          message: await readOutput(message),
          signature: await readOutput(signature),
          pcrs: await readOutput(pcrs),
        };
        return checkedTpmQuote(parts, qualifyingData);
      }),
  });
}

/** A temporary folder that only this user can read. */
async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'enclos-tpm-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @throws TEE_EVIDENCE_UNEXPECTED when a program that succeeded left no such file, or too large a one. */
async function readOutput(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw unexpectedEvidence('A TPM command ended well and left no output.', cause);
  });
  try {
    const { size } = await file.stat();
    if (size > maxFileBytes) throw unexpectedEvidence(`A TPM command left over ${maxFileBytes} bytes.`);
    return new Uint8Array(await file.readFile());
  } finally {
    await file.close();
  }
}
