import type { ReadAt } from '@enclos/elf';
import { equalBytes } from '@enclos/codec';
import { grouped } from '@enclos/diagnostics';
import { isEnclosError } from '@enclos/errors';
import { parseSigstruct } from '@enclos/sgx';
import {
  recogniseEnclaveFile,
  sdkNames,
  type EnclaveFile,
  type SdkEnclaveImage,
  type SdkMetadata,
} from '@enclos/sgx-image';
import { meterEnclaveImage, type MeteredImage, type MeterOptions } from '@enclos/sgx-image/node';

import { attributesNode, byteCount, group, hexNode, node, type InspectNode, type InspectReport } from './report.ts';
import { inspectSigstruct } from './sigstruct.ts';

/** What is read into memory of an enclave file at most. */
export const maxEnclaveFileBytes: number = 256 * 1024 * 1024;

/**
 * Says what an SDK and its signer wrote into the file of an enclave, and measures its pages.
 * @returns undefined for an ELF file without an enclave.
 * @throws ENCLAVE_FILE_INVALID
 */
export function inspectEnclaveFile(bytes: Uint8Array, options: MeterOptions = {}): InspectReport | undefined {
  const read: ReadAt = (offset, length) => bytes.subarray(offset, offset + length);
  const file = recogniseEnclaveFile(read, bytes.length);
  if (file === undefined) return undefined;
  const { sdk, simulated, metadata } = file;
  const build = simulated
    ? node('build', 'SIMULATION', 'its code has no ENCLU: it runs outside of SGX, with public sealing keys')
    : node('build', 'for the processor', 'its code holds ENCLU');
  return Object.freeze({
    kind: 'enclave-elf',
    title: `Enclave file of ${sdkNames[sdk]}${simulated ? ', a SIMULATION build' : ''}`,
    nodes: [build, ...imageNodes(file, options), ...metadataNodes(sdk, metadata)],
  });
}

/** What cannot be measured, or takes more than the bound, is told with the reason. */
function imageNodes(file: EnclaveFile, options: MeterOptions): readonly InspectNode[] {
  try {
    const image = file.open();
    const metered = meterEnclaveImage(image, options);
    return [hexNode('MRENCLAVE', metered.mrEnclave), measuredNode(image, metered), layoutNode(image, metered)];
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return [node('measured', 'no', error.message)];
  }
}

function measuredNode({ signature }: SdkEnclaveImage, { mrEnclave }: MeteredImage): InspectNode {
  if (signature === undefined) return node('measured', 'yes', 'from its pages; the file is not signed');
  const isSigned = equalBytes(parseSigstruct(signature).enclaveHash, mrEnclave);
  return isSigned
    ? node('measured', 'yes', 'from its pages, and its SIGSTRUCT names the same')
    : node('measured', 'DIFFERS', 'its SIGSTRUCT is that of another enclave: no processor starts this file');
}

function layoutNode(image: SdkEnclaveImage, { pages }: MeteredImage): InspectNode {
  return group('layout', [
    node('size of the enclave', byteCount(image.sizeBytes)),
    node('pages', grouped(pages), 'each of 4096 bytes'),
    node('threads', image.threads),
    node('heap', byteCount(image.heapBytes)),
    node('stack', byteCount(image.stackBytes), 'of each thread'),
    node('SSA frame', `${image.ssaFrameSize} ${image.ssaFrameSize === 1 ? 'page' : 'pages'}`),
    attributesNode('attributes', image.attributes, 'what the file asks for'),
    node('MISCSELECT', `0x${image.miscSelect.toString(16)}`),
  ]);
}

function metadataNodes(sdk: SdkEnclaveImage['sdk'], metadata: readonly SdkMetadata[]): readonly InspectNode[] {
  const name = sdk === 'intel' ? 'metadata' : 'properties';
  if (metadata.length === 0) return [group(name, [signatureNode(undefined)])];
  return metadata.map(({ version, enclaveBytes, signature }) => {
    const label = version === undefined ? name : `${name} ${version}`;
    const size = enclaveBytes === undefined ? [] : [node('enclave size', byteCount(enclaveBytes))];
    return group(label, [...size, signatureNode(signature)]);
  });
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
