import type { TextItem, View } from '../view/view.ts';
import { amountOf } from './resources.ts';
import { checkLabelName, checkUnique, keysIn, type TypeRules } from '../view/rule.ts';

export const volumeRules: TypeRules = {
  V1Volume: (view) => checkLabelName(view, 'a volume'),
  V1EmptyDirVolumeSource(view) {
    const size = amountOf(view, 'sizeLimit');
    if (size !== undefined && size.numerator < 0n) view.invalid('sizeLimit', 'at least 0');
  },
  V1ProjectedVolumeSource(view) {
    const paths = view.each('sources').flatMap(projectedPaths);
    checkUnique(view, paths, (key) => `two files of ${view.path} have the path ${JSON.stringify(key.slice(0, 100))}`);
  },
  V1ISCSIVolumeSource: checkIscsi,
  V1ISCSIPersistentVolumeSource: checkIscsi,
  V1FlexVolumeSource: checkFlexOptions,
  V1FlexPersistentVolumeSource: checkFlexOptions,
  V1AzureDiskVolumeSource(view) {
    const [kind, uri] = [view.text('kind'), view.text('diskURI')];
    const start = kind === 'Managed' ? '/subscriptions/' : 'https://';
    if (kind !== '' && uri !== '' && !uri.startsWith(start)) view.invalid('diskURI', `one that begins with ${start}`);
  },
  V1FCVolumeSource(view) {
    if (view.size('targetWWNs') > 0 && !view.has('lun')) view.missing('lun', 'Add lun: targetWWNs need it.');
  },
  V1CSIVolumeSource(view) {
    const secret = view.child('nodePublishSecretRef');
    if (secret !== undefined && secret.text('name') === '') secret.missing('name');
  },
  V1CSIPersistentVolumeSource(view) {
    for (const name of secretsOfDrivers) {
      const secret = view.child(name);
      if (secret === undefined) continue;
      for (const field of ['name', 'namespace']) if (secret.text(field) === '') secret.missing(field);
    }
  },
  V1CinderVolumeSource(view) {
    const secret = view.child('secretRef');
    if (secret !== undefined && secret.text('name') === '') secret.missing('name');
  },
};

const secretsOfDrivers = [
  'controllerPublishSecretRef',
  'controllerExpandSecretRef',
  'nodePublishSecretRef',
  'nodeExpandSecretRef',
];

function projectedPaths(source: View): readonly TextItem[] {
  const files = ['secret', 'configMap', 'downwardAPI'].flatMap((kind) => source.child(kind)?.each('items') ?? []);
  return keysIn(files, 'path');
}

/** Names of initiators and targets: RFC 3720, section 3.2.6.3. */
const iscsiName = /^(?:iqn\.\d{4}-\d{2}\.[A-Za-z0-9\-.]+(?::[^,;*&$|\s]+)?|eui.[A-Za-z0-9]{16}|naa.[A-Za-z0-9]{32})$/;

function checkIscsi(view: View): void {
  for (const field of ['iqn', 'initiatorName']) {
    const name = view.text(field);
    if (name !== '' && (name.length > 512 || !iscsiName.test(name))) {
      view.invalid(field, 'a name that begins with iqn., eui. or naa.');
    }
  }
  if (!view.isTrue('chapAuthDiscovery') && !view.isTrue('chapAuthSession')) return;
  if (!view.has('secretRef')) view.missing('secretRef', 'Add secretRef: CHAP needs it.');
}

function checkFlexOptions(view: View): void {
  for (const [name, { key }] of view.entries('options')) {
    if (!/(?:^|\.)(?:kubernetes|k8s)\.io(?:\/|$)/i.test(name)) continue;
    view.report(
      'K8S_VALUE_INVALID',
      key,
      `${view.path} has the option ${JSON.stringify(name.slice(0, 80))}, whose domain is reserved`,
    );
  }
}
