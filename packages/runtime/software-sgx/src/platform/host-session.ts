import type { Duplex } from 'node:stream';
import { createCaller, createDispatcher } from '@enclos/edl';
import { hostChannel, openChannel, transportInto } from '@enclos/tee';
import { connectionLimits, createAdmission } from './admission.ts';
import { createFileUploads } from './companions/file-uploads.ts';
import type { Host } from './host.ts';
import { createHostEnclaves } from './host-enclaves.ts';
import type { Instance } from './instance.ts';
import { pieceMemory } from './piece-memory.ts';
import type { PlatformServices } from './services.ts';
import { createHostSgx } from './sgx/host-sgx.ts';
import { createUploads, type Uploads } from './upload.ts';

/** In UTF-16 units, of which each has at most 3 bytes in the protocol. */
const maxRelayedWhy = 1024;

/** Serves one connection of a host. When it ends, its enclaves end. */
export function serveHost(services: PlatformServices, stream: Duplex, host: Host): void {
  const admission = createAdmission(connectionLimits(host.admission.limits), host.admission);
  const audit = services.audit?.host({ user: host.user, folder: host.folder?.path });
  const uploads = createUploads(admission);
  const files = createFileUploads(host.fileShare, admission, services.companions.files);
  const enclaves = createHostEnclaves({
    services,
    admission,
    audit,
    exited: (enclave, exit) => void caller.exited({ enclave, ...exit }).catch(() => undefined),
  });
  const sgx = createHostSgx({ services, host, admission, enclaves, audit });
  const quote = ({ report }: { readonly report: Uint8Array }): Uint8Array => services.quotingEnclave.quote(report);

  const told = <T>(answer: Promise<T>): Promise<T> =>
    answer.catch((error: unknown) => {
      host.folder?.refused?.({ cgroups: host.cgroups ?? [] }, error);
      throw error;
    });
  const calls = createDispatcher(hostChannel.trusted, {
    describe: () => describePlatform(services),
    endorsements: () => services.endorsements(),
    create: ({ imageBytes }) => told((async () => uploads.create(imageBytes))()),
    add: (piece) => addPiece(uploads, piece),
    openFile: ({ sha256, sizeBytes }) => told(files.open(sha256, sizeBytes)),
    addToFile: ({ upload, chunk }) => files.add(upload, chunk),
    async initialize({ upload, ...request }) {
      return describeLaunch(await told(enclaves.prepare({ ...request, host, image: uploads.take(upload) })));
    },
    terminate: ({ enclave }) => enclaves.terminate(enclave),
    createSgx: (bounds) => told(sgx.create(bounds)),
    addSgx: ({ upload, chunk }) => sgx.add(upload, chunk),
    async initializeSgx({ upload, flags, xfrm, ...request }) {
      const started = await told(sgx.initialise(upload, { ...request, attributes: { flags, xfrm } }));
      const { enclave, identity, isolation } = started;
      return { enclave, ...identity, isolation };
    },
    quotingTarget: () => services.quotingEnclave.targetInfo(),
    quote: audit?.quotes(quote) ?? quote,
  });

  const serve = async (index: number, payload: Uint8Array): Promise<Uint8Array> => calls(index, payload, undefined);
  const endpoint = openChannel({
    stream,
    transport: transportInto(stream),
    initiator: false,
    protocol: hostChannel,
    memoryFor: (sizeBytes) => pieceMemory.take(sizeBytes),
    serve: audit?.requests(Object.keys(hostChannel.trusted), serve) ?? serve,
  });
  const caller = createCaller(hostChannel.untrusted, (call) =>
    endpoint.invoke(0, call.index, call.payload, { maxResultBytes: call.maxResultBytes }),
  );
  endpoint.ready.catch(() => undefined);
  void endpoint.closed.then(() => {
    uploads.close();
    files.close();
    sgx.close();
    enclaves.close();
    audit?.disconnected();
  });
}

function describeLaunch({ enclave, instance }: { readonly enclave: bigint; readonly instance: Instance }) {
  const { gatePath, inspectorPath, passagePath, relayedWhy, isolation, identity, companions } = instance;
  const paths = { gatePath, inspectorPath, passagePath };
  const why = relayedWhy?.slice(0, maxRelayedWhy);
  return { enclave, ...paths, relayedWhy: why, ...identity, isolation, companions };
}

/** It is copied, so the next piece goes through the same memory. */
function addPiece(uploads: Uploads, { upload, chunk }: { readonly upload: number; readonly chunk: Uint8Array }): void {
  uploads.add(upload, chunk);
  pieceMemory.giveBack(chunk);
}

function describePlatform(services: PlatformServices) {
  const { separation, cpuSvn, rootFingerprint, rootCertificatePem, interpreter, isolation, sgx, companions } = services;
  return {
    separation,
    cpuSvn,
    rootFingerprint,
    rootCertificate: rootCertificatePem,
    interpreterVersion: interpreter.version,
    layers: isolation.layers,
    sgxStub: sgx.stub,
    companionsObstacle: companions.obstacle,
    sgxObstacle: 'obstacle' in sgx.execution ? sgx.execution.obstacle : undefined,
  };
}
