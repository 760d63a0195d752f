import type { EnclavePod } from '../enclave-pod.ts';
import { meantBy, parseQuantity } from '@enclos/kubernetes-schema';
import type { Report } from '../report.ts';

const injectLabel = 'enclos.dev/inject';

/** The annotations that the admission webhook reads, and what each may say. */
const annotations: Readonly<Record<string, { readonly wanted: string; readonly holds: (text: string) => boolean }>> = {
  'enclos.dev/platform': { wanted: 'software or sgx', holds: (text) => text === 'software' || text === 'sgx' },
  'enclos.dev/epc': {
    wanted: 'a quantity such as 10Mi',
    holds: (text) => (parseQuantity(text)?.integer ?? 0n) > 0n,
  },
  // Checked with the containers.
  'enclos.dev/quote-provider': { wanted: 'aesmd or a container', holds: () => true },
};

/** Annotations and labels under enclos.dev: a slip of the pen there is silent otherwise. */
export function checkWords(pod: EnclavePod, report: Report): void {
  let asks = false;
  for (const [name, { text, key, value }] of pod.annotations) {
    if (!name.startsWith('enclos.dev/')) continue;
    const rule = Object.hasOwn(annotations, name) ? annotations[name] : undefined;
    if (rule === undefined) {
      const fix = (): string | undefined => meantBy(name, Object.keys(annotations));
      report('ENCLOS_ANNOTATION_UNKNOWN', key, `there is no annotation "${name}"`, fix);
      continue;
    }
    asks = true;
    if (!rule.holds(text)) {
      report('ENCLOS_ANNOTATION_UNKNOWN', value, `"${name}" is ${JSON.stringify(text)}, and must be ${rule.wanted}`);
    }
  }
  const label = pod.labels.get(injectLabel);
  if (label !== undefined && label.text !== 'enabled') {
    const text = `"${injectLabel}" is ${JSON.stringify(label.text)}: the webhook selects pods by "enabled"`;
    report('ENCLOS_ANNOTATION_UNKNOWN', label.value, text);
  }
  if (asks && label === undefined) {
    report('ENCLOS_LABEL_MISSING', pod.specSpan, `the pod asks the webhook by annotation, without ${injectLabel}`);
  }
}
