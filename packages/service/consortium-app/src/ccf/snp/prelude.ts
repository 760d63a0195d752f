/**
 * `snp_attestation.verifySnpAttestation`. The host verifies; the fields are read here from the same bytes, by their places in the
 * report (SEV-SNP firmware ABI, ATTESTATION_REPORT). "plaform_info" is spelt as CCF spells it.
 */
export const snpPrelude = `
const byteAt = Numbers.prototype.getUint8;
const attestationOf = (report) => {
  const view = new Numbers(report);
  const word = (at) => apply(readUint32, view, [at, true]);
  const byte = (at) => apply(byteAt, view, [at]);
  const bit = (at, place) => (word(at) >>> place) & 1;
  const bytes = (at, length) => apply(sliceBuffer, report, [at, at + length]);
  const version = (at) => {
    let hex = '';
    for (let index = 7; index >= 0; index -= 1) {
      const value = byte(at + index);
      hex += '0123456789abcdef'[value >>> 4] + '0123456789abcdef'[value & 15];
    }
    return hex;
  };
  return {
    version: word(0), guest_svn: word(4),
    policy: {
      abi_minor: byte(8), abi_major: byte(9), smt: bit(8, 16), migrate_ma: bit(8, 18), debug: bit(8, 19),
      single_socket: bit(8, 20),
    },
    family_id: bytes(0x10, 16), image_id: bytes(0x20, 16), vmpl: word(0x30), signature_algo: word(0x34),
    platform_version: version(0x38), plaform_info: { smt_en: bit(0x40, 0), tsme_en: bit(0x40, 1) },
    flags: { author_key_en: bit(0x48, 0), mask_chip_key: bit(0x48, 1), signing_key: (word(0x48) >>> 2) & 7 },
    report_data: bytes(0x50, 64), measurement: bytes(0x90, 48), host_data: bytes(0xc0, 32),
    id_key_digest: bytes(0xe0, 48), author_key_digest: bytes(0x110, 48), report_id: bytes(0x140, 32),
    report_id_ma: bytes(0x160, 32), reported_tcb: version(0x180), cpuid_fam_id: byte(0x188),
    cpuid_mod_id: byte(0x189), cpuid_step: byte(0x18a), chip_id: bytes(0x1a0, 64), committed_tcb: version(0x1e0),
    current_build: byte(0x1e8), current_minor: byte(0x1e9), current_major: byte(0x1ea),
    committed_build: byte(0x1ec), committed_minor: byte(0x1ed), committed_major: byte(0x1ee),
    launch_tcb: version(0x1f0), signature: { r: bytes(0x2a0, 72), s: bytes(0x2e8, 72) },
  };
};
ccf.tcbHexToPolicy = function tcbHexToPolicy(cpuid, tcb) {
  count(arguments.length, 2, 2);
  return parse(host.snpTcbPolicy(textOf(cpuid), textOf(tcb)));
};
const snp_attestation = {
  verifySnpAttestation: function verifySnpAttestation(evidence, endorsements, uvmEndorsements, endorsedTcb) {
    count(arguments.length, 2, 4, 'between 2 and 4');
    const report = apply(sliceBuffer, needBuffer(evidence), [0]);
    needBuffer(endorsements);
    if (uvmEndorsements !== undefined) needBuffer(uvmEndorsements);
    const tcb = endorsedTcb === undefined ? undefined : textOf(endorsedTcb);
    const endorsed = host.snpVerify(report, endorsements, uvmEndorsements, tcb);
    const attestation = attestationOf(report);
    return endorsed === undefined ? { attestation } : { attestation, uvm_endorsements: parse(endorsed) };
  },
};
defineProperty(world, 'snp_attestation', { value: snp_attestation, writable: true, configurable: true, enumerable: true });
`;
