import type { View } from '../view/view.ts';
import type { TypeRules } from '../view/rule.ts';
import { textOf } from '../yaml/node.ts';
import { containerNamesOf } from './pod-containers.ts';

export const securityRules: TypeRules = {
  V1SecurityContext(view) {
    if (!view.isFalse('allowPrivilegeEscalation')) return;
    if (view.isTrue('privileged')) {
      view.conflict('allowPrivilegeEscalation', 'is false, and privileged is true', 'Remove one of them.');
    }
    const added = view.child('capabilities')?.texts('add') ?? [];
    if (!added.some(({ text }) => text === 'CAP_SYS_ADMIN')) return;
    view.conflict('allowPrivilegeEscalation', 'is false, and CAP_SYS_ADMIN is added', 'Remove one of them.');
  },
  V1SeccompProfile: checkProfile,
  V1AppArmorProfile: checkProfile,
};

const appArmorKey = 'container.apparmor.security.beta.kubernetes.io/';
const appArmorValue = /^(?:|runtime\/default|unconfined|localhost\/.*)$/s;

/** Annotations from before there was a field: they name a container of the pod. */
export function checkAppArmorAnnotations(pod: View): void {
  const metadata = pod.child('metadata');
  if (metadata === undefined) return;
  const annotations = metadata.entries('annotations').filter(([name]) => name.startsWith(appArmorKey));
  if (annotations.length === 0) return;
  const names = containerNamesOf(pod.child('spec'));
  for (const [name, { key, value }] of annotations) {
    const container = name.slice(appArmorKey.length);
    const shown = JSON.stringify(container.slice(0, 80));
    if (!names.has(container)) {
      const words = `the AppArmor profile of ${shown} is for a container that the pod does not have`;
      pod.report('K8S_VALUE_INVALID', key, words, 'Use appArmorProfile in the securityContext of the container.');
    }
    const text = textOf(value);
    if (text === undefined || appArmorValue.test(text)) continue;
    const words = `the AppArmor profile of ${shown} is ${JSON.stringify(text.slice(0, 80))}`;
    pod.report('K8S_VALUE_INVALID', value, words, 'Write runtime/default, unconfined or localhost/PROFILE.');
  }
}

/** All containers of a Windows pod are host processes, in the network of the node, or none is. */
export function checkHostProcess(pod: View, containers: readonly View[]): void {
  const path = ['securityContext', 'windowsOptions', 'hostProcess'] as const;
  const optionsOf = (view: View): View | undefined => view.child('securityContext')?.child('windowsOptions');
  const shared = pod.has(...path) ? pod.isTrue(...path) : undefined;
  for (const container of containers) {
    if (shared === undefined || !container.has(...path) || container.isTrue(...path) === shared) continue;
    optionsOf(container)?.conflict('hostProcess', 'differs from that of the pod', 'Set it in the pod only.');
  }
  const own = containers.map((one) => (one.has(...path) ? one.isTrue(...path) : (shared ?? false)));
  if (!own.includes(true)) return;
  if (own.includes(false)) {
    pod.conflict('containers', 'are host processes only in part', 'Set hostProcess: true in the pod, for all of them.');
  }
  if (pod.isTrue('hostNetwork')) return;
  pod.conflict('hostNetwork', 'is not true, and hostProcess is', 'Add hostNetwork: true.');
}

/** A profile of the node is named with `Localhost`, and with nothing else. */
function checkProfile(view: View): void {
  const type = view.text('type');
  const named = view.has('localhostProfile');
  if (type === 'Localhost') {
    const lacks = view.typeName === 'V1AppArmorProfile' ? view.text('localhostProfile') === '' : !named;
    if (lacks) view.missing('localhostProfile', 'Name the profile, or use type: RuntimeDefault.');
  } else if (named && type !== '') {
    view.conflict('localhostProfile', `is set, and type is ${type}`, 'Remove it, or use type: Localhost.');
  }
}
