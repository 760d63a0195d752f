import type { View } from '../view/view.ts';
import type { TypeRules } from '../view/rule.ts';

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
