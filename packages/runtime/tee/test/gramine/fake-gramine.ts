import { utf8 } from '@enclos/codec';
import { encodeQuoteV3, encodeReport, parseTargetInfo, type ReportBody } from '@enclos/sgx';
import { fakeFiles, type FakeNode } from '../fake-files.ts';

export const ownBody: ReportBody = {
  cpuSvn: new Uint8Array(16).fill(9),
  miscSelect: 0,
  isvExtProdId: new Uint8Array(16),
  attributes: { flags: 5n, xfrm: 7n },
  mrEnclave: new Uint8Array(32).fill(0xaa),
  mrSigner: new Uint8Array(32).fill(0xbb),
  configId: new Uint8Array(64),
  isvProdId: 3,
  isvSvn: 4,
  configSvn: 0,
  isvFamilyId: new Uint8Array(16),
  reportData: new Uint8Array(64),
};

export function quoteOver(body: ReportBody): Uint8Array {
  return encodeQuoteV3({
    qeSvn: 1,
    pceSvn: 1,
    qeVendorId: new Uint8Array(16),
    userData: new Uint8Array(20),
    reportBody: body,
    signature: {
      isvSignature: new Uint8Array(64),
      attestationKey: new Uint8Array(64),
      qeReport: ownBody,
      qeReportSignature: new Uint8Array(64),
      qeAuthData: new Uint8Array(32),
      certificationDataType: 5,
      certificationData: utf8('-----BEGIN'),
    },
  });
}

export interface FakeGramineOptions {
  readonly attestationType?: string;
  readonly quote?: (reportData: Uint8Array) => Uint8Array;
  readonly report?: (reportData: Uint8Array) => Uint8Array;
  readonly keys?: Readonly<Record<string, Uint8Array>>;
  /** How much one write takes. */
  readonly writeBytes?: number;
  /** Runs before report and quote are made: another thread of the process. */
  readonly meanwhile?: (write: (reportData: Uint8Array) => void) => void;
  readonly readBytes?: number;
}

/**
 * `/dev/attestation` as `libos/src/fs/dev/attestation.c` and `libos_fs_pseudo.c` have it: each write replaces the whole
 * value and pads it with zeros; content is made when a file is opened; without remote attestation there is no `quote`.
 */
export function fakeGramine(options: FakeGramineOptions = {}): ReturnType<typeof fakeFiles> {
  const { attestationType = 'dcap', keys = {}, writeBytes = Number.POSITIVE_INFINITY } = options;
  const held = { user_report_data: new Uint8Array(64), target_info: new Uint8Array(512) };
  const value = (name: keyof typeof held): FakeNode => ({
    load: () => new Uint8Array(),
    when: 'open',
    store(bytes) {
      const taken = bytes.subarray(0, writeBytes);
      held[name].fill(0);
      held[name].set(taken.subarray(0, held[name].length));
      return taken.length;
    },
  });
  const made = (make: (reportData: Uint8Array) => Uint8Array): FakeNode => ({
    when: 'open',
    load() {
      options.meanwhile?.((bytes) => held.user_report_data.set(bytes));
      return make(held.user_report_data.slice());
    },
  });
  const report = (reportData: Uint8Array): Uint8Array => {
    parseTargetInfo(held.target_info);
    return encodeReport({ body: { ...ownBody, reportData }, keyId: new Uint8Array(32), mac: new Uint8Array(16) });
  };
  const nodes: Readonly<Record<string, FakeNode | undefined>> = {
    user_report_data: value('user_report_data'),
    target_info: value('target_info'),
    my_target_info: { when: 'open', load: () => new Uint8Array(512) },
    report: made(options.report ?? report),
    quote:
      attestationType === 'none'
        ? undefined
        : made(options.quote ?? ((reportData) => quoteOver({ ...ownBody, reportData }))),
    attestation_type: { when: 'open', load: () => utf8(attestationType) },
  };
  return fakeFiles({
    readBytes: options.readBytes ?? 100,
    node(path) {
      const [, name = ''] = /^\/dev\/attestation\/(.*)$/.exec(path) ?? [];
      const key = Object.entries(keys).find(([known]) => name === `keys/${known}`);
      if (key !== undefined) return { when: 'open', load: () => key[1] };
      return Object.hasOwn(nodes, name) ? nodes[name] : undefined;
    },
  });
}
