import { at, fieldsOf, type Span, type YamlNode } from '@enclos/kubernetes-schema/yaml';
import type { Container } from './workload.ts';
import { parseQuantity, type Quantity } from '@enclos/kubernetes-schema';
import { softwareResource } from '../software-device.ts';

/** EPC in bytes: the name that Intel's device plugin and today's AKS use. */
export const epcResource = 'sgx.intel.com/epc';
export const provisionResource = 'sgx.intel.com/provision';

const mebi = 1024n * 1024n;

/** Old names of EPC, which count MiB. */
const oldEpcNames: ReadonlySet<string> = new Set([
  'kubernetes.azure.com/sgx_epc_mem_in_MiB',
  'sgx.intel.com/sgx_epc_mem_in_MiB',
]);

/** What is counted one by one. The last two are for quote providers, and on their way out. */
const devices: ReadonlySet<string> = new Set([
  softwareResource,
  'sgx.intel.com/enclave',
  provisionResource,
  'sgx.intel.com/qe',
  'sgx.intel.com/registration',
]);

export const knownResources: readonly string[] = [epcResource, ...oldEpcNames, ...devices];

/** What a name of a resource means to SGX. */
export type ResourceMeaning = 'epc' | 'old-epc' | 'device' | 'misnamed' | 'other';

const standard = /^(?:cpu|memory|ephemeral-storage|hugepages-.+)$/;
/** Names that can only have been meant for SGX, by domain or by word. */
const looksLikeSgx =
  /^(?:sgx\.intel\.com|enclos\.dev|kubernetes\.azure\.com\/sgx)|(?:^|[/._-])(?:sgx|epc)(?:$|[/._-])/i;

export function meaningOf(name: string): ResourceMeaning {
  if (name === epcResource) return 'epc';
  if (oldEpcNames.has(name)) return 'old-epc';
  if (devices.has(name)) return 'device';
  return looksLikeSgx.test(name) && !standard.test(name) ? 'misnamed' : 'other';
}

/** One resource of a container, by request, limit or both. */
export interface ResourceAmount {
  readonly name: string;
  readonly key: Span;
  readonly request?: Amount;
  readonly limit?: Amount;
}

export interface Amount {
  readonly text: string;
  readonly span: Span;
  readonly quantity: Quantity | undefined;
}

/** The resources of a container, in the order of the manifest. */
export function resourcesOf({ node }: Container): readonly ResourceAmount[] {
  const [limits, requests] = ['limits', 'requests'].map((list) => new Map(fieldsOf(at(node, 'resources', list))));
  const names = new Set([...(limits?.keys() ?? []), ...(requests?.keys() ?? [])]);
  return [...names].map((name) => {
    const limit = limits?.get(name);
    const request = requests?.get(name);
    const key = limit?.key ?? request?.key ?? node;
    return {
      name,
      key,
      ...(limit === undefined ? {} : { limit: amountOf(limit.value) }),
      ...(request === undefined ? {} : { request: amountOf(request.value) }),
    };
  });
}

function amountOf(value: YamlNode): Amount {
  const text = value.kind === 'scalar' ? String(value.value) : '';
  return { text, span: value, quantity: parseQuantity(text) };
}

/** Bytes of EPC of an amount; undefined where the resource is not EPC, or the amount is not a whole number. */
export function epcBytesOf({ name, limit, request }: ResourceAmount): bigint | undefined {
  const whole = (limit ?? request)?.quantity?.integer;
  const meaning = meaningOf(name);
  if (whole === undefined) return undefined;
  return meaning === 'epc' ? whole : meaning === 'old-epc' ? whole * mebi : undefined;
}
