import { X509Certificate } from 'node:crypto';

import { Attribute, parseQuoteV3, type QuoteV3, type ReportBody } from '@enclos/sgx';

import { attributesNode, byteCount, group, hexNode, node, type InspectNode, type InspectReport } from './report.ts';

const PCK_CHAIN = 5;
const maxCertificates = 8;

function bodyNodes(body: ReportBody): readonly InspectNode[] {
  const debug = (body.attributes.flags & Attribute.DEBUG) !== 0n;
  return [
    hexNode('MRENCLAVE', body.mrEnclave),
    hexNode('MRSIGNER', body.mrSigner),
    node('product id', body.isvProdId),
    node('security version', body.isvSvn),
    attributesNode('attributes', body.attributes, debug ? 'a debug enclave keeps no secrets' : undefined),
    node('MISCSELECT', `0x${body.miscSelect.toString(16)}`),
    hexNode('CPUSVN', body.cpuSvn),
    hexNode('family id', body.isvFamilyId),
    hexNode('extended product id', body.isvExtProdId),
    hexNode('CONFIGID', body.configId),
    node('CONFIGSVN', body.configSvn),
    hexNode('report data', body.reportData),
  ];
}

function certificateNode(pem: string): InspectNode {
  try {
    const { subject, issuer, validFrom, validTo } = new X509Certificate(pem);
    const oneLine = (name: string): string => name.split('\n').join(', ');
    return group(oneLine(subject), [
      node('issuer', oneLine(issuer)),
      node('valid from', validFrom),
      node('valid to', validTo),
    ]);
  } catch {
    return node('certificate', 'cannot be read');
  }
}

function certificationNode({ signature }: QuoteV3): InspectNode {
  const { certificationDataType, certificationData } = signature;
  const size = byteCount(certificationData.length);
  if (certificationDataType !== PCK_CHAIN) return node('certification data', `type ${certificationDataType}`, size);
  const text = new TextDecoder().decode(certificationData);
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return group('PCK certificate chain', blocks.slice(0, maxCertificates).map(certificateNode), size);
}

/** @throws SGX_QUOTE_INVALID */
export function inspectQuote(bytes: Uint8Array): InspectReport {
  const quote = parseQuoteV3(bytes, { allowTrailing: true });
  const { signature } = quote;
  const used = 436 + new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(432, true);
  return Object.freeze({
    kind: 'quote',
    title: 'SGX quote, version 3',
    nodes: [
      node('verified', 'no', 'this shows what the quote claims; `enclos verify` checks it to a root'),
      group('enclave', bodyNodes(quote.reportBody)),
      group('quoting enclave', [
        node('QE SVN', quote.qeSvn),
        node('PCE SVN', quote.pceSvn),
        hexNode('QE vendor', quote.qeVendorId),
        hexNode('user data', quote.userData),
        hexNode('attestation key', signature.attestationKey, 'ECDSA P-256'),
        group('QE report', bodyNodes(signature.qeReport)),
        node('authentication data', byteCount(signature.qeAuthData.length)),
      ]),
      certificationNode(quote),
      ...(used < bytes.length ? [node('after the quote', byteCount(bytes.length - used), 'not part of it')] : []),
    ],
  });
}
