export { inference } from '@enclos/inference-service/edl';
