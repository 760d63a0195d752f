import type { SgxPolicy, TdxPolicy } from '@enclos/attestation';
import { EnclosError } from '@enclos/errors';
import { readPolicy } from './file.ts';

/** A policy for servers whose evidence is a quote. @throws what `readPolicy` throws, CLI_FILE_INVALID for one of other evidence */
export async function readQuotePolicy(path: string, what: string): Promise<SgxPolicy | TdxPolicy> {
  const policy = await readPolicy(path);
  if (policy.kind === 'dcap') return policy.rules;
  const message = `${path} is not a policy for SGX or TDX quotes, which ${what}.`;
  throw new EnclosError('CLI_FILE_INVALID', message, { details: { path } });
}
