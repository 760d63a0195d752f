import './errors.ts';
export { egoExecutable } from './config/config.ts';
export { egoRun, type EgoRunEvents, type EgoRunOptions } from './running/run.ts';
export { egoImage } from './signed/image-place.ts';
export { egoBundle } from './signed/bundle.ts';
export { signerId, uniqueId } from './signed/identity.ts';
export { egoSign, type EgoSignOptions, type EgoSignOutcome } from './signed/sign.ts';
