import { AMD_GENOA_ROOT, AMD_MILAN_ROOT, AMD_TURIN_ROOT, type SnpRoot } from '@enclos/attestation';

/** The roots of AMD for all products. */
export const amdRoots: readonly SnpRoot[] = Object.freeze([AMD_MILAN_ROOT, AMD_GENOA_ROOT, AMD_TURIN_ROOT]);
