import type { QuoteVerdict, SnpVerdict, TpmFacts } from '@enclos/attestation';
import { isDebugVerdict } from '@enclos/attestation/explain';
import { code, element, foreign, type Child } from '../dom.ts';
import type { HardwareVerdict, MachineVerdict, Verdict } from '../outcome.ts';
import { mark } from './mark.ts';
import { facts, section, table } from './section.ts';

const noDebug = 'no: its memory is closed to debuggers';

/** The identity in the evidence: what a policy is about. */
export function identityView(verdict: Verdict): readonly HTMLElement[] {
  if (verdict.tee !== 'azure-vtpm') return [section('identity', 'What it is', facts(hardwareFacts(verdict)))];
  return [
    section('identity', 'What it is', facts(machineFacts(verdict))),
    section('booted', 'What was booted', ...pcrView(verdict.tpm)),
    section(
      'hardware',
      'The hardware below',
      element('p', {}, 'This is about the paravisor, which Azure puts below every such machine.'),
      facts(hardwareFacts(verdict.hardware)),
    ),
  ];
}

function hardwareFacts(verdict: HardwareVerdict): Pairs {
  return verdict.tee === 'sev-snp' ? snpFacts(verdict) : quoteFacts(verdict);
}

function machineFacts({ vmConfiguration, userData, attestationKey, tpm }: MachineVerdict): Pairs {
  const { secureBoot, consoleEnabled, vmUniqueId } = vmConfiguration;
  return [
    ['kind', 'Azure confidential VM, by its vTPM'],
    ['machine', vmUniqueId === undefined ? 'not said' : code(vmUniqueId)],
    ['secure boot', secureBoot === true ? 'yes' : mark('attention', secureBoot === false ? 'no' : 'not said')],
    [
      'serial console',
      consoleEnabled === false ? 'no' : mark('attention', consoleEnabled === true ? 'yes' : 'not said'),
    ],
    ['nonce', tpm.qualifyingData === '' ? 'none' : code(tpm.qualifyingData)],
    ['user data', /^0*$/.test(userData) ? 'none' : code(userData)],
    ['attestation key, SHA-256', code(attestationKey)],
    ['restarts', `${tpm.resetCount} resets, ${tpm.restartCount} restarts since`],
  ];
}

/** By the TCG PC Client Platform Firmware Profile, and systemd. */
const pcrUses: Readonly<Record<number, string>> = {
  0: 'firmware',
  1: 'configuration of the firmware',
  2: 'drivers',
  3: 'configuration of drivers',
  4: 'boot loader and kernel',
  5: 'partition table, boot configuration',
  6: 'platform events',
  7: 'secure boot: its state and its keys',
  8: 'command line, by GRUB',
  9: 'kernel and initrd, by the loader',
  10: 'files, by IMA',
  11: 'unified kernel image',
  12: 'command line and credentials, by systemd',
  14: 'keys of shim',
};

/** Nothing was measured into a PCR of zeros or of ones. */
function pcrView({ pcrs }: TpmFacts): readonly HTMLElement[] {
  const all = Object.entries(pcrs).map(([number, value]) => ({ number: Number(number), value }));
  const unused = all.filter(({ value }) => /^(?:0+|f+)$/.test(value));
  const rows = all
    .filter((pcr) => !unused.includes(pcr))
    .map(({ number, value }) => [
      String(number),
      element('div', {}, code(value), element('span', { class: 'meaning' }, pcrUses[number] ?? '')),
    ]);
  return [
    element(
      'p',
      {},
      'What the TPM quoted of its SHA-256 bank. What you built shows in these values: compare them with yours.',
    ),
    table('PCRs', ['PCR', 'Value, and what goes there by convention'], rows),
    ...(unused.length === 0
      ? []
      : [
          element(
            'p',
            { class: 'hint' },
            `Nothing was measured into PCR ${unused.map(({ number }) => number).join(', ')}.`,
          ),
        ]),
  ];
}

type Pairs = readonly (readonly [string, Child])[];

function debugFact(verdict: HardwareVerdict): Child {
  return isDebugVerdict(verdict) ? mark('attention', 'yes: it keeps no secrets') : noDebug;
}

function quoteFacts(verdict: QuoteVerdict): Pairs {
  return [
    ...measurements(verdict),
    ['debug', debugFact(verdict)],
    ['report data', code(verdict.report.reportData)],
    ['root', verdict.root.kind === 'intel' ? 'Intel SGX Root CA' : 'the root of a software platform'],
    ['root fingerprint', code(verdict.root.fingerprint)],
    ['platform family (FMSPC)', code(verdict.fmspc)],
  ];
}

function snpFacts(verdict: SnpVerdict): Pairs {
  const { report, product, signingKey, root, chipIdHidden } = verdict;
  const signer =
    signingKey.kind === 'VCEK'
      ? 'VCEK: a key of the chip'
      : ['VLEK: a key of the provider ', foreign(signingKey.cspId)];
  return [
    ['kind', `SEV-SNP guest on ${product}, report version ${report.version}`],
    ['measurement', code(report.measurement)],
    ['guest security version', String(report.guestSvn)],
    ['privilege level (VMPL)', String(report.vmpl)],
    ['debug', debugFact(verdict)],
    ['report data', code(report.reportData)],
    ['host data', code(report.hostData)],
    ['identity key digest', code(report.idKeyDigest)],
    ['chip', chipIdHidden ? 'not said' : code(report.chipId)],
    ['signed by', typeof signer === 'string' ? signer : element('span', {}, ...signer)],
    ['root', `AMD, ARK-${root.product}`],
    ['root fingerprint', code(root.fingerprint)],
  ];
}

function measurements(verdict: QuoteVerdict): Pairs {
  if (verdict.tee === 'sgx') {
    const { mrEnclave, mrSigner, isvProdId, isvSvn } = verdict.report;
    return [
      ['kind', `SGX enclave, quote version ${verdict.quoteVersion}`],
      ['MRENCLAVE', code(mrEnclave)],
      ['MRSIGNER', code(mrSigner)],
      ['product', String(isvProdId)],
      ['security version', String(isvSvn)],
    ];
  }
  const { mrTd, mrSeam, rtmr0, rtmr1, rtmr2, rtmr3, mrServiceTd } = verdict.report;
  return [
    ['kind', `TDX trust domain (${verdict.bodyType}), quote version ${verdict.quoteVersion}`],
    ['MRTD', code(mrTd)],
    ['RTMR0', code(rtmr0)],
    ['RTMR1', code(rtmr1)],
    ['RTMR2', code(rtmr2)],
    ['RTMR3', code(rtmr3)],
    ['MRSEAM', code(mrSeam)],
    ...(mrServiceTd === undefined ? [] : [['MRSERVICETD', code(mrServiceTd)] as const]),
  ];
}
