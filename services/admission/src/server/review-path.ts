/** Where the webhook configuration sends reviews. */
export const reviewPath = '/mutate';
