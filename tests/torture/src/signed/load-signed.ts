import { loadSgxEnclave } from '@enclos/sgx-host';
import type { SgxLauncher } from '@enclos/tee';
import type { SignedSubject } from './counter.ts';

export interface SignedFiles {
  readonly image: string;
  readonly edl: string;
}

/** Loads the enclave of a lane in this process. It counts by asking its host. */
export function loadSigned(
  { image, edl }: SignedFiles,
  launcher: SgxLauncher,
  at: (step: string) => void = () => undefined,
): Promise<SignedSubject> {
  return loadSgxEnclave({
    image,
    edl,
    launcher,
    isolation: 'best',
    ocalls: {
      ocall_ask({ value }: { readonly value: number }) {
        at('asked');
        return value + 1;
      },
    },
  });
}
