import jsonPatch, { type Operation } from 'fast-json-patch';
import type { JsonObject } from '@enclos/codec/json';
import type { PatchOperation } from '../src/pod/patch.ts';

export const uid = '705ab4f5-6393-11e8-b7cc-42010a800002';

/** An AdmissionReview as the API server sends it for a pod that is being created. */
export function reviewOf(pod: JsonObject, more: JsonObject = {}): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      kind: 'AdmissionReview',
      apiVersion: 'admission.k8s.io/v1',
      request: {
        uid,
        kind: { group: '', version: 'v1', kind: 'Pod' },
        resource: { group: '', version: 'v1', resource: 'pods' },
        requestKind: { group: '', version: 'v1', kind: 'Pod' },
        requestResource: { group: '', version: 'v1', resource: 'pods' },
        namespace: 'shop',
        operation: 'CREATE',
        userInfo: { username: 'system:serviceaccount:kube-system:replicaset-controller', uid: 'u', groups: [] },
        object: pod,
        oldObject: null,
        dryRun: false,
        options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
        ...more,
      },
    }),
  );
}

export interface ReviewResponse {
  readonly uid: string;
  readonly allowed: boolean;
  readonly patchType?: string;
  readonly warnings?: readonly string[];
  readonly operations: readonly PatchOperation[];
}

/** Reads an answer as the API server does, which checks version, kind and uid. */
export function readAnswer(body: string): ReviewResponse {
  const { apiVersion, kind, response, ...rest } = JSON.parse(body) as {
    apiVersion: string;
    kind: string;
    response: { uid: string; allowed: boolean; patchType?: string; patch?: string; warnings?: readonly string[] };
  };
  if (apiVersion !== 'admission.k8s.io/v1' || kind !== 'AdmissionReview') throw new Error('Not an AdmissionReview v1.');
  if (Object.keys(rest).length > 0) throw new Error('More than a response.');
  const { patch, ...others } = response;
  const isPair = (patch === undefined) === (others.patchType === undefined);
  if (!isPair) throw new Error('A patch and its type come together.');
  const text = Buffer.from(patch ?? '', 'base64').toString();
  return { ...others, operations: patch === undefined ? [] : (JSON.parse(text) as PatchOperation[]) };
}

/** The pod that the API server goes on with. The library is independent, and refuses an operation that does not apply. */
export function applyTo(pod: JsonObject, operations: readonly PatchOperation[]): JsonObject {
  return jsonPatch.applyPatch(jsonPatch.deepClone(pod) as JsonObject, operations as Operation[], true).newDocument;
}
