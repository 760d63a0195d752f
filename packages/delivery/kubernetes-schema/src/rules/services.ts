import type { View } from '../view/view.ts';
import { addressFamily, parseNetwork } from '../forms/addresses.ts';
import { isSubdomainName } from '../forms/names.ts';
import { checkUnique, forbid, keysIn, type TypeRules } from '../view/rule.ts';

export const serviceRules: TypeRules = {
  V1ServiceSpec(view) {
    const type = view.textOr('type', 'ClusterIP');
    const headless = view.text('clusterIP') === 'None';
    if (view.size('ports') === 0 && !headless && type !== 'ExternalName') {
      view.missing('ports', 'Add ports; only a Service with clusterIP: None may have none.');
    }
    checkPorts(view, type);
    checkTraffic(view, type);
    if (type === 'ExternalName') return checkExternalName(view);
    checkAddresses(view, type);
    checkSession(view);
  },
};

function checkPorts(view: View, type: string): void {
  const ports = view.each('ports');
  for (const port of ports) {
    if (ports.length > 1 && port.text('name') === '') port.missing('name', 'Add names: the Service has several ports.');
    const node = port.number('nodePort') ?? 0;
    if (node !== 0 && type === 'ClusterIP') {
      port.conflict('nodePort', 'is set, and the type is ClusterIP', 'Remove it, or use type: NodePort.');
    }
  }
  checkUnique(view, keysIn(ports, 'name'), (key) => `two ports are named "${key}"`);
  for (const field of ['port', 'nodePort']) {
    const numbers = ports.map((port) => {
      const number = port.number(field) ?? 0;
      return { text: number === 0 ? '' : `${port.textOr('protocol', 'TCP')} ${number}`, span: port.valueSpan(field) };
    });
    checkUnique(view, numbers, (key) => `two ports have the ${field} ${key}`);
  }
}

function checkExternalName(view: View): void {
  const name = view.text('externalName');
  if (name === '') view.missing('externalName', 'Add it: the type is ExternalName.');
  else if (!isSubdomainName(name.replace(/\.$/, ''))) view.invalid('externalName', 'a domain name in lower case');
  const words = 'is not for type: ExternalName';
  if (view.text('clusterIP') !== '') view.conflict('clusterIP', words);
  if (view.size('clusterIPs') > 0) view.conflict('clusterIPs', words);
  if (view.size('ipFamilies') > 0) view.conflict('ipFamilies', words);
  forbid(view, ['ipFamilyPolicy'], words);
}

function checkAddresses(view: View, type: string): void {
  const own = view.text('clusterIP');
  const all = view.texts('clusterIPs');
  if (own === 'None' && (type === 'LoadBalancer' || type === 'NodePort')) {
    view.conflict('clusterIP', `is None, and the type is ${type}`, 'Remove it, or use type: ClusterIP.');
  }
  if (own !== '' && own !== 'None' && addressFamily(own) === undefined) {
    view.invalid('clusterIP', 'an IP address, None or ""');
  }
  const [first] = all;
  if (first !== undefined && first.text !== own) {
    view.conflict('clusterIPs', 'does not begin with clusterIP', 'Write both, or clusterIP alone.');
  }
  if (all.length > 2) view.conflict('clusterIPs', 'has more than two addresses');
  for (const item of all) {
    if (addressFamily(item.text) !== undefined || (item.text === 'None' && all.length === 1)) continue;
    view.invalidItem('clusterIPs', item, 'It must be an IP address.');
  }
  checkFamilies(
    view,
    all.map(({ text }) => text),
  );
}

function checkFamilies(view: View, addresses: readonly string[]): void {
  const [first, second] = addresses.map(addressFamily);
  if (first !== undefined && first === second) view.conflict('clusterIPs', 'has two addresses of one family');
  const families = view.texts('ipFamilies');
  checkUnique(view, families, (key) => `ipFamilies has ${key} twice`);
  for (const [index, { text, span }] of families.entries()) {
    const family = addressFamily(addresses[index] ?? (index === 0 ? view.text('clusterIP') : ''));
    if (family === undefined || text === `IPv${family}`) continue;
    view.report('K8S_FIELDS_CONFLICT', span, `${view.path}.ipFamilies has ${text}, and the address is another`);
  }
}

function checkTraffic(view: View, type: string): void {
  const balanced = type === 'LoadBalancer';
  const outside = balanced || type === 'NodePort' || view.size('externalIPs') > 0;
  const policy = view.text('externalTrafficPolicy');
  if (policy !== '' && !outside) {
    view.conflict(
      'externalTrafficPolicy',
      `is set, and the type is ${type}`,
      'Remove it, or use NodePort or LoadBalancer.',
    );
  }
  if ((view.number('healthCheckNodePort') ?? 0) !== 0 && !(balanced && policy === 'Local')) {
    view.conflict('healthCheckNodePort', 'is for type: LoadBalancer with externalTrafficPolicy: Local', 'Remove it.');
  }
  if (!balanced) {
    const words = 'is for type: LoadBalancer';
    forbid(view, ['allocateLoadBalancerNodePorts', 'loadBalancerClass'], words);
    if (view.size('loadBalancerSourceRanges') > 0) view.conflict('loadBalancerSourceRanges', words);
  }
  for (const item of view.texts('loadBalancerSourceRanges')) {
    if (parseNetwork(item.text.trim()) !== undefined) continue;
    view.invalidItem('loadBalancerSourceRanges', item, 'It must be a network with its prefix, such as 10.9.8.0/24.');
  }
  for (const item of view.texts('externalIPs')) {
    if (!/^(?:127\.|0\.0\.0\.0$|169\.254\.|224\.0\.0\.|::1?$|fe80:|ff02:)/i.test(item.text)) continue;
    view.invalidItem('externalIPs', item, 'It must be an address that others reach.');
  }
}

const longestSessionSeconds = 86_400;

/** Without sessionAffinity the server drops its configuration. */
function checkSession(view: View): void {
  if (view.text('sessionAffinity') !== 'ClientIP') return;
  const config = view.child('sessionAffinityConfig')?.child('clientIP');
  const seconds = config?.number('timeoutSeconds');
  if (seconds === undefined || (seconds > 0 && seconds <= longestSessionSeconds)) return;
  config?.invalid('timeoutSeconds', `from 1 to ${longestSessionSeconds}`);
}
