import { at, keyOf, textOf } from '@enclos/kubernetes-schema/yaml';
import { endingSizes, epcBytesOfSize } from '../azure-sizes.ts';
import type { EnclavePod } from '../enclave-pod.ts';
import { selectedValues } from '../node-selection.ts';
import { bytesText } from '@enclos/kubernetes-schema';
import type { Report } from '../report.ts';

const sizeLabels = ['node.kubernetes.io/instance-type', 'beta.kubernetes.io/instance-type'];

/** Sizes that end, and sizes that are too small, where the manifest selects nodes by their size. */
export function checkAzure(pod: EnclavePod, now: Date, report: Report): void {
  for (const { value: size, span } of sizeLabels.flatMap((label) => selectedValues(pod.spec, label))) {
    const ending = endingSizes.find(({ pattern }) => pattern.test(size));
    if (ending !== undefined) {
      const { family, retires, closes } = ending;
      if (isPast(retires, now)) {
        report('AZURE_SIZE_RETIRED', span, `${size}: Azure retired ${family} on ${retires}`);
      } else {
        const text = `${size}: ${closingWords(closes, now)}Azure retires ${family} on ${retires}`;
        report('AZURE_SIZE_RETIRING', span, text);
      }
    }
    const capacity = epcBytesOfSize(size);
    if (capacity !== undefined && pod.epcBytes > capacity) {
      const text = `a pod asks for ${bytesText(pod.epcBytes)} of EPC, and ${size} has ${bytesText(capacity)}`;
      report('SGX_EPC_OVERCOMMIT', span, text);
    }
  }
  if (/^kata-cc(?:-isolation)?$/.test(textOf(at(pod.spec, 'runtimeClassName')) ?? '')) {
    report('AZURE_RUNTIME_CLASS_RETIRED', keyOf(pod.spec, 'runtimeClassName'), 'AKS Confidential Containers has ended');
  }
}

function closingWords(closes: string | undefined, now: Date): string {
  if (closes === undefined) return '';
  return isPast(closes, now)
    ? `new subscriptions have not been able to get it since ${closes}, and `
    : `new subscriptions cannot get it from ${closes} on, and `;
}

/** Whether the day has come, by UTC. */
function isPast(day: string, now: Date): boolean {
  return now.toISOString().slice(0, 10) >= day;
}
