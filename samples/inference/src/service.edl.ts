/** The interface of the inference service, for a project with models of its own. */
export { inference } from '@enclos/inference-service/edl';
