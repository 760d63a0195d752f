import { EnclosError, isEnclosError } from '@enclos/errors';

import { readEnclaveFile, type EnclaveFile, type EnclaveMetadata } from './enclave-file.ts';
import { byteCount, group, node, type InspectNode, type InspectReport } from './report.ts';
import { inspectSigstruct } from './sigstruct.ts';

const sdks: Readonly<Record<EnclaveFile['sdk'], string>> = {
  intel: 'Intel’s SGX SDK',
  'open-enclave': 'Open Enclave',
};

const notMeasured =
  'not here: what this file says is its signer’s word, and nothing shows that the signature is of this very file';

/**
 * Says what an SDK and its signer wrote into the file of an enclave.
 * @returns undefined for an ELF file without an enclave.
 * @throws ENCLAVE_FILE_INVALID
 */
export function inspectEnclaveFile(bytes: Uint8Array): InspectReport | undefined {
  const file = readEnclaveFile(bytes);
  if (file === undefined) return undefined;
  const { sdk, simulated, metadata } = file;
  const build = simulated
    ? node('build', 'SIMULATION', 'its code has no ENCLU: it runs outside of SGX, with public sealing keys')
    : node('build', 'for the processor', 'its code holds ENCLU');
  return Object.freeze({
    kind: 'enclave-elf',
    title: `Enclave file of ${sdks[sdk]}${simulated ? ', a SIMULATION build' : ''}`,
    nodes: [build, node('measured', 'no', notMeasured), ...metadata.map((one) => metadataNode(sdk, one))],
  });
}

function metadataNode(sdk: EnclaveFile['sdk'], { version, enclaveBytes, sigstruct }: EnclaveMetadata): InspectNode {
  const label = [sdk === 'intel' ? 'metadata' : 'properties', version].filter((word) => word !== undefined).join(' ');
  const size = enclaveBytes === undefined ? [] : [node('enclave size', byteCount(enclaveBytes))];
  return group(label, [...size, signatureNode(sigstruct)]);
}

function signatureNode(sigstruct: Uint8Array | undefined): InspectNode {
  if (sigstruct === undefined) return node('SIGSTRUCT', 'none', 'the file was not signed');
  try {
    return group('SIGSTRUCT', inspectSigstruct(sigstruct).nodes);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return node('SIGSTRUCT', 'DAMAGED', error.message);
  }
}

/**
 * Refuses the file of an enclave, with what it is, where something is to be done with
 * it that cannot be done yet. Returns for an ELF file without an enclave.
 * @throws ENCLAVE_FILE_SIMULATED, ENCLAVE_FILE_NOT_MEASURED, ENCLAVE_FILE_INVALID
 */
export function refuseEnclaveFile(bytes: Uint8Array): void {
  const file = readEnclaveFile(bytes);
  if (file === undefined) return;
  const what = `This is an enclave file of ${sdks[file.sdk]}`;
  const details = { sdk: file.sdk };
  if (file.simulated) {
    throw new EnclosError('ENCLAVE_FILE_SIMULATED', `${what}, built for simulation.`, { details });
  }
  throw new EnclosError('ENCLAVE_FILE_NOT_MEASURED', `${what}, which cannot be measured yet.`, { details });
}
