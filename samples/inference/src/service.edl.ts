/** The interface of the inference service, for a project that has other models. */
export { inference } from '@enclos/inference-service/edl';
