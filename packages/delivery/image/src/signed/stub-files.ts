import { EnclosError, isEnclosError } from '@enclos/errors';
import { findStub } from '@enclos/sgx-stub';
import type { Architecture } from '../base/base.ts';
import type { ApplicationFile } from '../application.ts';
import { fileContent } from '../tar/file-content.ts';

/**
 * The stub and its record, where a platform of one file looks for it: beside itself.
 * @throws STUB_MISSING, OCI_BASE_UNUSABLE for an architecture that has none
 */
export async function stubFiles(architecture: Architecture): Promise<readonly ApplicationFile[]> {
  if (architecture !== 'amd64') {
    throw new EnclosError(
      'OCI_BASE_UNUSABLE',
      `Signed enclaves of other SDKs run on amd64, and not on ${architecture}.`,
    );
  }
  const { path } = findStub();
  const name = path.slice(path.lastIndexOf('/') + 1);
  return [
    { path: `native/${name}`, content: await fileContent(path) },
    { path: `native/${name}.json`, content: await fileContent(`${path}.json`) },
  ];
}

/** A platform without the stub serves the enclaves of projects, and says why it serves no others. */
export async function stubIfBuilt(architecture: Architecture): Promise<readonly ApplicationFile[]> {
  if (architecture !== 'amd64') return [];
  return stubFiles(architecture).catch((error: unknown) => {
    if (isEnclosError(error, 'STUB_MISSING')) return [];
    throw error;
  });
}
