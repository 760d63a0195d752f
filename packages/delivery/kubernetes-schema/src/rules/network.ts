import { addressFamily, isStrictSubnet, parseNetwork } from '../forms/addresses.ts';
import { isLabelName, isQualifiedName } from '../forms/names.ts';
import { checkEither, checkUnique, forbid, type TypeRules } from '../view/rule.ts';

export const networkRules: TypeRules = {
  V1NetworkPolicySpec(view) {
    if (view.size('policyTypes') <= 2) return;
    view.conflict('policyTypes', 'has more than two types', 'Write Ingress, Egress or both, each once.');
  },
  V1NetworkPolicyPeer(view) {
    if (!['podSelector', 'namespaceSelector', 'ipBlock'].some((name) => view.has(name))) {
      const text = `${view.path} has none of podSelector, namespaceSelector, ipBlock`;
      view.report('K8S_ONE_OF', view.span, text, 'Write one of them; podSelector: {} is every pod of the namespace.');
    }
    if (!view.has('ipBlock')) return;
    for (const name of ['podSelector', 'namespaceSelector']) {
      if (!view.has(name)) continue;
      const text = `${view.path} has ipBlock and ${name}`;
      view.report('K8S_ONE_OF', view.spanOf(name), text, 'Make them two items of the list.');
    }
  },
  V1NetworkPolicyPort(view) {
    const end = view.number('endPort');
    if (end === undefined) return;
    const port = view.number('port');
    if (port === undefined) {
      view.conflict('endPort', 'needs a port that is a number', 'Add the first port of the range.');
    } else if (end < port) view.conflict('endPort', `is ${end}, and port is ${port}`, 'The range ends at endPort.');
  },
  V1IPBlock(view) {
    const outer = parseNetwork(view.text('cidr'));
    if (outer === undefined) return;
    for (const { text, span } of view.texts('except')) {
      const inner = parseNetwork(text);
      if (inner === undefined || isStrictSubnet(outer, inner)) continue;
      const words = `${view.path}.except has ${JSON.stringify(text)}, which is not a part of cidr`;
      view.report('K8S_FIELDS_CONFLICT', span, words, 'Write a smaller network inside cidr.');
    }
  },
  V1IngressSpec(view) {
    if (view.size('rules') > 0 || view.has('defaultBackend')) return;
    view.report('K8S_ONE_OF', view.span, `${view.path} has neither rules nor defaultBackend`, 'Write one of them.');
  },
  V1HTTPIngressPath(view) {
    const [type, path] = [view.text('pathType'), view.text('path')];
    if (path === '' && type === 'ImplementationSpecific') return;
    if (!path.startsWith('/')) {
      return path === '' ? view.missing('path') : view.invalid('path', 'a path that begins with "/"');
    }
    if (type === 'ImplementationSpecific') return;
    if (/\/\/|\/\.\.?(?:\/|$)|%2f/i.test(path)) view.invalid('path', 'a path without "//", "/./", "/../" and "%2f"');
  },
  V1IngressBackend(view) {
    const resource = view.child('resource');
    if (resource === undefined) return;
    for (const name of ['kind', 'name']) if (resource.text(name) === '') resource.missing(name);
    for (const name of ['kind', 'name']) {
      if (/[/%]/.test(resource.text(name))) resource.invalid(name, 'a name without "/" and "%"');
    }
  },
  V1ServiceBackendPort(view) {
    checkEither(view, ['name', 'number'], (field) =>
      field === 'name' ? view.text(field) !== '' : (view.number(field) ?? 0) !== 0,
    );
  },
  V1IngressClassParametersReference(view) {
    const scope = view.textOr('scope', 'Cluster');
    if (scope === 'Cluster') forbid(view, ['namespace'], 'is for scope: Namespace');
    if (scope !== 'Namespace') return;
    if (!view.has('namespace')) view.missing('namespace', 'Add it: the scope is Namespace.');
    else if (!isLabelName(view.text('namespace'))) view.invalid('namespace', 'the name of a namespace');
  },
  V1Ingress(view) {
    const key = 'kubernetes.io/ingress.class';
    const word = view.raw('metadata', 'annotations', key);
    const named = view.text('spec', 'ingressClassName');
    if (word?.kind !== 'scalar' || typeof word.value !== 'string' || named === '' || word.value === named) return;
    view.report(
      'K8S_FIELDS_CONFLICT',
      word,
      `the annotation ${key} and spec.ingressClassName differ`,
      'Remove the annotation.',
    );
  },
  V1ServiceCIDRSpec(view) {
    const networks = view.texts('cidrs').flatMap(({ text }) => parseNetwork(text) ?? []);
    const [first, second] = networks;
    if (view.size('cidrs') > 2) view.conflict('cidrs', 'has more than two networks');
    else if (first !== undefined && first.family === second?.family) {
      view.conflict('cidrs', 'has two networks of one family');
    }
  },
  V1EndpointSlice(view) {
    const wanted = new Map([
      ['IPv4', 4],
      ['IPv6', 6],
    ]).get(view.text('addressType'));
    for (const { text, span } of view.each('endpoints').flatMap((endpoint) => endpoint.texts('addresses'))) {
      if (wanted === undefined || addressFamily(text) === wanted) continue;
      const words = `an endpoint has the address ${JSON.stringify(text.slice(0, 80))}`;
      view.report('K8S_VALUE_INVALID', span, words, `It must be an IPv${wanted} address: addressType says so.`);
    }
    checkUnique(
      view,
      view.each('ports').map((port) => ({ text: `"${port.text('name')}"`, span: port.valueSpan('name') })),
      (key) => `two ports have the name ${key.slice(0, 80)}`,
    );
  },
  V1Endpoints(view) {
    for (const subset of view.each('subsets')) {
      if (subset.size('addresses') + subset.size('notReadyAddresses') === 0) subset.missing('addresses');
      const ports = subset.each('ports');
      for (const port of ports) {
        const name = port.text('name');
        if (name === '' && ports.length > 1) port.missing('name', 'Add names: there are several ports.');
        if (name !== '' && !isLabelName(name)) {
          port.invalid('name', 'at most 63 lower-case letters, digits and hyphens');
        }
        const protocol = port.text('appProtocol');
        if (protocol !== '' && !isQualifiedName(protocol)) {
          port.invalid('appProtocol', 'a name such as example.com/protocol');
        }
      }
    }
  },
};
