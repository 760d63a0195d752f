import type { Duplex } from 'node:stream';
import { createCaller, createDispatcher } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import { hostChannel, openChannel } from '@enclos/tee';
import type { Admission } from './admission.ts';
import { prepareInstance, type Instance } from './instance.ts';
import type { PlatformServices } from './services.ts';
import { createUploads } from './upload.ts';

const maxEnclavesPerHost = 256;

/** Serves one host. When its connection ends, its enclaves end. */
export function serveHost(services: PlatformServices, stream: Duplex, admission: Admission): void {
  const uploads = createUploads(admission);
  const instances = new Map<bigint, Instance>();
  let last = 0n;
  let launching = 0;
  let gone = false;

  const keep = (enclave: bigint, instance: Instance, launch: { endLaunch: () => void; imageBytes: number }): void => {
    instances.set(enclave, instance);
    void instance.started.then(() => {
      launch.endLaunch();
      admission.giveBytes(launch.imageBytes);
    });
    void instance.exited.then((exit) => {
      instances.delete(enclave);
      if (!gone) return host.exited({ enclave, ...exit }).catch(() => undefined);
      return undefined;
    });
    if (gone) instance.terminate();
  };

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
      if (instances.size + launching >= maxEnclavesPerHost) throw new EnclosError('PLATFORM_BUSY');
      const endLaunch = admission.beginLaunch();
      launching += 1;
      try {
        const image = uploads.take(upload);
        const enclave = ++last;
        const instance = await prepareInstance(services, { image, signature, debug, isolation }).catch(
          (error: unknown) => {
            admission.giveBytes(image.length);
            throw error;
          },
        );
        keep(enclave, instance, { endLaunch, imageBytes: image.length });
        return { enclave, gatePath: instance.gatePath, ...instance.identity, isolation: services.isolation.layers };
      } catch (error) {
        endLaunch();
        throw error;
      } finally {
        launching -= 1;
      }
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
    uploads.close();
    for (const instance of instances.values()) instance.terminate();
  });
}
