/**
 * A report of SEV-SNP field by field, as the crate `sev` serialises it and the attester `snp` of Confidential Containers
 * sends it. Read off the bytes by offset (AMD 56860, ATTESTATION_REPORT).
 */
export function snpReportJson(report: Uint8Array): Readonly<Record<string, unknown>> {
  const view = new DataView(report.buffer, report.byteOffset, report.byteLength);
  const list = (at: number, size: number): readonly number[] => [...report.subarray(at, at + size)];
  const wide = (at: number): number => Number(view.getBigUint64(at, true));
  const version = view.getUint32(0, true);
  const isTurin = version > 2 && report[0x188] === 0x1a;
  const tcb = (at: number): object => {
    const [a, b, c, d, , , snp, microcode] = list(at, 8);
    return isTurin
      ? { fmc: a, bootloader: b, tee: c, snp: d, microcode }
      : { fmc: null, bootloader: a, tee: b, snp, microcode };
  };
  const firmware = (at: number): object => {
    const [build, minor, major] = list(at, 3);
    return { major, minor, build };
  };
  const cpuid = (at: number): number | null => (version > 2 ? (report[at] ?? 0) : null);
  return {
    version,
    guest_svn: view.getUint32(4, true),
    policy: wide(8),
    family_id: list(0x10, 16),
    image_id: list(0x20, 16),
    vmpl: view.getUint32(0x30, true),
    sig_algo: view.getUint32(0x34, true),
    current_tcb: tcb(0x38),
    plat_info: wide(0x40),
    key_info: view.getUint32(0x48, true),
    report_data: list(0x50, 64),
    measurement: list(0x90, 48),
    host_data: list(0xc0, 32),
    id_key_digest: list(0xe0, 48),
    author_key_digest: list(0x110, 48),
    report_id: list(0x140, 32),
    report_id_ma: list(0x160, 32),
    reported_tcb: tcb(0x180),
    cpuid_fam_id: cpuid(0x188),
    cpuid_mod_id: cpuid(0x189),
    cpuid_step: cpuid(0x18a),
    chip_id: list(0x1a0, 64),
    committed_tcb: tcb(0x1e0),
    current: firmware(0x1e8),
    committed: firmware(0x1ec),
    launch_tcb: tcb(0x1f0),
    ...(version >= 5 ? { launch_mit_vector: wide(0x1f8), current_mit_vector: wide(0x200) } : {}),
    signature: { r: list(0x2a0, 72), s: list(0x2e8, 72) },
  };
}
