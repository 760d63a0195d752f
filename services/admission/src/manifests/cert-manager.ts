import type { CustomObject, NamedObject } from '@enclos/kubernetes/manifests';
import { labelsOf, serviceName, type ManifestOptions } from './options.ts';

const apiVersion = 'cert-manager.io/v1';
const privateKey = { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' };

/** cert-manager puts the authority of this Certificate into caBundle. */
export function injectionOf({ name, namespace }: ManifestOptions): Record<string, string> {
  return { 'cert-manager.io/inject-ca-from': `${namespace}/${name}` };
}

/** An authority of the webhook's own, and its serving certificate: cert-manager makes and renews both. */
export function certificateObjects(options: ManifestOptions): readonly NamedObject[] {
  const { name, namespace, secretName } = options;
  const labels = labelsOf(options);
  const metadata = (suffix: string) => ({ name: `${name}${suffix}`, namespace, labels });
  const issuerRef = (suffix: string) => ({ group: 'cert-manager.io', kind: 'Issuer', name: `${name}${suffix}` });
  const authority: CustomObject = {
    apiVersion,
    kind: 'Certificate',
    metadata: metadata('-authority'),
    spec: {
      isCA: true,
      commonName: `${name}-authority`,
      secretName: `${name}-authority`,
      duration: '43800h',
      renewBefore: '8760h',
      privateKey,
      issuerRef: issuerRef('-self-signed'),
    },
  };
  const serving: CustomObject = {
    apiVersion,
    kind: 'Certificate',
    metadata: metadata(''),
    spec: {
      secretName,
      dnsNames: [serviceName(options), `${serviceName(options)}.cluster.local`],
      usages: ['server auth'],
      duration: '2160h',
      renewBefore: '720h',
      privateKey,
      issuerRef: issuerRef(''),
    },
  };
  const issuer = (suffix: string, spec: object): CustomObject => {
    return { apiVersion, kind: 'Issuer', metadata: metadata(suffix), spec };
  };
  return [
    ['issuer-self-signed.yaml', issuer('-self-signed', { selfSigned: {} })],
    ['certificate-authority.yaml', authority],
    ['issuer.yaml', issuer('', { ca: { secretName: `${name}-authority` } })],
    ['certificate.yaml', serving],
  ];
}
