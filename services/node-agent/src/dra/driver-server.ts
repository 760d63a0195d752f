import type { UntypedServiceImplementation, handleUnaryCall } from '@grpc/grpc-js';
import { isEnclosError } from '@enclos/errors';
import { grpcError } from '../grpc/grpc-error.ts';
import { createDeadline, type Deadline } from '../grpc/deadline.ts';
import { refused, requireReference } from './claim.ts';
import { driverName } from './driver.ts';
import {
  pluginService,
  pluginType,
  type ClaimReference,
  type ClaimsRequest,
  type PluginInfo,
  type PreparedDevice,
  type PrepareResponse,
  type RegistrationStatus,
  type UnprepareResponse,
} from './messages.ts';

export interface DriverCalls {
  /** @throws what keeps a claim from being prepared */
  readonly prepare: (claim: ClaimReference) => Promise<readonly PreparedDevice[]>;
  readonly unprepare: (claim: ClaimReference) => Promise<void>;
  /** Told of each claim that was asked for. */
  readonly asked: (what: 'prepare' | 'unprepare', outcome: 'granted' | 'refused', reason?: unknown) => void;
}

/** A pod has at most 32 claims, and the kubelet asks for one pod at a time. */
const maxClaims = 64;
/** The kubelet waits for 45 seconds (`defaultClientCallTimeout` in pkg/kubelet/cm/dra/plugin/dra_plugin.go). */
const answerMs = 30_000;

/** Answers the kubelet. What fails for one claim is said for that claim; the others go on. */
export function driverImplementation(calls: DriverCalls): UntypedServiceImplementation {
  const deadline = createDeadline(answerMs);
  const prepareAll: handleUnaryCall<ClaimsRequest, PrepareResponse> = (call, answer) => {
    answerAll(deadline, call.request, async (claim) => ({ devices: await tried(calls, 'prepare', claim) })).then(
      (claims) => answer(null, { claims }),
      (error: unknown) => answer(grpcError(error)),
    );
  };
  const unprepareAll: handleUnaryCall<ClaimsRequest, UnprepareResponse> = (call, answer) => {
    answerAll(deadline, call.request, async (claim) => {
      await tried(calls, 'unprepare', claim);
      return {};
    }).then(
      (claims) => answer(null, { claims }),
      (error: unknown) => answer(grpcError(error)),
    );
  };
  return { NodePrepareResources: prepareAll, NodeUnprepareResources: unprepareAll };
}

async function tried(
  calls: DriverCalls,
  what: 'prepare' | 'unprepare',
  claim: ClaimReference,
): Promise<readonly PreparedDevice[]> {
  try {
    requireReference(claim);
    const devices = (await calls[what](claim)) ?? [];
    calls.asked(what, 'granted');
    return devices;
  } catch (error) {
    calls.asked(what, 'refused', error);
    throw error;
  }
}

async function answerAll<T extends object>(
  deadline: Deadline,
  { claims }: ClaimsRequest,
  work: (claim: ClaimReference) => Promise<T>,
): Promise<Readonly<Record<string, T | { readonly error: string }>>> {
  if (claims.length > maxClaims) throw refused(`The kubelet named more than ${maxClaims} claims at once.`);
  return await deadline.run(async () => {
    const answers: [string, T | { readonly error: string }][] = [];
    // One after the other: each is a question to the API server.
    for (const claim of claims) {
      const answer = await work(claim).catch((error: unknown) => ({ error: describe(error) }));
      answers.push([claim.uid, answer]);
    }
    return Object.fromEntries(answers);
  });
}

/** The kubelet shows it in the pod's events. */
function describe(error: unknown): string {
  return isEnclosError(error) ? `${error.code}: ${error.message} ${error.next}` : 'The node agent failed.';
}

/** Says to the kubelet which driver this is, and hears whether it wants it. */
export function registrationImplementation(
  endpoint: string,
  registered: (error: string | undefined) => void,
): UntypedServiceImplementation {
  const info: PluginInfo = { type: pluginType, name: driverName, endpoint, supported_versions: [pluginService] };
  const getInfo: handleUnaryCall<object, PluginInfo> = (_call, answer) => answer(null, info);
  const notify: handleUnaryCall<RegistrationStatus, object> = (call, answer) => {
    const { plugin_registered: isRegistered, error } = call.request;
    registered(isRegistered ? undefined : error);
    answer(null, {});
  };
  return { GetInfo: getInfo, NotifyRegistrationStatus: notify };
}
