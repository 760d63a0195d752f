/** Features by the names that Linux has for them in /proc/cpuinfo, at their bits (SDM vol. 2A, CPUID; APM vol. 3, appendix E). A dash has none. */
type FeatureBits = readonly string[];

function bits(text: string): FeatureBits {
  return text.trim().split(/\s+/);
}

export const leaf1Ecx = bits(`
  pni pclmulqdq dtes64 monitor ds_cpl vmx smx est tm2 ssse3 cid sdbg fma cx16 xtpr pdcm
  - pcid dca sse4_1 sse4_2 x2apic movbe popcnt tsc_deadline_timer aes xsave xsave avx f16c rdrand hypervisor`);

export const leaf1Edx = bits(`
  fpu vme de pse tsc msr pae mce cx8 apic - sep mtrr pge mca cmov
  pat pse36 pn clflush - dts acpi mmx fxsr sse sse2 ss ht tm ia64 pbe`);

export const leaf7Ebx = bits(`
  fsgsbase tsc_adjust sgx bmi1 hle avx2 - smep bmi2 erms invpcid rtm cqm - mpx rdt_a
  avx512f avx512dq rdseed adx smap avx512ifma - clflushopt clwb intel_pt avx512pf avx512er avx512cd sha_ni avx512bw avx512vl`);

export const leaf7Ecx = bits(`
  - avx512vbmi umip pku ospke waitpkg avx512_vbmi2 - gfni vaes vpclmulqdq avx512_vnni avx512_bitalg tme avx512_vpopcntdq -
  la57 - - - - - rdpid - - cldemote - movdiri movdir64b enqcmd - -`);

export const leaf7Edx = bits(`
  - - avx512_4vnniw avx512_4fmaps fsrm - - - avx512_vp2intersect - md_clear - - - serialize -
  tsxldtrk - pconfig arch_lbr ibt - amx_bf16 avx512_fp16 amx_tile amx_int8 - - - arch_capabilities - -`);

export const extendedEcx = bits(`
  lahf_lm cmp_legacy svm extapic cr8_legacy abm sse4a misalignsse 3dnowprefetch osvw ibs xop skinit wdt - lwp
  fma4 tce - nodeid_msr - tbm topoext perfctr_core perfctr_nb - bpext ptsc perfctr_llc mwaitx - -`);

export const extendedEdx = bits(`
  - - - - - - - - - - - syscall - - - -
  - - - - nx - mmxext - - fxsr_opt pdpe1gb rdtscp - lm 3dnowext 3dnow`);

/** A register with the bits of the features that are there. */
export function registerOf(features: ReadonlySet<string>, names: FeatureBits): number {
  return names.reduce((register, name, bit) => (features.has(name) ? (register | (1 << bit)) >>> 0 : register), 0);
}
