import { createHash } from 'node:crypto';

import { toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { readImage, type EnclaveManifest, type ReadImage } from '@enclos/manifest';
import { PageFlags, readSgxs } from '@enclos/sgx';
import { measureImage } from '@enclos/sgx/node';

import type { BuildReport } from '../build-report.ts';
import { byteCount, group, grouped, hexNode, node, type InspectNode, type InspectReport } from './report.ts';
import { trustedBaseNodes } from './trusted-base.ts';

function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function environmentNodes(manifest: EnclaveManifest): readonly InspectNode[] {
  return manifest.environment.map(({ name, value }) =>
    value === undefined ? node(name, undefined, 'from the host, not measured') : node(name, value, 'measured'),
  );
}

function placesNodes(manifest: EnclaveManifest): readonly InspectNode[] {
  const mounts = manifest.mounts.map(({ target, kind, readOnly, maxBytes }) =>
    node(target, kind, `${readOnly ? 'read-only' : 'read and write'}, at most ${byteCount(maxBytes)}`),
  );
  const listen = manifest.listen.map(({ name, port }) => node(name, port));
  const connect = manifest.connect.map(({ name, host, port }) => node(name, `${host}:${port}`));
  const environment = environmentNodes(manifest);
  return [
    ...(environment.length === 0 ? [] : [group('environment', environment)]),
    ...(mounts.length === 0 ? [] : [group('mounts', mounts)]),
    ...(listen.length === 0 ? [] : [group('listen', listen)]),
    ...(connect.length === 0 ? [] : [group('connect', connect)]),
  ];
}

function manifestNodes(manifest: EnclaveManifest): readonly InspectNode[] {
  const { limits, interpreter } = manifest;
  return [
    node('name', manifest.name),
    node('product id', manifest.productId),
    node('security version', manifest.securityVersion),
    node('debug', String(manifest.debug), manifest.debug ? 'a debug enclave keeps no secrets' : undefined),
    node('threads', manifest.threads),
    node('heap', byteCount(manifest.heapSizeBytes)),
    hexNode('interface digest', manifest.interfaceDigest),
    group(
      `interpreter Node ${interpreter.version}`,
      interpreter.digests.map(({ architecture, sha256 }) => hexNode(architecture, sha256)),
    ),
    ...placesNodes(manifest),
    group('limits', [
      node('largest frame', byteCount(limits.maxFrameBytes)),
      node('queued calls', limits.maxQueuedCalls),
      node('pending calls', limits.maxPendingCalls),
      node('nesting', limits.maxDepth),
    ]),
  ];
}

function contentNodes(image: ReadImage): readonly InspectNode[] {
  const files = image.files.map(({ path, content }) => node(path, sha256Hex(content), byteCount(content.length)));
  const trusted = image.manifest.trustedFiles.map(({ path, sha256, sizeBytes }) =>
    hexNode(path, sha256, byteCount(sizeBytes)),
  );
  return [
    node('bundle', sha256Hex(image.bundle), byteCount(image.bundle.length)),
    ...(files.length === 0 ? [] : [group('embedded files', files)]),
    ...(trusted.length === 0 ? [] : [group('trusted files', trusted, 'beside the image; their SHA-256 is measured')]),
  ];
}

function describeOurs(image: ReadImage, mrEnclave: Uint8Array, report: BuildReport | undefined): InspectReport {
  const matches = report?.bundleSha256 === sha256Hex(image.bundle) && report.mrEnclave === toHex(mrEnclave);
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

/** An SGXS stream of another tool, or one of ours that is damaged. */
function describeForeign(bytes: Uint8Array, reason: string): InspectReport {
  const { geometry, pages } = readSgxs(bytes, { profile: 'any' });
  const count = (test: (page: (typeof pages)[number]) => boolean): string => grouped(pages.filter(test).length);
  return Object.freeze({
    kind: 'sgxs',
    title: 'SGXS stream',
    nodes: [
      hexNode('MRENCLAVE', measureImage(bytes, { profile: 'any' })),
      node('made by', 'another tool', `it cannot be loaded here: ${reason}`),
      group('geometry', [
        node('size of the enclave', byteCount(geometry.sizeBytes)),
        node('SSA frame', `${geometry.ssaFrameSize} pages`),
        node('pages', grouped(pages.length)),
        node(
          'thread control pages',
          count((page) => (page.flags & PageFlags.TCS) !== 0n),
        ),
        node(
          'writable pages',
          count((page) => (page.flags & PageFlags.W) !== 0n),
        ),
        node(
          'executable pages',
          count((page) => (page.flags & PageFlags.X) !== 0n),
        ),
        node(
          'pages not wholly measured',
          count((page) => !page.measured),
        ),
      ]),
    ],
  });
}

/**
 * Describes a measured stream.
 * @throws SGXS_INVALID or SGXS_TOO_LARGE for bytes that are no SGXS stream at all.
 */
export function inspectImage(bytes: Uint8Array, report?: BuildReport): InspectReport {
  let image: ReadImage;
  try {
    image = readImage(bytes);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return describeForeign(bytes, error.message);
  }
  return describeOurs(image, measureImage(bytes), report);
}
