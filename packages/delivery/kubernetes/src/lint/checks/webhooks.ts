import { findPemBlocks } from '@enclos/codec/pem';
import { at, fieldsOf, isAbsent, itemsOf, keyOf, mapsOf, textOf, type MapNode } from '@enclos/kubernetes-schema/yaml';
import { fieldSpan } from '../field-span.ts';
import type { Report } from '../report.ts';
import type { KubernetesObject } from '../workload.ts';

/** Webhooks that are asked about pods: the ones through which add-ons for enclaves have stopped whole clusters. */
export function checkWebhooks({ node, kind }: KubernetesObject, report: Report): void {
  if (!/^(?:Mutating|Validating)WebhookConfiguration$/.test(kind)) return;
  const fromCertManager = fieldsOf(at(node, 'metadata', 'annotations')).some(([name]) =>
    name.startsWith('cert-manager.io/inject-ca-from'),
  );
  for (const webhook of mapsOf(at(node, 'webhooks'))) {
    if (!mapsOf(at(webhook, 'rules')).some(coversPods)) continue;
    if (!fromCertManager) checkBundle(webhook, report);
    checkPolicy(webhook, report);
    if (isEmpty(webhook, 'objectSelector') && isEmpty(webhook, 'namespaceSelector')) {
      const span = fieldSpan(webhook, 'rules', webhook);
      report('WEBHOOK_SELECTOR_MISSING', span, `${nameOf(webhook)} is called for every pod`);
    }
  }
}

function nameOf(webhook: MapNode): string {
  return textOf(at(webhook, 'name')) ?? 'the webhook';
}

function coversPods(rule: MapNode): boolean {
  const has = (list: string, words: readonly string[]): boolean =>
    itemsOf(at(rule, list)).some((item) => words.includes(textOf(item) ?? '-'));
  return has('apiGroups', ['', '*']) && has('resources', ['pods', 'pods/*', '*', '*/*']);
}

function isEmpty(webhook: MapNode, name: string): boolean {
  const selector = at(webhook, name);
  return isAbsent(selector) || (selector?.kind === 'map' && selector.fields.size === 0);
}

function checkPolicy(webhook: MapNode, report: Report): void {
  const policy = textOf(at(webhook, 'failurePolicy'));
  if (policy === 'Ignore') return;
  const found = policy === undefined ? 'has no failurePolicy, which means Fail' : `has failurePolicy: ${policy}`;
  const span = fieldSpan(webhook, 'failurePolicy', at(webhook, 'name') ?? webhook);
  report('WEBHOOK_FAILURE_POLICY', span, `${nameOf(webhook)} ${found}`);
}

function checkBundle(webhook: MapNode, report: Report): void {
  const config = at(webhook, 'clientConfig');
  // A server with a URL may have a certificate that the API server knows already.
  if (config === undefined || at(config, 'url') !== undefined) return;
  const bundle = textOf(at(config, 'caBundle'));
  if (bundle === undefined || bundle === '') {
    report('WEBHOOK_CA_MISSING', keyOf(webhook, 'clientConfig'), `${nameOf(webhook)} has no caBundle`);
  } else if (!holdsCertificate(Buffer.from(bundle, 'base64').toString('latin1'))) {
    report('WEBHOOK_CA_MISSING', keyOf(config, 'caBundle'), `the caBundle of ${nameOf(webhook)} is not a certificate`);
  }
}

const mostBundleBlocks = 64;

function holdsCertificate(bundle: string): boolean {
  return findPemBlocks(bundle, mostBundleBlocks).some(({ label }) => label === 'CERTIFICATE');
}

const sgxMetric = /(?:^|\/)(?:sgx|epc)|sgx_epc|software-sgx/i;

/** A HorizontalPodAutoscaler by a resource that is not measured. */
export function checkAutoscaler({ node, kind }: KubernetesObject, report: Report): void {
  if (kind !== 'HorizontalPodAutoscaler') return;
  for (const metric of mapsOf(at(node, 'spec', 'metrics'))) {
    const name = ['resource', 'containerResource']
      .map((type) => at(metric, type, 'name'))
      .find((one) => one !== undefined);
    const text = textOf(name);
    if (name === undefined || text === undefined || !sgxMetric.test(text)) continue;
    report('SGX_AUTOSCALING', name, `${text} is not measured by any metrics server`);
  }
}
