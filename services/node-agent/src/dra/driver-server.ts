import type { UntypedServiceImplementation, handleUnaryCall } from '@grpc/grpc-js';
import { grpcError, wordsOf } from '../grpc/grpc-error.ts';
import { createDeadline } from '../grpc/deadline.ts';
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
} from './messages.ts';

export interface DriverCalls {
  /** @throws what keeps a claim from being prepared */
  readonly prepare: (claim: ClaimReference) => Promise<readonly PreparedDevice[]>;
  /** @returns no device */
  readonly unprepare: (claim: ClaimReference) => Promise<readonly PreparedDevice[]>;
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
  const answerBy =
    (what: 'prepare' | 'unprepare'): handleUnaryCall<ClaimsRequest, PrepareResponse> =>
    ({ request }, answer) => {
      deadline
        .run(() => answerAll(calls, what, request))
        .then((claims) => answer(null, { claims }))
        .catch((error: unknown) => answer(grpcError(error)));
    };
  return { NodePrepareResources: answerBy('prepare'), NodeUnprepareResources: answerBy('unprepare') };
}

async function answerAll(
  calls: DriverCalls,
  what: 'prepare' | 'unprepare',
  { claims }: ClaimsRequest,
): Promise<PrepareResponse['claims']> {
  if (claims.length > maxClaims) throw refused(`The kubelet named more than ${maxClaims} claims at once.`);
  const answers: [uid: string, answer: PrepareResponse['claims'][string]][] = [];
  // One after the other: each is a question to the API server.
  for (const claim of claims) {
    try {
      requireReference(claim);
      answers.push([claim.uid, { devices: await calls[what](claim) }]);
      calls.asked(what, 'granted');
    } catch (error) {
      answers.push([claim.uid, { error: wordsOf(error) }]);
      calls.asked(what, 'refused', error);
    }
  }
  return Object.fromEntries(answers);
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
