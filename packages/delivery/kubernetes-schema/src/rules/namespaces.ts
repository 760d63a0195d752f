import type { TypeRules } from '../view/rule.ts';

const levels = new Set(['privileged', 'baseline', 'restricted']);
const prefix = 'pod-security.kubernetes.io/';

export const namespaceRules: TypeRules = {
  /** The labels of Pod Security, which its admission plugin reads. */
  V1Namespace(view) {
    for (const [name, { value, key }] of view.entries('metadata', 'labels')) {
      if (!name.startsWith(prefix)) continue;
      const [, mode, version] = /^(enforce|audit|warn)(-version)?$/.exec(name.slice(prefix.length)) ?? [];
      if (mode === undefined) continue;
      const text = value.kind === 'scalar' && value.value !== null ? String(value.value) : '';
      const span = value.end > value.start ? value : key;
      const words = `metadata.labels["${name}"] is ${JSON.stringify(text.slice(0, 80))}`;
      if (version === undefined) {
        if (!levels.has(text)) view.report('K8S_VALUE_INVALID', span, words, `Use one of ${[...levels].join(', ')}.`);
      } else if (!/^(?:latest|v1\.(?:0|[1-9]\d{0,8}))$/.test(text)) {
        view.report('K8S_VALUE_INVALID', span, words, 'Use latest, or a version such as v1.34.');
      }
    }
  },
};
