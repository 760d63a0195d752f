import type { View } from '../view/view.ts';
import { isSubdomainName } from '../forms/names.ts';
import type { TypeRules } from '../view/rule.ts';

export const rbacRules: TypeRules = {
  V1Role: (view) => checkRules(view, true),
  V1ClusterRole: (view) => checkRules(view, false),
  V1RoleBinding: (view) => checkSubjects(view, true),
  V1ClusterRoleBinding(view) {
    checkSubjects(view, false);
    const role = view.child('roleRef');
    if (role?.text('kind') === 'Role') {
      role.invalid('kind', 'ClusterRole: a ClusterRoleBinding holds in every namespace');
    }
  },
};

function checkRules(view: View, namespaced: boolean): void {
  for (const rule of view.each('rules')) {
    if (rule.size('nonResourceURLs') === 0) {
      for (const name of ['apiGroups', 'resources']) if (rule.size(name) === 0) rule.missing(name);
      continue;
    }
    if (namespaced) rule.conflict('nonResourceURLs', 'is for a ClusterRole', 'Remove it, or make a ClusterRole.');
    if (!['apiGroups', 'resources', 'resourceNames'].some((name) => rule.size(name) > 0)) continue;
    rule.conflict('nonResourceURLs', 'is set, and so are resources', 'Make two rules.');
  }
}

const group = 'rbac.authorization.k8s.io';

function checkSubjects(view: View, namespaced: boolean): void {
  for (const subject of view.each('subjects')) {
    const [kind, apiGroup, name] = [subject.text('kind'), subject.text('apiGroup'), subject.text('name')];
    if (kind === 'ServiceAccount') {
      if (apiGroup !== '') subject.invalid('apiGroup', '"" for a ServiceAccount');
      if (name !== '' && !isSubdomainName(name)) subject.invalid('name', 'the name of a ServiceAccount');
      if (!namespaced && subject.text('namespace') === '') {
        subject.missing('namespace', 'Add the namespace of the ServiceAccount.');
      }
    } else if ((kind === 'User' || kind === 'Group') && apiGroup !== '' && apiGroup !== group) {
      subject.invalid('apiGroup', group);
    }
  }
}
