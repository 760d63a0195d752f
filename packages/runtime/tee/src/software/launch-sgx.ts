import type { Socket } from 'node:net';
import type { Caller } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import type { LaunchedSgxEnclave, SgxLaunchRequest } from '../launcher/sgx-launcher.ts';
import { connected, connectFrugally } from './connect.ts';
import type { ExitTable } from './exits.ts';
import { type hostChannel, MAX_SGX_PIECES } from './protocol.ts';
import { giveBackSgx, throwIfAborted } from './upload.ts';

type Platform = Caller<(typeof hostChannel)['trusted']>;

const defaultStackBytes = 1024 * 1024;

/** Launches an SGX image: see `SgxLauncher`. */
export async function launchSgx(
  { platform, exits }: { readonly platform: Platform; readonly exits: ExitTable },
  request: SgxLaunchRequest,
): Promise<LaunchedSgxEnclave> {
  const { enclaveBytes, threads, stackBytes = defaultStackBytes, arenaBytes, fastExit, isolation, signal } = request;
  throwIfAborted(signal);
  const bounds = { enclaveBytes, threads, stackBytes, arenaBytes, fastExit, isolation };
  const { upload, gatePath } = await platform.createSgx(bounds);
  const gates: Socket[] = [];
  try {
    // One after the other: the place of a connection is the number of its thread.
    for (let thread = 0; thread < threads; thread += 1) {
      gates.push(await connected(connectFrugally(gatePath), gatePath));
    }
    await sendStream(platform, upload, request);
    const { signature, attributes, miscSelect, configId, configSvn } = request;
    const started = await platform.initializeSgx(
      { upload, signature, flags: attributes.flags, xfrm: attributes.xfrm, miscSelect, configId, configSvn },
      // The compiler wants an absent signal, not an undefined one.
      signal === undefined ? {} : { signal },
    );
    const { enclave, isolation: layers, mrEnclave, mrSigner, productId, securityVersion, debug } = started;
    const exited = exits.of(enclave);
    return Object.freeze({
      identity: Object.freeze({ mrEnclave, mrSigner, productId, securityVersion, debug }),
      isolation: layers,
      gates: Object.freeze(gates),
      exited,
      async terminate() {
        // When the platform is gone, its enclaves are gone too: its closing settles `exited`.
        await platform.terminate({ enclave }).catch(() => undefined);
        await exited;
      },
    });
  } catch (error) {
    // The end of a gate also ends an enclave that was started for a call that this host has cancelled.
    for (const gate of gates) gate.destroy();
    giveBackSgx(platform, upload);
    throw error;
  }
}

async function sendStream(platform: Platform, upload: number, { stream, signal }: SgxLaunchRequest): Promise<void> {
  const underWay: Promise<void>[] = [];
  for await (const piece of stream) {
    throwIfAborted(signal);
    if (piece.length === 0) throw new EnclosError('PLATFORM_UPLOAD_REFUSED', 'A piece of the stream is empty.');
    if (underWay.length === MAX_SGX_PIECES) await underWay.shift();
    const sent = platform.addSgx({ upload, chunk: piece });
    sent.catch(() => undefined);
    underWay.push(sent);
  }
  await Promise.all(underWay);
}
