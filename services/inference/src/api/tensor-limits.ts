import { defaultTensorLimits, type TensorLimits } from '@enclos/open-inference';
import type { ServiceConfiguration } from '../configuration.ts';

/** An element in a list costs what so many bytes of JSON cost, however short its text is. */
const bytesOfElement = 16;

/** What tensors in requests and answers may cost. */
export function tensorLimitsOf({ maxJsonBytes }: Pick<ServiceConfiguration, 'maxJsonBytes'>): TensorLimits {
  return { ...defaultTensorLimits, maxJsonBytes, maxListedElements: Math.ceil(maxJsonBytes / bytesOfElement) };
}
