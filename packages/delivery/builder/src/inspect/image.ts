import { toHex } from '@enclos/codec';
import { grouped } from '@enclos/diagnostics';
import { EnclosError, isEnclosError } from '@enclos/errors';
import {
  companionsOf,
  hasImageMagic,
  isProgramManifest,
  readImage,
  type EnclaveManifest,
  type ReadImage,
} from '@enclos/manifest';
import { measureImage, sha256 } from '@enclos/sgx/node';

import type { BuildReport } from '../build-report.ts';
import { byteCount, group, hexNode, node, type InspectNode, type InspectReport } from './report.ts';
import { createSgxsMeter, type SgxsFacts } from './sgxs-meter.ts';
import { goProgramOf } from '../project/go-program.ts';
import { trustedBaseNodes } from './trusted-base.ts';

function environmentNodes(manifest: EnclaveManifest): readonly InspectNode[] {
  return manifest.environment.map(({ name, value }) =>
    value === undefined ? node(name, undefined, 'from the host, not measured') : node(name, value, 'measured'),
  );
}

function placesNodes(manifest: EnclaveManifest): readonly InspectNode[] {
  const mounts = manifest.mounts.map(({ target, kind, readOnly, maxBytes }) =>
    node(target, kind, `${readOnly ? 'read-only' : 'read and write'}, at most ${byteCount(maxBytes)}`),
  );
  const listen = manifest.listen.map(({ name, port, transport }) => node(name, port, transport));
  const connect = manifest.connect.map(({ name, host, port, transport }) => node(name, `${host}:${port}`, transport));
  const environment = environmentNodes(manifest);
  return [
    ...(environment.length === 0 ? [] : [group('environment', environment)]),
    ...(mounts.length === 0 ? [] : [group('mounts', mounts)]),
    ...(listen.length === 0 ? [] : [group('listen', listen)]),
    ...(connect.length === 0 ? [] : [group('connect', connect)]),
  ];
}

function manifestNodes(manifest: EnclaveManifest): readonly InspectNode[] {
  const { limits } = manifest;
  return [
    node('name', manifest.name),
    node('product id', manifest.productId),
    node('security version', manifest.securityVersion),
    node('debug', String(manifest.debug), manifest.debug ? 'a debug enclave keeps no secrets' : undefined),
    node('threads', manifest.threads),
    node('heap', byteCount(manifest.heapSizeBytes)),
    hexNode('interface digest', manifest.interfaceDigest),
    executionNode(manifest),
    ...companionsNodes(manifest),
    ...placesNodes(manifest),
    group('limits', [
      node('largest frame', byteCount(limits.maxFrameBytes)),
      node('queued calls', limits.maxQueuedCalls),
      node('pending calls', limits.maxPendingCalls),
      node('nesting', limits.maxDepth),
    ]),
  ];
}

/** What runs inside. */
function executionNode(manifest: EnclaveManifest): InspectNode {
  if (!isProgramManifest(manifest)) {
    const { version, digests } = manifest.interpreter;
    return group(
      `interpreter Node ${version}`,
      digests.map((entry) => hexNode(entry.architecture, entry.sha256)),
    );
  }
  const { architecture, network, output } = manifest.program;
  return group('program', [
    node('machine', architecture),
    node('network', network, networkMeanings[network]),
    ...manifest.program.arguments.map((argument, index) => node(`argument ${index + 1}`, JSON.stringify(argument))),
    node('output', output, output === 'log' ? 'what it writes becomes lines of the log of its host' : undefined),
  ]);
}

/** The processes beside the enclave. */
function companionsNodes(manifest: EnclaveManifest): readonly InspectNode[] {
  const companions = companionsOf(manifest);
  if (companions.length === 0) return [];
  const nodes = companions.map(({ name, processes, memoryBytes, threads, addons, files }) =>
    group(name, [
      node('processes', processes, 'at most'),
      node('memory', byteCount(memoryBytes), 'for each process, beside that of the interpreter'),
      node('threads', threads),
      node('native addons', addons ? 'its files' : 'none'),
      ...(files.length === 0
        ? []
        : [
            group(
              'files',
              files.map((file) => hexNode(file.path, file.sha256, byteCount(file.sizeBytes))),
              'beside the image; their SHA-256 is measured',
            ),
          ]),
    ]),
  );
  return [group('companions', nodes, 'processes beside the enclave, without its keys, its connections and its files')];
}

