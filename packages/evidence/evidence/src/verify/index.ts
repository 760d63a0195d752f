/** `@enclos/evidence/verify`: the way of each form of evidence through the verifier. */
export { snpCollateralOf } from './snp-collateral.ts';
export { stepListOf, stepsOf, type VerifyStep } from './step-list.ts';
export { hardwareOf, subjectOf, tdQuoteOf, type HardwareEvidence, type Subject } from './subject.ts';
