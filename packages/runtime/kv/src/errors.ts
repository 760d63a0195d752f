import { declareErrors } from '@enclos/errors';

export const kvErrors = declareErrors({
  KV_CONFLICT: [
    'transient',
    'A transaction could not be committed: others kept changing what it had read.',
    'Send the request again after a moment.',
  ],
});