/** What a program of Go says of its making: measured with it, and as true as its builder is honest. */
function goNodes(program: Uint8Array): readonly InspectNode[] {
  const go = goProgramOf(program);
  if (go === undefined) return [];
  const overlay =
    go.overlaySha256 === undefined
      ? node('overlay', 'none', 'built without `enclos go`: its networking and files are those of the machine')
      : node('overlay', undefined, `SHA-256 ${go.overlaySha256}`);
  return [group('Go', [node('version', go.version), overlay], 'the program says so')];
}

const networkMeanings = {
  none: 'it opens no connections',
  declared: 'its host opens the declared connections for it, and no others',
  any: 'it may have its host connect it to ANY address, and listen on any port',
  private:
    'it uses sockets of a network that has the declared connections alone. Their bytes cross its host in the clear, unless it encrypts them',
} as const;

function contentNodes(image: ReadImage): readonly InspectNode[] {
  const files = image.files.map(({ path, content }) => hexNode(path, sha256(content), byteCount(content.length)));
  const trusted = image.manifest.trustedFiles.map((file) => hexNode(file.path, file.sha256, byteCount(file.sizeBytes)));
  return [
    hexNode(
      isProgramManifest(image.manifest) ? 'program' : 'bundle',
      sha256(image.bundle),
      byteCount(image.bundle.length),
    ),
    ...(isProgramManifest(image.manifest) ? goNodes(image.bundle) : []),
    ...(files.length === 0 ? [] : [group('embedded files', files)]),
    ...(trusted.length === 0 ? [] : [group('trusted files', trusted, 'beside the image; their SHA-256 is measured')]),
  ];
}

function describeOurs(image: ReadImage, mrEnclave: Uint8Array, report: BuildReport | undefined): InspectReport {
  const matches = report?.bundleSha256 === toHex(sha256(image.bundle)) && report.mrEnclave === toHex(mrEnclave);
  return Object.freeze({
    kind: 'image',
    title: `Enclave image ${image.manifest.name}`,
    nodes: [
      hexNode('MRENCLAVE', mrEnclave, 'the SHA-256 of this file'),
      group('geometry', [
        node('size of the enclave', byteCount(image.sizeBytes)),
        node('pages', grouped(image.pageCount), 'each of 4096 bytes, all measured'),
      ]),
      group('manifest', manifestNodes(image.manifest)),
      group('content', contentNodes(image)),
      trustedBaseNodes(matches ? report : undefined, report !== undefined),
    ],
  });
}

/** An SGXS stream that is not one of our images: another tool made it, or it is damaged. */
export function describeStream(facts: SgxsFacts, damage?: string): InspectReport {
  return Object.freeze({
    kind: 'sgxs',
    title: damage === undefined ? 'SGXS stream' : 'Damaged Enclos image',
    nodes: [
      hexNode('MRENCLAVE', facts.mrEnclave),
      damage === undefined
        ? node('made by', 'another tool', 'it cannot be loaded here: it is not laid out as an Enclos image')
        : node('made by', 'Enclos', `a damaged Enclos image, which cannot be loaded: ${damage}`),
      group('geometry', [
        node('size of the enclave', byteCount(facts.enclaveBytes)),
        node('SSA frame', `${facts.ssaFrameSize} pages`),
        node('pages', grouped(facts.pages)),
        node('thread control pages', grouped(facts.threadControlPages)),
        node('writable pages', grouped(facts.writablePages)),
        node('executable pages', grouped(facts.executablePages)),
        node('pages not wholly measured', grouped(facts.partlyMeasuredPages)),
      ]),
    ],
  });
}

function factsOf(bytes: Uint8Array): SgxsFacts {
  const meter = createSgxsMeter();
  meter.push(bytes);
  return meter.finish();
}

function describeDamaged(bytes: Uint8Array, damage: EnclosError): InspectReport {
  let facts: SgxsFacts;
  try {
    facts = factsOf(bytes);
  } catch (cause) {
    if (!isEnclosError(cause)) throw cause;
    throw new EnclosError(cause.code, `This is a damaged Enclos image. ${cause.message}`, { cause });
  }
  return describeStream(facts, damage.message);
}

/**
 * Describes a measured stream.
 * @throws SGXS_INVALID for bytes that are not an SGXS stream.
 */
export function inspectImage(bytes: Uint8Array, report?: BuildReport): InspectReport {
  if (!hasImageMagic(bytes)) return describeStream(factsOf(bytes));
  let image: ReadImage;
  try {
    image = readImage(bytes);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return describeDamaged(bytes, error);
  }
  return describeOurs(image, measureImage(bytes), report);
}
