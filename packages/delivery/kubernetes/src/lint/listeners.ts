import type { Workload } from './workload.ts';

/** An annotation of pods: the listeners of the enclave, as `NAME=PORT,NAME=PORT`. */
export const listenersAnnotation = 'dev.enclos.listen';

/** The variable that host programs read: the address at which they listen (`hostVariables` of @enclos/host). */
export const listenVariable = 'ENCLOS_LISTEN_ADDRESS';

/** The ports that end in the enclave of a pod, by the annotation; empty where the manifest does not say. */
export function enclavePortsOf({ annotations }: Workload): ReadonlyMap<number, string> {
  const text = annotations.get(listenersAnnotation)?.text ?? '';
  return new Map(
    [...text.matchAll(/(?:^|,)([^=,]{1,63})=(\d{1,5})(?=,|$)/g)].map(([, name = '', port = '']) => [
      Number(port),
      name,
    ]),
  );
}
