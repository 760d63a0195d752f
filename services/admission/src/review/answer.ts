import { isEnclosError, type ErrorCode } from '@enclos/errors';
import { injectPod } from '../pod/inject.ts';
import type { PatchOperation } from '../pod/patch.ts';
import type { Platform } from '../pod/wish.ts';
import { readReview } from './read-review.ts';

/**
 * - `patched`: the pod lacked something;
 * - `complete`: it asked, and has everything;
 * - `not-asked`: it did not ask, or is not a pod that is being created;
 * - `left`: it asked for what cannot be added, or cannot be read, and is told so by a warning.
 */
export type Outcome = 'patched' | 'complete' | 'not-asked' | 'left';

export interface Answer {
  /** AdmissionReview of admission.k8s.io/v1, as JSON. Every pod is allowed. */
  readonly body: string;
  readonly uid: string;
  readonly namespace: string | undefined;
  readonly outcome: Outcome;
  readonly platform?: Platform;
  readonly operations: number;
  /** Why, for an outcome `left`. */
  readonly code?: ErrorCode;
  /** For an error that should not happen: a fault of the webhook. */
  readonly fault?: unknown;
}

/**
 * Answers a review. `inject` says what a pod lacks.
 * @throws ADMISSION_REVIEW_UNREADABLE when there is no uid to answer.
 */
export function answerReview(body: Uint8Array, inject = injectPod): Answer {
  const request = readReview(body);
  const { uid, namespace } = request;
  const common = { uid, namespace, operations: 0 };
  if (!request.isWellFormed) {
    const code = 'ADMISSION_REVIEW_UNREADABLE';
    return { ...common, code, outcome: 'left', body: reviewOf(uid, [], 'The review is not of admission.k8s.io/v1.') };
  }
  try {
    const injection = request.pod === undefined ? undefined : inject(request.pod);
    const operations = injection?.operations ?? [];
    return {
      ...common,
      ...(injection === undefined ? {} : { platform: injection.platform }),
      operations: operations.length,
      outcome: injection === undefined ? 'not-asked' : operations.length === 0 ? 'complete' : 'patched',
      body: reviewOf(uid, operations),
    };
  } catch (error) {
    // A pod is never kept from running by its webhook, whatever is wrong with either.
    const isKnown = isEnclosError(error);
    const warning = isKnown ? error.message : 'The webhook failed. The pod was left as it is.';
    return {
      ...common,
      outcome: 'left',
      ...(isKnown ? { code: error.code } : { fault: error }),
      body: reviewOf(uid, [], warning),
    };
  }
}

/** `warning` is shown in one line; the API server cuts what is above 256 characters, which none of ours is. */
function reviewOf(uid: string, operations: readonly PatchOperation[], warning?: string): string {
  const patch = Buffer.from(JSON.stringify(operations)).toString('base64');
  return JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed: true,
      ...(operations.length === 0 ? {} : { patchType: 'JSONPatch', patch }),
      ...(warning === undefined ? {} : { warnings: [`enclos: ${warning}`] }),
    },
  });
}
