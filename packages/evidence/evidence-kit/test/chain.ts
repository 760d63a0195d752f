import { CommonName, keyRing, sgxExtension, standardExtensions, type CertificateSpec } from '../src/index.ts';

const ring = keyRing('evidence-kit chain test');
export const rootKey = ring.key('root');
export const caKey = ring.key('ca');
export const leafKey = ring.key('leaf');

const dates = { notBefore: new Date('2025-01-01T00:00:00Z'), notAfter: new Date('2051-01-01T00:00:00Z') };
const crlUrl = 'https://crl.invalid/root.crl';

/** A good certificate of one role, for tests to change. */
export function specOf(role: 'root' | 'ca' | 'leaf'): CertificateSpec {
  const roles = {
    root: { subject: CommonName.root, issuer: CommonName.root, key: rootKey, issuerKey: rootKey, pathLength: 1 },
    ca: { subject: CommonName.platformCa, issuer: CommonName.root, key: caKey, issuerKey: rootKey, pathLength: 0 },
    leaf: {
      subject: CommonName.pck,
      issuer: CommonName.platformCa,
      key: leafKey,
      issuerKey: caKey,
      pathLength: undefined,
    },
  };
  const { pathLength, ...names } = roles[role];
  const { key, issuerKey } = names;
  const standard = standardExtensions({ key, issuerKey, crlUrl, pathLength });
  return {
    version: 3,
    serialNumber: Uint8Array.of(0, 0x80, { root: 1, ca: 2, leaf: 3 }[role]),
    ...names,
    ...dates,
    extensions: role === 'leaf' ? [...standard, sgxExtension(identity)] : standard,
  };
}

export const identity = {
  ppid: ring.bytes('ppid', 16),
  components: Array.from({ length: 16 }, (_, index) => index * 17),
  pceSvn: 0x8001,
  cpuSvn: ring.bytes('cpusvn', 16),
  pceId: Uint8Array.of(0, 1),
  fmspc: Uint8Array.of(0, 0x90, 0x6e, 0xd5, 0, 0),
  sgxType: 1,
  platformInstanceId: ring.bytes('instance', 16),
  configuration: { dynamicPlatform: true, cachedKeys: false, smtEnabled: true },
};
