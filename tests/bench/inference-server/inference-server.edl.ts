export { inference } from '@enclos/inference-service/interface';
