import type { EnclaveContainer, EnclavePod } from '../enclave-pod.ts';
import { bytesText, meantBy } from '@enclos/kubernetes-schema';
import { isTooManyDevices, softwareResource } from '../../software-device.ts';
import type { Report } from '../report.ts';
import { epcBytesOf, epcResource, knownResources, meaningOf, type ResourceAmount } from '../sgx-resources.ts';

/** Names and units. */
export function checkResources(pod: EnclavePod, report: Report): void {
  for (const container of pod.members) checkContainer(container, report);
}

function checkContainer({ resources }: EnclaveContainer, report: Report): void {
  for (const resource of resources) {
    checkName(resource, report);
    checkUnit(resource, report);
  }
}

function checkName(resource: ResourceAmount, report: Report): void {
  const { name, key } = resource;
  const meaning = meaningOf(name);
  if (meaning === 'misnamed') {
    report('SGX_RESOURCE_UNKNOWN', key, `no device plugin offers "${name}"`, () => meantBy(name, knownResources));
  }
  if (meaning !== 'old-epc') return;
  const bytes = epcBytesOf(resource);
  const fix = bytes === undefined ? undefined : `${epcResource}: "${bytesText(bytes)}"`;
  report('SGX_EPC_SPELLING', key, `"${name}" is an old name of EPC`, fix);
}

/** No enclave with code in it fits into less. */
const leastEpcBytes = 65_536n;
/** More than any machine has: 8 TiB. */
const mostEpcBytes = 2n ** 43n;
/** What a device plugin offers by default; no pod takes all of a node. */
const mostDevices = 110n;

function checkUnit(resource: ResourceAmount, report: Report): void {
  const amount = resource.limit ?? resource.request;
  const count = amount?.quantity?.integer;
  if (amount === undefined || count === undefined || count <= 0n) return;
  const { name } = resource;
  const meaning = meaningOf(name);
  if (name === softwareResource && isTooManyDevices(amount.text)) {
    return report('SOFTWARE_DEVICE_COUNT', amount.span, `${amount.text} of ${name} in one container`);
  }
  if (meaning === 'device' && count > mostDevices) {
    const text = `"${name}" counts devices, and ${amount.text} are ${count} of them`;
    report('SGX_RESOURCE_UNIT', amount.span, text, `${name}: 1`);
  }
  if (meaning === 'epc' && count < leastEpcBytes) {
    const text = `"${name}" counts bytes, and ${amount.text} is less than any enclave needs`;
    report('SGX_RESOURCE_UNIT', amount.span, text, `${name}: "${count}Mi"`);
  }
  const bytes = epcBytesOf(resource);
  if (meaning === 'old-epc' && bytes !== undefined && bytes > mostEpcBytes) {
    const text = `"${name}" counts MiB, and ${amount.text} is more than any machine has`;
    report('SGX_RESOURCE_UNIT', amount.span, text, `${epcResource}: "${bytesText(count)}"`);
  }
}
