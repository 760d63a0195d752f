import type { View } from '../view/view.ts';
import { isSubdomainName } from '../forms/names.ts';
import { checkAmounts } from './resources.ts';
import { checkLabelName, checkUnique, forbid, keysIn, type TypeRules } from '../view/rule.ts';

export const storageRules: TypeRules = {
  V1PersistentVolumeClaimSpec(view) {
    checkAccessModes(view);
    if (!view.has('resources')) {
      view.missing('resources', 'Say how much is wanted: resources: {requests: {storage: 1Gi}}.');
    }
    checkSources(view);
  },
  V1PersistentVolumeSpec(view) {
    checkAccessModes(view);
    checkCapacity(view);
    const sources = [...view.node.fields.keys()].filter((name) => volumeSources.has(name) && view.has(name));
    const [first, second] = sources;
    const inline = view.parent?.typeName === 'V1VolumeAttachmentSource';
    if (first === undefined) {
      view.report('K8S_ONE_OF', view.span, `${view.path} has no source`, 'Write one, such as csi or hostPath.');
    } else if (second !== undefined) {
      view.report('K8S_ONE_OF', view.spanOf(second), `${view.path} has ${first} and ${second}`);
    }
    if (view.has('local') && !view.has('nodeAffinity')) {
      view.missing('nodeAffinity', 'Add it: a local volume is on one node.');
    }
    if (!inline && view.text('hostPath', 'path') === '/' && view.text('persistentVolumeReclaimPolicy') === 'Recycle') {
      view.conflict('persistentVolumeReclaimPolicy', 'is Recycle for the path "/"', 'Use Retain.');
    }
  },
  V1PersistentVolumeClaimTemplate(view) {
    const metadata = view.child('metadata');
    if (metadata === undefined) return;
    const others = [...metadata.node.fields.keys()].filter((name) => name !== 'labels' && name !== 'annotations');
    forbid(metadata, others, 'cannot be set in a template of a claim');
  },
  V1VolumeAttributesClass(view) {
    if (view.size('parameters') === 0) view.missing('parameters');
  },
  V1StorageClass(view) {
    const terms = view.each('allowedTopologies').map((term) => ({ text: topologyKey(term), span: term.span, term }));
    for (const { term } of terms) {
      if (term.size('matchLabelExpressions') === 0) term.missing('matchLabelExpressions');
    }
    checkUnique(view, terms, () => 'two of allowedTopologies are the same');
    for (const [name, { key }] of view.entries('parameters')) {
      if (name === '') view.report('K8S_VALUE_INVALID', key, 'a parameter has an empty name');
    }
  },
  V1CSIDriverSpec(view) {
    checkUnique(
      view,
      view.each('tokenRequests').map((request) => ({ text: `"${request.text('audience')}"`, span: request.span })),
      (key) => `two token requests have the audience ${key.slice(0, 80)}`,
    );
  },
  V1TopologySelectorTerm(view) {
    checkUnique(
      view,
      keysIn(view.each('matchLabelExpressions'), 'key'),
      (key) => `${view.path} has the key "${key.slice(0, 80)}" twice`,
    );
  },
  V1TopologySelectorLabelRequirement(view) {
    checkUnique(view, view.texts('values'), (key) => `${view.path} has the value "${key.slice(0, 80)}" twice`);
  },
  V1CSINodeSpec(view) {
    checkUnique(view, keysIn(view.each('drivers'), 'name'), (key) => `two drivers are named "${key}"`);
  },
  V1CSINodeDriver(view) {
    checkUnique(
      view,
      view.texts('topologyKeys'),
      (key) => `${view.path} has the topology key "${key.slice(0, 80)}" twice`,
    );
    if (view.text('nodeID').length > 256) view.invalid('nodeID', 'at most 256 characters');
  },
};

/** Two terms are the same with the same keys and values, in whatever order. */
function topologyKey(term: View): string {
  const expressions = term.each('matchLabelExpressions').map((expression) => {
    const values = expression.texts('values').map(({ text }) => text);
    return JSON.stringify([expression.text('key'), ...values.toSorted()]);
  });
  return expressions.toSorted().join(' ');
}

const volumeSources = new Set(
  [
    'hostPath gcePersistentDisk awsElasticBlockStore glusterfs flocker nfs rbd quobyte cephfs iscsi cinder fc',
    'flexVolume azureFile vsphereVolume photonPersistentDisk portworxVolume azureDisk scaleIO local storageos csi',
  ].flatMap((line) => line.split(' ')),
);

function checkAccessModes(view: View): void {
  const modes = view.texts('accessModes');
  const alone = modes.filter(({ text }) => text === 'ReadWriteOncePod');
  if (alone.length === 0 || alone.length === modes.length) return;
  view.conflict('accessModes', 'has ReadWriteOncePod and another mode', 'ReadWriteOncePod stands alone.');
}

function checkCapacity(view: View): void {
  if (!view.has('capacity')) return;
  const amounts = checkAmounts(view, 'capacity', 'any');
  const storage = amounts.get('storage');
  if (storage === undefined || view.size('capacity') > 1) {
    return view.conflict('capacity', 'has other names than storage', 'Write capacity: {storage: 1Gi}.');
  }
  if (storage.quantity.numerator > 0n) return;
  view.report(
    'K8S_VALUE_INVALID',
    storage.value,
    `${view.path}.capacity["storage"] is ${storage.text}`,
    'More than 0.',
  );
}

/** The older field knows two kinds, and is dropped with another. The newer one is dropped with a namespace, by default. */
function checkSources(view: View): void {
  const [old, now] = [view.child('dataSource'), view.child('dataSourceRef')];
  const kind = [old?.text('apiGroup'), old?.text('kind')].join('/');
  const kept = kind === '/PersistentVolumeClaim' || kind === 'snapshot.storage.k8s.io/VolumeSnapshot';
  if (old !== undefined && kept && old.text('name') === '') old.missing('name');
  if (now === undefined || now.text('namespace') !== '') return;
  const group = now.text('apiGroup');
  if (group === '' && now.text('kind') !== 'PersistentVolumeClaim') {
    now.conflict('kind', 'needs apiGroup', 'Add apiGroup; only PersistentVolumeClaim has none.');
  }
  if (group !== '' && !isSubdomainName(group)) {
    now.invalid('apiGroup', 'the name of a group, such as snapshot.storage.k8s.io');
  }
  if (old === undefined || !kept) return;
  if (['apiGroup', 'kind', 'name'].every((name) => old.text(name) === now.text(name))) return;
  view.conflict('dataSource', 'and dataSourceRef differ', 'Keep dataSourceRef.');
}

/** Claims of a StatefulSet become volumes of its pods. */
export function checkClaimTemplates(view: View): void {
  for (const claim of view.each('volumeClaimTemplates')) {
    const metadata = claim.child('metadata');
    if (metadata !== undefined) checkLabelName(metadata, 'a volume');
  }
}
