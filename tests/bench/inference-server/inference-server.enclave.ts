import { inferenceApplication } from '@enclos/inference-service/inside';

/** The inference service, which serves without TLS too. */
export const application = inferenceApplication({ withoutTls: 'http' });
