import type { Duplex } from 'node:stream';
import { createCaller, createDispatcher } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import { hostChannel, openChannel } from '@enclos/tee';
import { prepareInstance, type Instance } from './instance.ts';
import type { PlatformServices } from './services.ts';
import { createUploads } from './upload.ts';

const maxEnclavesPerHost = 256;

/** Serves one host. When its connection ends, its enclaves end. */
export function serveHost(services: PlatformServices, stream: Duplex): void {
  const uploads = createUploads();
  const instances = new Map<bigint, Instance>();
  let last = 0n;
  let gone = false;

  const calls = createDispatcher(hostChannel.trusted, {
    describe: () => ({
      separation: services.separation,
      cpuSvn: services.cpuSvn,
      rootFingerprint: services.rootFingerprint,
      rootCertificate: services.rootCertificatePem,
      interpreterVersion: services.interpreter.version,
      layers: services.isolation.layers,
    }),
    endorsements: () => services.endorsements(),
    create: ({ imageBytes }) => uploads.create(imageBytes),
    add: ({ upload, chunk }) => uploads.add(upload, chunk),
    async initialize({ upload, signature, debug, isolation }) {
      const image = uploads.take(upload);
      if (instances.size >= maxEnclavesPerHost) throw new EnclosError('PLATFORM_BUSY');
      const enclave = ++last;
      const instance = await prepareInstance(services, { image, signature, debug, isolation });
      instances.set(enclave, instance);
      void instance.exited.then((exit) => {
        instances.delete(enclave);
        if (!gone) return host.exited({ enclave, ...exit }).catch(() => undefined);
        return undefined;
      });
      if (gone) instance.terminate();
      return { enclave, gatePath: instance.gatePath, ...instance.identity, isolation: services.isolation.layers };
    },
    terminate: ({ enclave }) => instances.get(enclave)?.terminate(),
  });

  const endpoint = openChannel({
    stream,
    initiator: false,
    protocol: hostChannel,
    serve: (index, payload) => calls(index, payload, undefined),
  });
  const host = createCaller(hostChannel.untrusted, (call) =>
    endpoint.invoke(0, call.index, call.payload, { maxResultBytes: call.maxResultBytes }),
  );
  endpoint.ready.catch(() => undefined);
  void endpoint.closed.then(() => {
    gone = true;
    for (const instance of instances.values()) instance.terminate();
  });
}
