import type { BaseChoice } from '@enclos/image';
import type { ImageBuildOutcome } from './build-image.ts';

type ImageFacts = Pick<ImageBuildOutcome, 'passed' | 'isPrivate'> & {
  readonly identity: Pick<ImageBuildOutcome['identity'], 'debug' | 'modeIsOpen'>;
};

/** What may surprise the one who starts an image. */
export function imageWarnings({ identity, passed, isPrivate }: ImageFacts, base: BaseChoice): readonly string[] {
  const warnings: string[] = [];
  if (identity.debug) warnings.push('a debug enclave: anyone who starts it can read everything inside');
  else if (identity.modeIsOpen) {
    warnings.push('its signature lets the host start it in debug mode, and so read everything inside');
  }
  if (base !== 'node') return warnings;
  const wants = [
    ...(passed.length > 0 ? [`enclave wants connections passed (${passed.join(', ')})`] : []),
    ...(isPrivate ? ['program wants a private network'] : []),
  ];
  const lack = 'and the base node has no util-linux: without ENCLOS_PLATFORM it does not start';
  return [...warnings, ...wants.map((want) => `its ${want}, ${lack}`)];
}
