import { createCaller, createDispatcher, systemInterface } from '@enclos/edl';
import type { BootCapabilities } from '@enclos/enclave/boot';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { createEndpoint, streamTransport } from '@enclos/gate';
import { decodeInterpreterManifest } from '@enclos/manifest';
import { encodeGateHello, enclaveChannel, GateTable, openChannel } from '@enclos/tee';
import { raw } from './raw.edl.ts';

/** Takes the place of the trusted runtime: no rules between the application and the platform. */
export async function boot(_main: unknown, capabilities: BootCapabilities): Promise<void> {
  const channel = openChannel({
    stream: capabilities.platform,
    initiator: true,
    protocol: enclaveChannel,
    serve: () => Promise.reject(new Error('Nothing is served to the platform.')),
  });
  await channel.ready;
  const platform = createCaller(enclaveChannel.trusted, ({ index, payload, maxResultBytes }) =>
    channel.invoke(0, index, payload, { maxResultBytes }),
  );
  const { name, interfaceDigest, limits, threads } = decodeInterpreterManifest(capabilities.manifest);
  const system = createDispatcher(systemInterface.trusted, { start: () => undefined });
  const calls = createDispatcher(raw.trusted, {
    report: (request) => platform.report(request),
    key: (request) => platform.key(request),
    quotingTarget: () => platform.quotingTarget(),
    quote: (request) => platform.quote(request),
  });
  const endpoint = createEndpoint({
    transport: streamTransport(capabilities.gate),
    initiator: false,
    hello: encodeGateHello({ name, interfaceDigest }),
    acceptHello: () => undefined,
    limits: { ...limits, maxConcurrentCalls: threads, helloTimeoutMs: 30_000 },
    dispatch: ({ table, index, payload }) => (table === GateTable.system ? system : calls)(index, payload, undefined),
    describeError: (error) => ({
      code: isEnclosError(error) ? error.code : 'ENCLAVE_CALL_FAILED',
      message: error instanceof Error ? error.message : '',
    }),
    lostError: (cause) => new EnclosError('ENCLAVE_HOST_LOST', undefined, { cause }),
  });
  void endpoint.closed.then(() => capabilities.exit(0));
  await endpoint.ready;
}
